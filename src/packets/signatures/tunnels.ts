/** Tunnels: frames that go to another node than the one their MAC address lives on, and nodes that never send anything back. */
import { macNumber, macText } from '../decode/address-book.ts';
import { Tunnel, type Packet } from '../decode/packet.ts';
import { u8 } from '../read/bytes.ts';
import type { Findings } from './findings.ts';
import { span, type Words } from './words.ts';

interface Pair { family: 4 | 6; from: number; to: number; vni: number; there: number; back: number; first: number; last: number; frame: number }

/** MAC addresses and pairs of nodes that are remembered. */
const CAPACITY = 100_000;
/** Packets without any back, and over how long, that make a tunnel silent. */
const [SILENT_PACKETS, SILENT_TIME] = [4, 2e9];

export class Tunnels {
  /** Which node frames of a MAC address come from. */
  readonly #home = new Map<number, number>();
  readonly #pairs = new Map<number, Map<number, Pair>>();
  readonly #findings: Findings;
  readonly #words: Words;
  #last: Pair | undefined;
  #lastForward = true;
  #count = 0;

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  /** A packet inside a tunnel: its outer addresses, and the inner frame where there is one. */
  inside(packet: Packet): void {
    if (packet.tunnel !== Tunnel.vxlan && packet.tunnel !== Tunnel.geneve && packet.tunnel !== Tunnel.ipip) return;
    this.#pair(packet);
    if (packet.ethernetAt < 0) return;
    const { bytes, ethernetAt: at } = packet;
    const source = macNumber(bytes, at + 6);
    const from = node(packet.outerFamily, packet.outerSource);
    if (this.#home.get(source) !== from && this.#home.size < CAPACITY) this.#home.set(source, from);
    if ((u8(bytes, at) & 1) !== 0) return;
    const home = this.#home.get(macNumber(bytes, at));
    if (home === undefined || home === node(packet.outerFamily, packet.outerDestination)) return;
    this.#findings.note('vxlan-wrong-vtep', packet.time, packet.frame, macNumber(bytes, at), () =>
      `a frame for ${macText(bytes, at)}, which lives on ${this.#nodeText(home)}, goes from ${this.#words.address(packet.outerFamily, packet.outerSource)} to ${this.#words.address(packet.outerFamily, packet.outerDestination)} (VNI ${packet.vni})`);
  }

  #nodeText(home: number): string {
    return this.#words.address(home >= 2 ** 32 ? 6 : 4, home >= 2 ** 32 ? home - 2 ** 32 : home | 0);
  }

  #pair(packet: Packet): void {
    let pair = this.#last;
    let forward = true;
    if (pair !== undefined && pair.vni === packet.vni && pair.from === packet.outerSource && pair.to === packet.outerDestination) forward = this.#lastForward;
    else {
      const [from, to] = [node(packet.outerFamily, packet.outerSource), node(packet.outerFamily, packet.outerDestination)];
      pair = this.#pairs.get(from)?.get(to);
      if (pair === undefined) {
        pair = this.#pairs.get(to)?.get(from);
        if (pair !== undefined) forward = false;
      }
      if (pair === undefined) {
        if (this.#count >= CAPACITY) return;
        this.#count++;
        pair = { family: packet.outerFamily === 6 ? 6 : 4, from: packet.outerSource, to: packet.outerDestination, vni: packet.vni, there: 0, back: 0, first: packet.time, last: packet.time, frame: packet.frame };
        const row = this.#pairs.get(from) ?? new Map<number, Pair>();
        row.set(to, pair);
        this.#pairs.set(from, row);
      }
      this.#last = forward ? pair : undefined;
      this.#lastForward = forward;
    }
    if (forward) pair.there++;
    else pair.back++;
    pair.last = packet.time;
  }

  finish(): void {
    for (const row of this.#pairs.values()) for (const pair of row.values()) {
      // Multicast and broadcast outside never answer.
      if (pair.back > 0 || pair.there < SILENT_PACKETS || pair.last - pair.first < SILENT_TIME || (pair.family === 4 && pair.to >>> 28 === 14)) continue;
      this.#findings.note('vxlan-silent-vtep', pair.first, pair.frame, pair.to, () =>
        `${this.#words.address(pair.family, pair.from)} sent ${pair.there} packets to ${this.#words.address(pair.family, pair.to)}${pair.vni < 0 ? '' : ` (VNI ${pair.vni})`} in ${span(pair.last - pair.first)}; none came back`);
    }
  }
}

const node = (family: number, address: number): number => (family === 6 ? 2 ** 32 + address : address >>> 0);
