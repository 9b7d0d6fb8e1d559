/**
 * ARP and neighbour discovery: who asks in vain or waits too long, and who claims an address. What a pod's gateway 169.254.1.1 does
 * is told apart by the times of calico#8689, calico#3270 and felix#164 and by what else passes the same interface meanwhile.
 */
import { i32, u16, u8 } from '../read/bytes.ts';
import { macText, type AddressBook } from '../decode/address-book.ts';
import type { Packet } from '../decode/packet.ts';
import { Claims } from './claims.ts';
import type { Findings } from './findings.ts';
import { gatewaySilence, type Asked } from './gateway.ts';
import { span, type Words } from './words.ts';

/** 169.254.1.1, the gateway that Calico gives to every pod. */
const GATEWAY = (169 << 24) | (254 << 16) | (1 << 8) | 1;
/** Gaps from the first request to the first answer: healthy below 10 ms; proxy_delay up to 1.5 s; beyond it is late. */
const [SLOW, LATE] = [10e6, 1.5e9];
/** Pairs of asker and target that are remembered. */
const CAPACITY = 20_000;
/** The kernel asks three times, a second apart (mcast_solicit, retrans_time_ms), before it gives up. */
const TRIES = 3;
/** A neighbour that was just resolved is not asked for again before this. */
const FRESH = 1.2e9;

export class Neighbours {
  readonly #asked = new Map<string, Asked>();
  /** Askers without an answer from their gateway, by capture point and address: what else arrives for them tells causes apart. */
  readonly #waiting = new Map<number, Asked>();
  readonly #notTaken = new Map<number, number>();
  readonly #findings: Findings;
  readonly #claims: Claims;
  readonly #words: Words;
  readonly #addresses: AddressBook;

  constructor(findings: Findings, words: Words, addresses: AddressBook) {
    this.#findings = findings;
    this.#words = words;
    this.#addresses = addresses;
    this.#claims = new Claims(findings);
  }

  arp(packet: Packet, at: number): void {
    const { bytes } = packet;
    const [operation, sender, target] = [u16(bytes, at + 6), i32(bytes, at + 14), i32(bytes, at + 24)];
    const announcement = sender === target;
    if (sender !== 0) this.#claims.claim(packet, 4, this.#words.plain(4, sender), macText(bytes, at + 8), announcement, operation === 2);
    if (announcement || sender === 0) return;
    if (operation === 1) this.#ask(packet, 4, sender, target, this.#words.plain(4, sender), this.#words.plain(4, target));
    else if (operation === 2) this.#answer(packet, 4, target, sender, macText(bytes, at + 8));
  }

  /** Neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4). */
  icmp6(packet: Packet): void {
    const { bytes, at } = packet;
    const type = u8(bytes, at);
    if ((type !== 135 && type !== 136) || packet.captured - at < 24) return;
    const target = this.#words.plain(6, this.#addressOf(packet, at + 8));
    const source = this.#words.plain(6, packet.source);
    if (type === 135) {
      // Duplicate address detection asks from :: and hopes for silence.
      if (source !== '::') this.#ask(packet, 6, packet.source, this.#addressOf(packet, at + 8), source, target);
      return;
    }
    const option = packet.captured - at >= 32 && u8(bytes, at + 24) === 2 ? macText(bytes, at + 26) : undefined;
    if (option !== undefined) this.#claims.claim(packet, 6, target, option, (u8(bytes, at + 4) & 0x40) === 0, (u8(bytes, at + 4) & 0x40) !== 0);
    this.#answer(packet, 6, packet.destination, this.#addressOf(packet, at + 8), option ?? 'unknown');
  }

  #addressOf(packet: Packet, at: number): number {
    return this.#addresses.number(packet.bytes, at);
  }

  /** Any IP packet: whether something arrives for those who wait for their gateway. */
  ip(packet: Packet): void {
    if (this.#waiting.size === 0 || packet.family !== 4) return;
    const waiting = this.#waiting.get(packet.point * 2 ** 32 + (packet.destination >>> 0));
    if (waiting === undefined) return;
    waiting.arrived++;
    if (packet.protocol === 1 && packet.captured - packet.at >= 2 && u8(packet.bytes, packet.at) === 3 && u8(packet.bytes, packet.at + 1) === 0) waiting.noRoute++;
  }

  #ask(packet: Packet, family: 4 | 6, asker: number, target: number, askerText: string, targetText: string): void {
    const key = `${packet.point} ${packet.vlan} ${packet.vni} ${family} ${asker} ${target}`;
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      if (this.#asked.size >= CAPACITY) for (const [oldest, one] of this.#asked) {
        this.#judge(one);
        this.#asked.delete(oldest);
        break;
      }
      asked = { point: packet.point, family, asker: askerText, target: targetText, gateway: family === 4 && target === GATEWAY, first: packet.time, last: packet.time, frame: packet.frame, count: 0, answered: -Infinity, answers: 0, notTaken: 0, arrived: 0, noRoute: 0 };
      this.#asked.set(key, asked);
    }
    const broadcast = packet.ethernetAt < 0 || (u8(packet.bytes, packet.ethernetAt) & 1) !== 0;
    if (broadcast && packet.time - asked.answered < FRESH && packet.time - asked.answered > 1e5) {
      asked.notTaken++;
      this.#notTaken.set(packet.point, (this.#notTaken.get(packet.point) ?? 0) + 1);
      if (asked.notTaken >= 2) {
        const { notTaken } = asked;
        this.#findings.note('arp-reply-not-taken', packet.time, packet.frame, askerText, () => `${askerText} asks again for ${targetText} ${span(packet.time - asked.answered)} after the answer passed here, ${notTaken} times so far`);
      }
    }
    if (asked.count === 0) [asked.first, asked.frame] = [packet.time, packet.frame];
    asked.count++;
    asked.last = packet.time;
    if (asked.gateway) this.#waiting.set(packet.point * 2 ** 32 + (asker >>> 0), asked);
  }

  #answer(packet: Packet, family: 4 | 6, asker: number, target: number, mac: string): void {
    const asked = this.#asked.get(`${packet.point} ${packet.vlan} ${packet.vni} ${family} ${asker} ${target}`);
    if (asked === undefined) return;
    const waited = packet.time - asked.first;
    if (asked.count > 0 && asked.gateway && waited >= SLOW) {
      const id = waited < LATE ? 'arp-gateway-slow' : 'arp-gateway-late';
      const { count } = asked;
      this.#findings.note(id, asked.first, asked.frame, asked.asker, () =>
        `${this.#words.named(asked.asker)} asked for 169.254.1.1 ${count} ${count === 1 ? 'time' : 'times'}; the first answer, from ${mac}, came after ${span(waited)}` +
        (id === 'arp-gateway-slow' ? ': proxy_delay is above 0 (F4)' : `. ${gatewaySilence(asked, this.#notTaken.get(asked.point) ?? 0, true)}`));
    }
    asked.count = 0;
    asked.answers++;
    asked.answered = packet.time;
    asked.arrived = 0;
    asked.noRoute = 0;
    if (asked.gateway) this.#waiting.delete(packet.point * 2 ** 32 + (asker >>> 0));
  }

  /** The capture is over. */
  finish(): void {
    for (const asked of this.#asked.values()) this.#judge(asked);
  }

  #judge(asked: Asked): void {
    if (asked.count < TRIES) return;
    const id = asked.gateway ? 'arp-gateway-never' : asked.family === 4 ? 'arp-unanswered' : 'nd-unanswered';
    this.#findings.note(id, asked.first, asked.frame, `${asked.asker} ${asked.target}`, () =>
      `${this.#words.named(asked.asker)} asked for ${this.#words.named(asked.target)} ${asked.count} times in ${span(asked.last - asked.first)}, ${asked.answers > 0 ? 'and had no answer any more' : 'and never had an answer'}` +
      (asked.gateway ? `. ${gatewaySilence(asked, this.#notTaken.get(asked.point) ?? 0, false)}` : ''));
  }
}
