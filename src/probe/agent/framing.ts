/** Messages on a TCP connection: a length in two bytes, then the message; raw payload may follow one. */
import type { Socket } from 'node:net';
import { MAX_MESSAGE } from './wire.ts';

/** A message with its length before it. */
export function frame(message: Buffer): Buffer {
  const out = Buffer.allocUnsafe(2 + message.length);
  out.writeUInt16BE(message.length, 0);
  message.copy(out, 2);
  return out;
}

/** Takes a connection's bytes apart: callers ask for the next frame or for so many raw bytes. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #pending: (() => boolean) | undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      while (this.#pending?.() === true);
    });
  }

  /** Calls back once with the next frame's message; with undefined when its length is out of range. */
  frame(callback: (message: Buffer | undefined) => void): void {
    this.#wait(2, () => {
      const length = this.#peek().readUInt16BE(0);
      if (length > MAX_MESSAGE) return callback(undefined);
      this.#wait(2 + length, () => callback(this.#take(2 + length).subarray(2)));
    });
  }

  /** Calls back once with exactly `count` bytes. */
  raw(count: number, callback: (bytes: Buffer) => void): void {
    this.#wait(count, () => callback(this.#take(count)));
  }

  #wait(count: number, then: () => void): void {
    const attempt = (): boolean => {
      if (this.#length < count) return false;
      if (this.#pending === attempt) this.#pending = undefined;
      then();
      return true;
    };
    this.#pending = attempt;
    attempt();
  }

  #peek(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #take(count: number): Buffer {
    const all = this.#peek();
    this.#chunks = all.length > count ? [all.subarray(count)] : [];
    this.#length = all.length - count;
    return all.subarray(0, count);
  }
}
