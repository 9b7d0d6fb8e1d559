import { describe, expect, it } from 'vitest';
import { OutageWatch } from './outage.ts';

describe('OutageWatch', () => {
  it('knows of nothing to wait for as long as every request is answered', () => {
    const watch = new OutageWatch();
    watch.answered(1_000);
    expect(watch.remainingMs(1_000)).toBe(0);
  });

  it('gives those who watch twice the time that the server was away, and three seconds', () => {
    const watch = new OutageWatch();
    watch.failed(10_000);
    watch.failed(12_000);
    watch.answered(16_000);
    watch.answered(17_000);
    expect([16_000, 20_000, 31_000, 40_000].map((at) => watch.remainingMs(at))).toEqual([15_000, 11_000, 0, 0]);
  });

  it('has a limit, because pauses have one', () => {
    const watch = new OutageWatch();
    watch.failed(0);
    watch.answered(500_000);
    expect(watch.remainingMs(500_000)).toBe(63_000);
  });

  it('takes outages in quick succession for one', () => {
    const watch = new OutageWatch();
    watch.failed(0);
    watch.answered(6_000);
    watch.failed(10_000);
    watch.answered(16_000);
    expect(watch.remainingMs(16_000)).toBe(35_000);
    watch.failed(60_000);
    watch.answered(61_000);
    expect(watch.remainingMs(61_000)).toBe(5_000);
  });

  it('does not run out while the server is away', () => {
    const watch = new OutageWatch();
    watch.failed(0);
    expect(watch.remainingMs(40_000)).toBe(63_000);
  });
});
