import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BYE, openStreamFrame, streamFrame } from './stream-wire.ts';
import { Codec, MessageType } from './wire.ts';
import type { Message } from './wire.ts';

const codec = new Codec('mesh', randomBytes(32));
const ping: Message = { type: MessageType.ping, flags: 0, nonce: randomBytes(8), arg: 7, lag: 0, digest: new Uint8Array(0), name: 'pod/a' };

describe('Codec', () => {
  it('opens what it sealed', () => {
    const message = fc.record({
      type: fc.constantFrom(...Object.values(MessageType)),
      flags: fc.nat(255),
      nonce: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      arg: fc.nat(2 ** 32 - 1),
      lag: fc.nat(0xffff),
      digest: fc.uint8Array({ maxLength: 32 }),
      name: fc.string({ unit: 'grapheme', maxLength: 40 }),
    });
    fc.assert(
      fc.property(message, (sent) => {
        const opened = codec.open(codec.seal(sent));
        expect({ ...opened, nonce: Uint8Array.from(opened?.nonce ?? []), digest: Uint8Array.from(opened?.digest ?? []) }).toEqual(sent);
      }),
    );
  });

  it('rejects every single changed bit, cut and padding', () => {
    const bytes = codec.seal(ping);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      expect(codec.open(changed)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length += 1) expect(codec.open(bytes.subarray(0, length))).toBeUndefined();
    expect(codec.open(Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined();
  });

  it('rejects other keys, other meshes and noise', () => {
    const key = randomBytes(32);
    expect(new Codec('mesh', key).open(codec.seal(ping))).toBeUndefined();
    expect(new Codec('a', key).open(new Codec('b', key).seal(ping))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => codec.open(Buffer.from(noise)) === undefined));
  });

  it('wants a real key', () => {
    expect(() => new Codec('mesh', randomBytes(16))).toThrow('16 bytes, expected 32 or more');
  });
});

describe('stream frames', () => {
  const nonce = randomBytes(8);

  it('are bound to connection, direction and number', () => {
    const frame = streamFrame(codec, nonce, 'echo', 42, 70.4);
    expect(openStreamFrame(codec, nonce, 'echo', frame)).toEqual({ seq: 42, lag: 70 });
    expect(openStreamFrame(codec, nonce, 'request', frame)).toBeUndefined();
    expect(openStreamFrame(codec, randomBytes(8), 'echo', frame)).toBeUndefined();
    frame.writeUInt32BE(43, 0);
    expect(openStreamFrame(codec, nonce, 'echo', frame)).toBeUndefined();
    expect(openStreamFrame(codec, nonce, 'echo', streamFrame(codec, nonce, 'echo', BYE))).toEqual({ seq: BYE, lag: 0 });
  });
});
