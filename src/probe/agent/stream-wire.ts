/** Frames on a long-lived connection: sequence number, the echoing agent's lag, and a MAC over them, the connection's nonce and the direction. */
import { MAC_BYTES, clampLag } from './wire.ts';
import type { Codec } from './wire.ts';

const BODY_BYTES = 6;
export const STREAM_FRAME_BYTES = BODY_BYTES + MAC_BYTES;
/** Instead of a sequence number: this end is about to close in good order. */
export const BYE = 0xffff_ffff;

export type Direction = 'request' | 'echo';

export interface StreamFrame {
  /** 0 to 2^32-2, or BYE. */
  seq: number;
  /** Echoes: milliseconds for which the echoing agent's own event loop kept the frame waiting. */
  lag: number;
}

/** One frame. `seq` as in StreamFrame. */
export function streamFrame(codec: Codec, nonce: Uint8Array, direction: Direction, seq: number, lag = 0): Buffer {
  const out = Buffer.allocUnsafe(STREAM_FRAME_BYTES);
  out.writeUInt32BE(seq, 0);
  out.writeUInt16BE(clampLag(lag), 4);
  frameMac(codec, nonce, direction, out.subarray(0, BODY_BYTES)).copy(out, BODY_BYTES);
  return out;
}

/** What a frame says; undefined when it is forged or of the other direction. */
export function openStreamFrame(codec: Codec, nonce: Uint8Array, direction: Direction, bytes: Buffer): StreamFrame | undefined {
  const body = bytes.subarray(0, BODY_BYTES);
  if (!frameMac(codec, nonce, direction, body).equals(bytes.subarray(BODY_BYTES))) return undefined;
  return { seq: body.readUInt32BE(0), lag: body.readUInt16BE(4) };
}

function frameMac(codec: Codec, nonce: Uint8Array, direction: Direction, body: Buffer): Buffer {
  return codec.mac(Buffer.concat([nonce, Buffer.of(direction === 'request' ? 1 : 2), body]));
}
