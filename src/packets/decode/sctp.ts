/** Chunks of an SCTP packet (RFC 9260 §3.2). */
import { u16, u8 } from '../read/bytes.ts';

export const Chunk = { data: 0, init: 1, initAck: 2, abort: 6, shutdown: 7, error: 9, cookieEcho: 10 } as const;

/** Walks the chunks in [at, end) behind the common header. False when one of them is cut or contradicts itself. */
export function sctpChunks(bytes: Uint8Array, from: number, end: number, chunk: (kind: number, at: number, length: number) => void): boolean {
  let at = from;
  while (end - at >= 4) {
    const length = u16(bytes, at + 2);
    if (length < 4 || at + length > end) return false;
    chunk(u8(bytes, at), at, length);
    at += (length + 3) & ~3;
  }
  return at >= end;
}
