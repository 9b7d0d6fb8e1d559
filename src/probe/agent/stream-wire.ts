/** Frames on a long-lived connection: sequence number and MAC over the connection's nonce, the direction and the number. */
import { MAC_BYTES } from './wire.ts';
import type { Codec } from './wire.ts';

export const STREAM_FRAME_BYTES = 4 + MAC_BYTES;
/** Instead of a sequence number: this end is about to close in good order. */
export const BYE = 0xffff_ffff;

export type Direction = 'request' | 'echo';

/** One frame. `seq`: 0 to 2^32-2, or BYE. */
export function streamFrame(codec: Codec, nonce: Uint8Array, direction: Direction, seq: number): Buffer {
  const out = Buffer.allocUnsafe(STREAM_FRAME_BYTES);
  out.writeUInt32BE(seq, 0);
  frameMac(codec, nonce, direction, seq).copy(out, 4);
  return out;
}

/** The frame's number; undefined when it is forged or of the other direction. */
export function openStreamFrame(codec: Codec, nonce: Uint8Array, direction: Direction, bytes: Buffer): number | undefined {
  const seq = bytes.readUInt32BE(0);
  return frameMac(codec, nonce, direction, seq).equals(bytes.subarray(4)) ? seq : undefined;
}

function frameMac(codec: Codec, nonce: Uint8Array, direction: Direction, seq: number): Buffer {
  const input = Buffer.allocUnsafe(nonce.length + 5);
  input.set(nonce, 0);
  input[nonce.length] = direction === 'request' ? 1 : 2;
  input.writeUInt32BE(seq, nonce.length + 1);
  return codec.mac(input);
}
