/** Tunnels: frames that go to another node than the one their MAC address lives on, and nodes that never send anything back. */
import { macNumber, macText } from '../decode/address-book.ts';
import { Tunnel, type Packet } from '../decode/packet.ts';
import { u8 } from '../read/bytes.ts';
import type { Findings } from './findings.ts';
import { packetOf, span, type Words } from './words.ts';

/** One direction between two nodes: what the path carries in bytes, as far as ICMP said so, and the largest packet that inner connections may send there. */
interface Way { mtu: number; largest: number; text: string }
interface Pair { family: 4 | 6; from: number; to: number; vni: number; there: number; back: number; first: number; last: number; frame: number; ways: [there: Way, back: Way] }

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
  /** Of the packet at hand. */
  #pairNow: Pair | undefined;
  #forwardNow = true;

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
    if (this.#home.get(source) !== from && (this.#home.size < CAPACITY || this.#home.has(source))) this.#home.set(source, from);
    if ((u8(bytes, at) & 1) !== 0) return;
    const home = this.#home.get(macNumber(bytes, at));
    if (home === undefined || home === node(packet.outerFamily, packet.outerDestination)) return;
    this.#findings.note('vxlan-wrong-vtep', packet.time, packet.frame, macNumber(bytes, at), () =>
      `a frame for ${macText(bytes, at)}, which lives on ${this.#nodeText(home)}, goes from ${this.#words.address(packet.outerFamily, packet.outerSource)} to ${this.#words.address(packet.outerFamily, packet.outerDestination)} (VNI ${packet.vni})`);
  }

  /** A SYN or SYN-ACK in a tunnel offers an MSS: so large the packets of the other end may become, in the tunnel the other way. */
  syn(packet: Packet, mss: number): void {
    const pair = this.#pairNow;
    if (mss === 0 || pair === undefined) return;
    const way = pair.ways[this.#forwardNow ? 1 : 0];
    const [inner, around] = [packetOf(packet.family, mss), packet.ipAt - packet.outerIpAt];
    if (inner + around > way.largest) {
      way.largest = inner + around;
      way.text = `${this.#words.end(packet.family, packet.source, packet.sourcePort)} offered an MSS of ${mss}: packets of ${inner} bytes, ${inner + around} with the tunnel around them`;
    }
    this.#judge(packet, pair, way);
  }

  /** An ICMP error says that a packet between two nodes, which is in `packet`, was too big for `mtu` bytes. */
  tooBig(packet: Packet, mtu: number): void {
    const [from, to] = [node(packet.family, packet.source), node(packet.family, packet.destination)];
    const there = this.#pairs.get(from)?.get(to);
    const pair = there ?? this.#pairs.get(to)?.get(from);
    if (pair === undefined) return;
    const way = pair.ways[there === undefined ? 1 : 0];
    way.mtu = Math.min(way.mtu, mtu);
    this.#judge(packet, pair, way);
  }

  #judge(packet: Packet, pair: Pair, way: Way): void {
    if (way.largest <= way.mtu) return;
    const [from, to] = way === pair.ways[0] ? [pair.from, pair.to] : [pair.to, pair.from];
    this.#findings.note('mss-too-large', packet.time, packet.frame, `${from} ${to}`, () =>
      `${way.text}; the path from ${this.#words.address(pair.family, from)} to ${this.#words.address(pair.family, to)} carries ${way.mtu}`);
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
        this.#pairNow = undefined;
        if (this.#count >= CAPACITY) return;
        this.#count++;
        pair = { family: packet.outerFamily === 6 ? 6 : 4, from: packet.outerSource, to: packet.outerDestination, vni: packet.vni, there: 0, back: 0, first: packet.time, last: packet.time, frame: packet.frame, ways: [newWay(), newWay()] };
        const row = this.#pairs.get(from) ?? new Map<number, Pair>();
        row.set(to, pair);
        this.#pairs.set(from, row);
      }
      this.#last = forward ? pair : undefined;
      this.#lastForward = forward;
    }
    this.#pairNow = pair;
    this.#forwardNow = forward;
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

const newWay = (): Way => ({ mtu: Infinity, largest: 0, text: '' });
const node = (family: number, address: number): number => (family === 6 ? 2 ** 32 + address : address >>> 0);
