import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange, rangeSize, textContains, textsOverlap } from './range.ts';

/** Ranges of few addresses in one /24, with all addresses that they have. */
const small = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 })).map(([a, b]) => ({ text: `10.0.0.${Math.min(a, b)}-10.0.0.${Math.max(a, b)}`, from: Math.min(a, b), to: Math.max(a, b) })),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 })).map(([host, length]) => {
    const size = 2 ** (32 - length);
    const from = Math.floor(host / size) * size;
    return { text: `10.0.0.${host}/${length}`, from, to: from + size - 1 };
  }),
  fc.integer({ min: 0, max: 255 }).map((host) => ({ text: `10.0.0.${host}`, from: host, to: host })),
);
const all = ({ from, to }: { from: number; to: number }): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('ranges', () => {
  it('overlap, contain and count as sets of addresses do', () => {
    fc.assert(fc.property(small, small, (a, b) => {
      const [ours, theirs] = [all(a), new Set(all(b))];
      expect(textsOverlap(a.text, b.text)).toBe(ours.some((one) => theirs.has(one)));
      expect(textContains(a.text, b.text)).toBe([...theirs].every((one) => ours.includes(one)));
      expect(rangeSize(parseRange(a.text) ?? { first: 0n, last: 0n, width: 32 })).toBe(BigInt(ours.length));
    }));
  });
  it.each(['', 'x', '10.0.0.9-10.0.0.1', '10.0.0.1-fd00::1', '10.0.0.0/33', '10.1', '1-2-'])('refuses %j', (text) => expect(parseRange(text)).toBeUndefined());
  it('keeps families apart', () => expect(textsOverlap('0.0.0.0/0', '::/0')).toBe(false));
  it('knows IPv6', () => expect(textContains('fd00::/64', 'fd00::1-fd00::ff')).toBe(true));
});
