/** TCP options, in place: what a SYN offers, as one word, and what SACK blocks say. At most 40 bytes are looked at (RFC 9293 §3.1). */
import { i32, u16, u8 } from '../read/bytes.ts';

/** RFC 9293 §3.2, RFC 7323, RFC 2018. */
const [END, NOTHING, MSS, SCALE, SACK_PERMITTED, SACK, TIMESTAMPS] = [0, 1, 2, 3, 4, 5, 8];
/** RFC 7323 §2.3: a larger shift counts as this one. */
const LARGEST_SHIFT = 14;

/** Bits above the MSS in the word that a SYN's options make: the shift is one more than offered, 0 without; `SynRead` says that there was a SYN. */
const SHIFT_AT = 16;
export const SackPermitted = 1 << 24;
export const Timestamps = 1 << 25;
export const SynRead = 1 << 26;

/** Where the option of a kind stands in [at, end); -1 when it is not there or damaged. */
export function findOption(bytes: Uint8Array, at: number, end: number, kind: number): number {
  let from = at;
  while (from + 2 <= end) {
    const here = u8(bytes, from);
    if (here === END) return -1;
    if (here === NOTHING) {
      from++;
      continue;
    }
    const length = u8(bytes, from + 1);
    if (length < 2 || from + length > end) return -1;
    if (here === kind) return from;
    from += length;
  }
  return -1;
}

/** What the options of a SYN in [at, end) offer. */
export function synOptions(bytes: Uint8Array, at: number, end: number): number {
  let word = SynRead;
  const mss = findOption(bytes, at, end, MSS);
  if (mss >= 0 && u8(bytes, mss + 1) === 4) word |= u16(bytes, mss + 2);
  const scale = findOption(bytes, at, end, SCALE);
  if (scale >= 0 && u8(bytes, scale + 1) === 3) word |= (Math.min(u8(bytes, scale + 2), LARGEST_SHIFT) + 1) << SHIFT_AT;
  if (findOption(bytes, at, end, SACK_PERMITTED) >= 0) word |= SackPermitted;
  if (findOption(bytes, at, end, TIMESTAMPS) >= 0) word |= Timestamps;
  return word;
}

/** The MSS that a SYN offered, in bytes; 0 when it is not known. */
export const mssOf = (word: number): number => word & 0xffff;
/** Whether a SYN offered window scaling. */
export const scales = (word: number): boolean => ((word >> SHIFT_AT) & 0xff) !== 0;

/** By how many bits the windows of one end are shifted, from the SYNs of both: only when both offer it (RFC 7323 §2.2). -1 when that is not known. */
export function shiftOf(own: number, other: number): number {
  if ((other & SynRead) !== 0 && !scales(other)) return 0;
  return (own & SynRead) === 0 ? -1 : Math.max(0, ((own >> SHIFT_AT) & 0xff) - 1);
}

/** Where SACK blocks stand in [at, end); -1 without. */
export function sackAt(bytes: Uint8Array, at: number, end: number): number {
  const sack = findOption(bytes, at, end, SACK);
  return sack >= 0 && u8(bytes, sack + 1) >= 10 && (u8(bytes, sack + 1) - 2) % 8 === 0 ? sack : -1;
}

/** End of the block that goes furthest, of the option at `sack`. */
export function sackedUpTo(bytes: Uint8Array, sack: number): number {
  let furthest = i32(bytes, sack + 6);
  for (let at = sack + 14; at < sack + u8(bytes, sack + 1); at += 8) if (((i32(bytes, at) - furthest) | 0) > 0) furthest = i32(bytes, at);
  return furthest;
}

/** Whether the first block tells of something that came twice (RFC 2883 §4): it is acknowledged already, or lies within the second one. */
export function isDuplicateSack(bytes: Uint8Array, sack: number, ack: number): boolean {
  const [left, right] = [i32(bytes, sack + 2), i32(bytes, sack + 6)];
  if (((right - ack) | 0) <= 0) return true;
  return u8(bytes, sack + 1) >= 18 && ((left - i32(bytes, sack + 10)) | 0) >= 0 && ((right - i32(bytes, sack + 14)) | 0) <= 0;
}
