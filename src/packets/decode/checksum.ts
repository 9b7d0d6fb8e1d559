/** The Internet checksum (RFC 1071). */
import { u16 } from '../read/bytes.ts';

/** The checksum of [from, to) and of a sum that was begun; 0 when a header's own checksum is in it and right. */
export function checksum(bytes: Uint8Array, from: number, to: number, begun: number): number {
  let sum = begun;
  let at = from;
  for (; at + 1 < to; at += 2) sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < to) sum += (bytes[at] as number) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum ^ 0xffff;
}

/** Sum of an address of four or sixteen bytes, for pseudo headers. */
export function addressSum(bytes: Uint8Array, at: number, size: number): number {
  let sum = 0;
  for (let byte = 0; byte < size; byte += 2) sum += u16(bytes, at + byte);
  return sum;
}
