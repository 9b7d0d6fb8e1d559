/** Puts the files of tcpdump's ring together into one capture: in the order of their times, within the wanted period, without payload. */
import { u32, u32le } from '../read/bytes.ts';
import { pcapVariant } from '../read/pcap.ts';
import { LARGEST_RECORD } from '../read/sink.ts';
import { Headers } from './headers.ts';

export interface Wanted {
  /** Seconds since 1970 by the clock that made the capture. */
  from: number;
  to: number;
  /** Keep headers alone. */
  headersOnly: boolean;
}

/** `pieces`: the file's header, and one for each part that has something to keep. */
export interface Joined { pieces: Uint8Array[]; packets: number; /** All that the ring had, kept or not. */ read: number; /** Times of the first and last packet that is kept; undefined without one. */ first?: number; last?: number; /** Time of the oldest packet in the ring, kept or not. */ oldest?: number }

interface Part { bytes: Uint8Array; little: boolean; unit: number; header: number; first: number }

/** Bytes of a pcap file's header, and of one record's. */
const HEADER = 24;

/** Joins the files of one ring. Parts that are empty or no captures are left out; a record that is cut ends its part. */
export function joinRing(files: readonly Uint8Array[], wanted: Wanted): Joined {
  const parts = files.flatMap(partOf).toSorted((a, b) => a.first - b.first);
  const [start] = parts;
  if (start === undefined) return { pieces: [], packets: 0, read: 0 };
  const joined: Joined = { pieces: [start.bytes.subarray(0, HEADER)], packets: 0, read: 0, ...(start.first === Infinity ? {} : { oldest: start.first }) };
  const headers = new Headers();
  for (const part of parts) take(part, wanted, headers, joined);
  return joined;
}

function partOf(bytes: Uint8Array): Part[] {
  const variant = bytes.length < HEADER ? undefined : pcapVariant(bytes);
  if (variant === undefined) return [];
  const part: Part = { bytes, ...variant, first: Infinity };
  if (bytes.length >= HEADER + part.header) part.first = timeAt(part, HEADER);
  return [part];
}

const word = ({ bytes, little }: Part, at: number): number => (little ? u32le(bytes, at) : u32(bytes, at));
const timeAt = (part: Part, at: number): number => word(part, at) + (word(part, at + 4) * part.unit) / 1e9;

function take(part: Part, { from, to, headersOnly }: Wanted, headers: Headers, joined: Joined): void {
  const { bytes, header, little } = part;
  // Into one piece: millions of packets would be as many objects.
  const out = Buffer.allocUnsafe(bytes.length);
  let size = 0;
  const linkType = word(part, 20) & 0xffff;
  for (let at = HEADER; at + header <= bytes.length; ) {
    const captured = word(part, at + 8);
    const end = at + header + captured;
    if (captured > LARGEST_RECORD || end > bytes.length) break;
    const time = timeAt(part, at);
    joined.read++;
    if (time >= from && time <= to) {
      const kept = headersOnly ? headers.length(bytes, at + header, captured, word(part, at + 12), linkType) : captured;
      out.set(bytes.subarray(at, at + header + kept), size);
      if (little) out.writeUInt32LE(kept, size + 8);
      else out.writeUInt32BE(kept, size + 8);
      size += header + kept;
      joined.packets++;
      joined.first ??= time;
      joined.last = time;
    }
    at = end;
  }
  if (size > 0) joined.pieces.push(out.subarray(0, size));
}
