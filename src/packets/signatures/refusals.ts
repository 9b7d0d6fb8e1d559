/** SYNs that are answered by RST, and from whom: a host's own RST has the TTL and the MAC address of its other packets, a filter's on the way seldom has. */
import { macNumber, macOfNumber } from '../decode/address-book.ts';
import type { Packet } from '../decode/packet.ts';
import type { Findings } from './findings.ts';
import type { Words } from './words.ts';

interface Known { ttl: number; /** -1 where there is none. */ mac: number }
interface Refusal extends Known { address: number; time: number; frame: number; text: string; count: number }

/** Hosts whose TTL is remembered, and refusals that wait for a comparison. */
const [HOSTS, WAITING] = [50_000, 5_000];

export class Refusals {
  /** By address: TTL and MAC of packets that the host surely sent itself. */
  readonly #hosts = new Map<number, Known>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #findings: Findings;
  readonly #words: Words;

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  /** A SYN-ACK: only the host itself sends that (or a proxy in its place, which then is the host). */
  answers(packet: Packet): void {
    const key = hostOf(packet);
    const known = this.#hosts.get(key);
    if (known?.ttl === packet.ttl) return;
    if (known === undefined && this.#hosts.size >= HOSTS) return;
    this.#hosts.set(key, { ttl: packet.ttl, mac: macOf(packet) });
  }

  /** An RST in answer to a SYN, after `syns` SYNs. */
  refused(packet: Packet, syns: number): void {
    const mac = macOf(packet);
    const key = `${hostOf(packet)} ${packet.sourcePort} ${packet.ttl} ${mac}`;
    const before = this.#refusals.get(key);
    if (before !== undefined) {
      before.count++;
      return;
    }
    if (this.#refusals.size >= WAITING) this.finish();
    this.#refusals.set(key, {
      address: hostOf(packet), ttl: packet.ttl, mac, time: packet.time, frame: packet.frame, count: 1,
      text: `${this.#words.end(packet.family, packet.destination, packet.destinationPort)} → ${this.#words.end(packet.family, packet.source, packet.sourcePort)}: RST after ${syns} SYN, TTL ${packet.ttl}${from(mac)}`,
    });
  }

  /** Compares what is waiting with what is known of the hosts by now. */
  finish(): void {
    for (const [key, { address, ttl, mac, time, frame, text, count }] of this.#refusals) {
      const known = this.#hosts.get(address);
      if (known === undefined) this.#findings.note('syn-reset', time, frame, key, () => `${text}; no other packet of that host was captured to compare with`, count);
      else if (known.ttl === ttl && (known.mac < 0 || mac < 0 || known.mac === mac)) this.#findings.note('syn-reset-by-host', time, frame, key, () => `${text}, as its other answers have`, count);
      else this.#findings.note('syn-reset-by-other', time, frame, key, () => `${text}; answers of the host itself have TTL ${known.ttl}${from(known.mac)}`, count);
    }
    this.#refusals.clear();
  }
}

const hostOf = (packet: Packet): number => (packet.family === 6 ? 2 ** 32 + packet.source : packet.source >>> 0) * 4096 + (packet.point & 0xfff);
const macOf = (packet: Packet): number => (packet.ethernetAt < 0 ? -1 : macNumber(packet.bytes, packet.ethernetAt + 6));
const from = (mac: number): string => (mac < 0 ? '' : `, from ${macOfNumber(mac)}`);
