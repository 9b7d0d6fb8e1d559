import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialAtMost, upperBound95 } from './bound.ts';

/** P(X <= k) term by term, in logarithms: the first terms may be too small for a number. */
function naiveAtMost(k: number, n: number, p: number): number {
  let log = n * Math.log1p(-p);
  let sum = 0;
  for (let i = 0; i <= k; i += 1) {
    sum += Math.exp(log);
    log += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

describe('upperBound95', () => {
  it('is the rule of three for no losses', () => {
    expect(upperBound95(0, 48_213) * 100).toBeCloseTo(0.0062, 4);
    expect(upperBound95(0, 1_000)).toBeCloseTo(0.002991, 6);
  });

  it('is 1 when nothing, or only loss, was measured', () => {
    expect(upperBound95(0, 0)).toBe(1);
    expect(upperBound95(7, 7)).toBe(1);
  });

  it('agrees with exact rational arithmetic', () => {
    expect(upperBound95(1, 10)).toBeCloseTo(0.394163302436, 10);
    expect(upperBound95(5, 50)).toBeCloseTo(0.198833002516, 10);
    expect(upperBound95(20, 60)).toBeCloseTo(0.446465644465, 10);
    expect(upperBound95(49, 50)).toBeCloseTo(0.99897466013, 10);
  });

  it('leaves exactly 5 % below it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(400), (sent, some) => {
        const lost = Math.min(some, sent - 1);
        expect(naiveAtMost(lost, sent, upperBound95(lost, sent))).toBeCloseTo(0.05, 6);
      }),
    );
  });

  it('holds for millions of probes', () => {
    expect(upperBound95(3, 2_000_000) * 2_000_000).toBeCloseTo(7.754, 2);
  });
});

describe('binomialAtMost', () => {
  it('agrees with the sum of its terms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(200), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (n, k, p) => {
        expect(binomialAtMost(Math.min(k, n), n, p)).toBeCloseTo(naiveAtMost(Math.min(k, n), n, p), 7);
      }),
    );
  });
});
