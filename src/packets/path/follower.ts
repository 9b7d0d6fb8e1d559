/**
 * Follows packets over capture points: interfaces of one file, or several files. A packet is known again by what no hop changes, not even
 * DNAT and masquerading: of TCP the sequence numbers, flags, length and IPv4 identification; of UDP and ICMP the payload as well.
 * Memory is bounded: the table holds the last packets, and the report says how many were let go.
 */
import type { Packet } from '../decode/packet.ts';
import { i32, u16, u8 } from '../read/bytes.ts';
import type { PathFlows } from './path-flows.ts';

/** Packets that are remembered: 24 MB. */
const CAPACITY = 1 << 20;
/** Capture points that are told apart. */
export const MOST_POINTS = 31;
/** What comes later is another packet with the same numbers. */
const FRESH = 30e9;

export class Follower {
  readonly flows: PathFlows;
  /** Packets that were forgotten before the end. */
  forgotten = 0;
  #hashes = new Int32Array(0);
  #checks = new Int32Array(0);
  #points = new Int32Array(0);
  #flow = new Int32Array(0);
  #times = new Float64Array(0);
  /** Whether there is more than one point: otherwise nothing is done. */
  #active = false;

  constructor(flows: PathFlows) {
    this.flows = flows;
  }

  /** There is a second point: from now on packets are remembered. */
  activate(): void {
    if (this.#active) return;
    this.#active = true;
    [this.#hashes, this.#checks, this.#points, this.#flow] = [0, 0, 0, 0].map(() => new Int32Array(CAPACITY)) as [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>];
    this.#times = new Float64Array(CAPACITY);
  }

  /** True when the packet is a copy of one that passed another point. */
  tcp(packet: Packet): boolean {
    if (!this.#active || packet.point >= MOST_POINTS) return false;
    const { bytes, at } = packet;
    return this.#see(packet, mix(i32(bytes, at + 4), i32(bytes, at + 8)), mix(packet.size, (u8(bytes, at + 13) << 16) ^ packet.id));
  }

  udp(packet: Packet): boolean {
    if (!this.#active || packet.point >= MOST_POINTS || packet.fragment) return false;
    return this.#see(packet, payload(packet, packet.at + 8), mix(packet.size, packet.id ^ 0x110000));
  }

  icmp(packet: Packet): void {
    if (!this.#active || packet.point >= MOST_POINTS || packet.fragment) return;
    packet.sourcePort = 0;
    packet.destinationPort = 0;
    this.#see(packet, payload(packet, packet.at), mix(packet.size, packet.id ^ 0x10000));
  }

  #see(packet: Packet, hash: number, check: number): boolean {
    const slot = (hash ^ (hash >>> 12) ^ Math.imul(check, 0x9e3779b1)) & (CAPACITY - 1);
    const bit = 1 << packet.point;
    const same = this.#hashes[slot] === hash && this.#checks[slot] === check && this.#points[slot] !== 0 && Math.abs(packet.time - (this.#times[slot] as number)) < FRESH;
    if (same && ((this.#points[slot] as number) & bit) === 0) {
      this.flows.again(packet, this.#flow[slot] as number, this.#points[slot] as number, packet.time - (this.#times[slot] as number));
      this.#points[slot] = (this.#points[slot] as number) | bit;
      return true;
    }
    if (this.#points[slot] !== 0) {
      // The same packet once more at one point: files are read one after the other, and of which of the two another file has a copy cannot be told.
      if (same) this.flows.repeats(this.#flow[slot] as number);
      this.#close(slot, !same);
    }
    this.#hashes[slot] = hash;
    this.#checks[slot] = check;
    this.#points[slot] = bit;
    this.#times[slot] = packet.time;
    this.#flow[slot] = this.flows.first(packet);
    return false;
  }

  #close(slot: number, pushed: boolean): void {
    if (pushed) this.forgotten++;
    this.flows.passed(this.#flow[slot] as number, this.#points[slot] as number, this.#times[slot] as number, false);
  }

  /** The capture is over. */
  finish(): void {
    if (!this.#active) return;
    for (let slot = 0; slot < CAPACITY; slot++) if (this.#points[slot] !== 0) this.flows.passed(this.#flow[slot] as number, this.#points[slot] as number, this.#times[slot] as number, true);
  }
}

function mix(a: number, b: number): number {
  const mixed = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Of the payload the first 32 and the last 4 bytes. */
function payload(packet: Packet, from: number): number {
  const { bytes } = packet;
  const end = Math.min(packet.captured, packet.at + packet.size);
  let hash = 0;
  let at = from;
  for (const stop = Math.min(end - 3, from + 32); at < stop; at += 4) hash = mix(hash, i32(bytes, at));
  if (end - from >= 4) return mix(hash, i32(bytes, end - 4));
  for (; at < end; at++) hash = mix(hash, u8(bytes, at));
  return end - from >= 2 ? mix(hash, u16(bytes, from)) : hash;
}
