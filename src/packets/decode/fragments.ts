/** Puts IP datagrams together as far as it needs: which parts are there, and the first bytes, where the transport's header is. */
import type { Packet } from './packet.ts';

/** Datagrams under way, and bytes of the first fragment that are kept. The oldest one gives way. */
const [UNDER_WAY, HEAD] = [1024, 2048];
/** RFC 8200 §4.5: a datagram that is not whole after 60 s is given up. */
const PATIENCE = 60e9;

interface Datagram { since: number; /** Ranges that came, as pairs, sorted. */ ranges: number[]; size: number; head: Uint8Array | undefined }
/** A datagram that is whole: bytes of its beginning, and the size of its payload. */
export interface Whole { head: Uint8Array; size: number }

export class Fragments {
  readonly #datagrams = new Map<string, Datagram>();

  /** Takes the fragment that `packet` holds. The answer is the datagram when this was its last missing part. */
  add(packet: Packet, id: number, offset: number, more: boolean): Whole | undefined {
    const key = `${packet.family} ${packet.source} ${packet.destination} ${id} ${packet.protocol} ${packet.point}`;
    let datagram = this.#datagrams.get(key);
    if (datagram === undefined || packet.time - datagram.since > PATIENCE) {
      this.#datagrams.delete(key);
      if (this.#datagrams.size >= UNDER_WAY) for (const oldest of this.#datagrams.keys()) {
        this.#datagrams.delete(oldest);
        break;
      }
      datagram = { since: packet.time, ranges: [], size: -1, head: undefined };
      this.#datagrams.set(key, datagram);
    }
    if (offset === 0) datagram.head ??= Uint8Array.from(packet.bytes.subarray(packet.at, Math.min(packet.captured, packet.at + HEAD)));
    if (!more) datagram.size = offset + packet.size;
    insert(datagram.ranges, offset, offset + packet.size);
    const whole = datagram.size >= 0 && datagram.head !== undefined && datagram.ranges.length === 2 && datagram.ranges[0] === 0 && (datagram.ranges[1] as number) >= datagram.size;
    if (!whole) {
      // Nobody sends thousands of holes; what does is not worth its memory.
      if (datagram.ranges.length > 512) this.#datagrams.delete(key);
      return undefined;
    }
    this.#datagrams.delete(key);
    return { head: datagram.head as Uint8Array, size: datagram.size };
  }
}

/** Puts [from, to) into sorted, disjoint pairs and joins what touches. */
function insert(ranges: number[], from: number, to: number): void {
  let [start, end, first] = [from, to, 0];
  while (first < ranges.length && (ranges[first + 1] as number) < start) first += 2;
  let last = first;
  while (last < ranges.length && (ranges[last] as number) <= end) {
    start = Math.min(start, ranges[last] as number);
    end = Math.max(end, ranges[last + 1] as number);
    last += 2;
  }
  ranges.splice(first, last - first, start, end);
}
