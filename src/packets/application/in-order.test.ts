import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InOrder } from './in-order.ts';

/** Writes down what it is given; what was missed as zeros. */
class Notes {
  readonly bytes: number[] = [];

  take(bytes: Uint8Array, from: number, end: number): boolean {
    this.bytes.push(...bytes.subarray(from, end));
    return true;
  }

  miss(count: number): boolean {
    this.bytes.push(...Array.from({ length: count }, () => 0));
    return true;
  }
}

/** A text of 1 to 255 in segments: each `[start, length, captured]`. */
const segments = fc.array(fc.record({ start: fc.nat(299), length: fc.integer({ min: 1, max: 40 }), cut: fc.nat(40) }), { maxLength: 60 });

test('every byte once and in order, whatever is sent again, overtaken, cut or lost', () => {
  fc.assert(fc.property(segments, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (list, base) => {
    const notes = new Notes();
    const stream = new InOrder(notes, base);
    const text = Uint8Array.from({ length: 400 }, (_, at) => 1 + (at % 255));
    for (const { start, length, cut } of list) {
      expect(stream.segment((base + start) | 0, text, start, start + Math.max(0, length - cut), length)).toBe(true);
    }
    const seen = Uint8Array.from(notes.bytes);
    // Each byte is the text's or was cut, and unless something waits the end is the last end.
    expect(seen.every((byte, at) => byte === 0 || byte === text[at])).toBe(true);
    const last = Math.max(0, ...list.map(({ start, length }) => start + length));
    if (stream.waits) expect(seen.length).toBeLessThan(last);
    else expect(seen.length).toBe(last);
  }));
});

test('all segments, in any order, are the whole text', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 2 ** 30 }), (lengths, seed) => {
    const text = Uint8Array.from({ length: lengths.reduce((sum, one) => sum + one, 0) }, (_, at) => 1 + (at % 255));
    let at = 0;
    const parts = lengths.map((length) => ({ start: at, length, rank: (Math.imul(seed + at, 0x9e3779b1) >>> 0) % 1000, end: (at += length) }));
    const notes = new Notes();
    const stream = new InOrder(notes, 5);
    for (const { start, length } of parts.toSorted((a, b) => a.rank - b.rank)) stream.segment(5 + start, text, start, start + length, length);
    expect(Uint8Array.from(notes.bytes)).toEqual(text);
  }));
});

test('a segment half of all sequence numbers away is no part of the stream', () => {
  const notes = new Notes();
  const stream = new InOrder(notes, 5);
  expect(stream.segment((5 + 2 ** 31) | 0, new Uint8Array(10), 0, 10, 10)).toBe(true);
  expect(notes.bytes).toEqual([]);
});

test('a segment that is larger than what may wait goes on behind its hole at once', () => {
  const notes = new Notes();
  const stream = new InOrder(notes, 0);
  expect(stream.segment(5, new Uint8Array(60_000).fill(7), 0, 60_000, 60_000)).toBe(true);
  expect([notes.bytes.length, stream.waits]).toEqual([60_005, false]);
});

test('a hole that is never filled is passed over once too much waits behind it', () => {
  const notes = new Notes();
  const stream = new InOrder(notes, 0);
  const piece = new Uint8Array(1000).fill(7);
  for (let at = 0; at < 40; at++) stream.segment(10 + at * 1000, piece, 0, 1000, 1000);
  expect(notes.bytes.length).toBeGreaterThan(30_000);
  expect(notes.bytes.slice(0, 11)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
});
