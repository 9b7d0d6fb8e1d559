/**
 * Messages between agents, each ending in a truncated HMAC-SHA256 under the mesh's key.
 * Layout: magic(4) type(1) flags(1) mesh(8) nonce(8) arg(4) lag(2) digest length(1) digest name length(1) name mac(16).
 * An answer repeats the request's nonce and has another type, so it can be taken neither for
 * an answer to something else nor for a request.
 */
import { timingSafeEqual } from 'node:crypto';
import { Hmac, sha256 } from './hmac.ts';

const MAGIC = 0x464c_5031; // "FLP1"
const HEADER = 4 + 1 + 1 + 8 + 8 + 4 + 2;
export const MAC_BYTES = 16;
export const NONCE_BYTES = 8;
/** More than any message of ours; longer ones are refused unread. */
export const MAX_MESSAGE = 512;

export const MessageType = { ping: 1, pong: 2, hello: 3, proof: 4, bulk: 5, bulkProof: 6, stream: 7, streamProof: 8 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** The answering agent is about to end: its peers stop probing it. */
export const FLAG_DRAINING = 1;

export interface Message {
  type: MessageType;
  flags: number;
  /** NONCE_BYTES random bytes. */
  nonce: Uint8Array;
  /** Sequence number, or the number of bytes that follow. */
  arg: number;
  /** Answers: milliseconds for which the answering agent's own event loop kept the request waiting. */
  lag: number;
  /** SHA-256 of a payload, or empty. */
  digest: Uint8Array;
  /** The sender's endpoint name. */
  name: string;
}

/** Seals and opens messages of one mesh. */
export class Codec {
  readonly #hmac: Hmac;
  readonly #mesh: Buffer;

  /** `key`: 32 bytes or more, the mesh's secret. */
  constructor(mesh: string, key: Uint8Array) {
    if (key.length < 32) throw new RangeError(`the mesh key has ${key.length} bytes, expected 32 or more`);
    this.#hmac = new Hmac(key);
    this.#mesh = sha256(Buffer.from(mesh)).subarray(0, 8);
  }

  /** The message's bytes, MAC included. Errors: RangeError when name or digest is too long. */
  seal(message: Message): Buffer {
    const name = Buffer.from(message.name, 'utf8');
    if (name.length > 255 || message.digest.length > 32) throw new RangeError('name or digest too long for a message');
    const end = HEADER + 1 + message.digest.length + 1 + name.length;
    const out = Buffer.allocUnsafe(end + MAC_BYTES);
    out.writeUInt32BE(MAGIC, 0);
    out[4] = message.type;
    out[5] = message.flags;
    this.#mesh.copy(out, 6);
    out.set(message.nonce, 14);
    out.writeUInt32BE(message.arg, 22);
    out.writeUInt16BE(clampLag(message.lag), 26);
    out[HEADER] = message.digest.length;
    out.set(message.digest, HEADER + 1);
    out[HEADER + 1 + message.digest.length] = name.length;
    name.copy(out, end - name.length);
    this.mac(out.subarray(0, end)).copy(out, end);
    return out;
  }

  /** The message in `bytes`; undefined when it is not one of this mesh's, or forged, cut or padded. */
  open(bytes: Buffer): Message | undefined {
    if (bytes.length < HEADER + 2 + MAC_BYTES || bytes.length > MAX_MESSAGE || bytes.readUInt32BE(0) !== MAGIC) return undefined;
    const end = bytes.length - MAC_BYTES;
    if (!this.#mesh.equals(bytes.subarray(6, 14))) return undefined;
    if (!timingSafeEqual(this.mac(bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
    const digestEnd = HEADER + 1 + (bytes[HEADER] ?? 0);
    const nameLength = bytes[digestEnd] ?? 0;
    if (digestEnd + 1 + nameLength !== end) return undefined;
    return {
      type: bytes[4] as MessageType,
      flags: bytes[5] ?? 0,
      nonce: bytes.subarray(14, 22),
      arg: bytes.readUInt32BE(22),
      lag: bytes.readUInt16BE(26),
      digest: bytes.subarray(HEADER + 1, digestEnd),
      name: bytes.toString('utf8', digestEnd + 1, end),
    };
  }

  /** The truncated HMAC of some bytes. */
  mac(bytes: Uint8Array): Buffer {
    return this.#hmac.of(bytes).subarray(0, MAC_BYTES);
  }
}

/** A lag as two bytes can say it. */
export function clampLag(lag: number): number {
  return Math.min(0xffff, Math.max(0, Math.round(lag)));
}
