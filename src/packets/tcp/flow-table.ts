/**
 * TCP connections by address pair and ports, in typed arrays: some 300 bytes each, nothing for the garbage collector. When the
 * table is full, a connection that was silent for long gives way, closed ones first.
 */
import type { Packet } from '../decode/packet.ts';
import { AT, Closed, COMMON, DIRECTION, DIRECTION_WORDS, SIDE, TIMES, WORDS } from './layout.ts';

/** Connections that are remembered: 81 MB. */
const CAPACITY = 262_144;
/** Neighbours of which the most silent one gives way. */
const CANDIDATES = 16;

export class FlowTable {
  /** Words of all connections, `WORDS` each (layout.ts); replaced when the table grows. */
  words = new Int32Array(WORDS * 4096);
  /** Times in nanoseconds, `TIMES` each. */
  times = new Float64Array(TIMES * 4096);
  count = 0;
  /** Connections that gave way to others. */
  evicted = 0;
  #heads = new Int32Array(8192).fill(-1);
  #hand = 0;
  readonly #capacity: number;
  readonly #onEvict: (flow: number) => void;

  /** `onEvict` is told of a connection just before it is forgotten. */
  constructor(onEvict: (flow: number) => void, capacity = CAPACITY) {
    this.#onEvict = onEvict;
    this.#capacity = capacity;
  }

  /** Whether the last `find` made the connection. */
  created = false;

  /** The connection of the packet, made when it is new. */
  find(packet: Packet): number {
    return this.#look(packet, true);
  }

  /** The connection of the packet; -1 when there is none. */
  peek(packet: Packet): number {
    return this.#look(packet, false);
  }

  #look(packet: Packet, make: boolean): number {
    const forwards = isForwards(packet);
    const low = forwards ? packet.source : packet.destination;
    const high = forwards ? packet.destination : packet.source;
    const ports = forwards ? (packet.sourcePort << 16) | packet.destinationPort : (packet.destinationPort << 16) | packet.sourcePort;
    const bucket = hash(low, high, ports, packet.family) & (this.#heads.length - 1);
    const { words } = this;
    for (let flow = this.#heads[bucket] as number; flow >= 0; flow = words[flow * WORDS + COMMON.next] as number) {
      const at = flow * WORDS;
      if (words[at] === low && words[at + 1] === high && words[at + 2] === ports && words[at + 3] === packet.family) {
        this.created = false;
        return flow;
      }
    }
    if (!make) return -1;
    this.created = true;
    return this.#add(low, high, ports, packet.family);
  }

  /** Sequence number of a direction's first byte: behind its SYN, or as far back as the capture tells. */
  firstByte(flow: number, direction: number): number {
    return ((this.words[flow * WORDS + DIRECTION + direction * DIRECTION_WORDS + SIDE.base] as number) + 1) | 0;
  }

  /** Forgets what is known of a connection, but not its ends. */
  reset(flow: number, now: number, previous = -Infinity): void {
    const at = flow * WORDS;
    this.words.fill(0, at + COMMON.flags, at + WORDS);
    this.words[at + DIRECTION + SIDE.window] = -1;
    this.words[at + DIRECTION + DIRECTION_WORDS + SIDE.window] = -1;
    const times = flow * TIMES;
    this.times.fill(-Infinity, times, times + TIMES);
    this.times[times + AT.firstRtt] = 0;
    this.times[times + AT.first] = now;
    this.times[times + AT.previous] = previous;
  }

  #add(low: number, high: number, ports: number, family: number): number {
    if (this.count === this.#capacity) return this.#take(this.#victim(), low, high, ports, family);
    if (this.count * WORDS === this.words.length) this.#grow();
    return this.#take(this.count++, low, high, ports, family);
  }

  #take(flow: number, low: number, high: number, ports: number, family: number): number {
    const at = flow * WORDS;
    const bucket = hash(low, high, ports, family) & (this.#heads.length - 1);
    const { words } = this;
    words[at] = low;
    words[at + 1] = high;
    words[at + 2] = ports;
    words[at + 3] = family;
    words[at + COMMON.next] = this.#heads[bucket] as number;
    this.#heads[bucket] = flow;
    return flow;
  }

  #victim(): number {
    let [best, score] = [this.#hand, Infinity];
    for (let step = 0; step < CANDIDATES; step++) {
      const flow = (this.#hand + step) % this.count;
      const closed = ((this.words[flow * WORDS + COMMON.flags] as number) & Closed) !== 0;
      const mark = (this.times[flow * TIMES + AT.last] as number) - (closed ? 3600e9 : 0);
      if (mark < score) [best, score] = [flow, mark];
    }
    this.#hand = (this.#hand + CANDIDATES) % this.count;
    this.#onEvict(best);
    this.#unlink(best);
    this.evicted++;
    return best;
  }

  #unlink(flow: number): void {
    const { words } = this;
    const at = flow * WORDS;
    const bucket = hash(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number) & (this.#heads.length - 1);
    const next = words[at + COMMON.next] as number;
    let before = this.#heads[bucket] as number;
    if (before === flow) {
      this.#heads[bucket] = next;
      return;
    }
    while ((words[before * WORDS + COMMON.next] as number) !== flow) before = words[before * WORDS + COMMON.next] as number;
    words[before * WORDS + COMMON.next] = next;
  }

  #grow(): void {
    const size = Math.min(this.#capacity, this.count * 2);
    const words = new Int32Array(WORDS * size);
    words.set(this.words);
    const times = new Float64Array(TIMES * size);
    times.set(this.times);
    this.words = words;
    this.times = times;
    if (this.#heads.length >= size * 2) return;
    this.#heads = new Int32Array(this.#heads.length * 2).fill(-1);
    for (let flow = 0; flow < this.count; flow++) {
      const at = flow * WORDS;
      const bucket = hash(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number) & (this.#heads.length - 1);
      words[at + COMMON.next] = this.#heads[bucket] as number;
      this.#heads[bucket] = flow;
    }
  }
}

/** Whether the packet goes from the connection's first end to its second: the lower address, and of one address the lower port, comes first. */
export function isForwards(packet: Packet): boolean {
  return packet.source < packet.destination || (packet.source === packet.destination && packet.sourcePort <= packet.destinationPort);
}

function hash(low: number, high: number, ports: number, family: number): number {
  let mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(ports ^ family, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
