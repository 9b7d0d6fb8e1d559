import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { addressAt, contains, formatPrefix, overlaps, parsePrefix, type Prefix } from './prefix.ts';

const prefixes: fc.Arbitrary<Prefix> = fc
  .constantFrom<32 | 128>(32, 128)
  .chain((width) => fc.tuple(fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n }), fc.integer({ min: 0, max: width })).map(([value, length]) => cut(value, length, width)));
/** Prefixes of few bits, so that containment happens often. */
const crowded = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 20, max: 32 })).map(([host, length]) => parsePrefix(`10.42.0.${host}/${length}`));

function cut(value: bigint, length: number, width: 32 | 128): Prefix {
  const hostBits = BigInt(width - length);
  return { network: (value >> hostBits) << hostBits, length, width };
}

const last = ({ network, length, width }: Prefix) => network + (1n << BigInt(width - length)) - 1n;

describe('prefixes', () => {
  test('examples', () => {
    expect(addressAt(parsePrefix('10.42.3.0/24'), 0)).toBe('10.42.3.0');
    expect(addressAt(parsePrefix('fd00::/64'), 1)).toBe('fd00::1');
    expect(formatPrefix(parsePrefix('10.42.3.77/16'))).toBe('10.42.0.0/16');
    expect(contains(parsePrefix('10.42.0.0/16'), parsePrefix('10.42.3.0/24'))).toBe(true);
    expect(contains(parsePrefix('10.42.0.0/16'), parsePrefix('10.43.0.0/24'))).toBe(false);
    expect(contains(parsePrefix('0.0.0.0/0'), parsePrefix('::/0'))).toBe(false);
    expect(() => addressAt(parsePrefix('10.42.3.0/30'), 4)).toThrow(UsageError);
  });

  test.each(['', '10.42.0.0', '10.42.0.0/33', '10.42.0.0/-1', '10.42.0.0/', '300.1.1.1/8', '::/129', 'fd00::/x'])('refuses %j', (text) => {
    expect(() => parsePrefix(text)).toThrow(UsageError);
  });

  test('formatting and parsing are inverse', () => {
    fc.assert(fc.property(prefixes, (prefix) => {
      expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
    }));
  });

  test('overlap and containment are what comparing first and last addresses says', () => {
    fc.assert(
      fc.property(crowded, crowded, (a, b) => {
        expect(overlaps(a, b)).toBe(a.network <= last(b) && b.network <= last(a));
        expect(contains(a, b)).toBe(a.network <= b.network && last(b) <= last(a));
        expect(contains(a, b) && contains(b, a)).toBe(formatPrefix(a) === formatPrefix(b));
      }),
    );
  });
});
