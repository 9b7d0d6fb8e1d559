import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DnsStream } from './dns-stream.ts';

test('messages of any length, in pieces of any size, each once and by its first 600 bytes', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 590, max: 1500 })), { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (lengths, pieces) => {
    const messages = lengths.map((length, at) => Buffer.alloc(length, at + 1));
    const text = Buffer.concat(messages.flatMap((message) => [Buffer.from([message.length >> 8, message.length & 255]), message]));
    const seen: Buffer[] = [];
    const stream = new DnsStream((bytes, at, end) => void seen.push(Buffer.from(bytes.subarray(at, end))));
    for (let at = 0, piece = 0; at < text.length; piece++) {
      const end = Math.min(text.length, at + (pieces[piece % pieces.length] as number));
      expect(stream.take(text, at, end)).toBe(true);
      at = end;
    }
    expect(seen).toEqual(messages.filter(({ length }) => length > 0).map((message) => message.subarray(0, 600)));
  }));
});

test('what is missing within the rest of a long message does no harm; anywhere else it ends the stream', () => {
  const seen: number[] = [];
  const stream = new DnsStream((_bytes, at, end) => void seen.push(end - at));
  const long = Buffer.concat([Buffer.from([4, 0]), Buffer.alloc(700)]);
  expect([stream.take(long, 0, long.length), stream.miss(324), stream.take(Buffer.from([0, 1, 9]), 0, 3), stream.miss(1)]).toEqual([true, true, true, false]);
  expect(seen).toEqual([600, 1]);
});
