import { describe, expect, it } from 'vitest';
import { StallLog, WallClock, monotonic } from './clock.ts';

/** A log with ticks at these times, after one at 0. */
function ticked(...times: number[]): StallLog {
  const log = new StallLog(0);
  for (const time of times) log.tick(time);
  return log;
}

describe('StallLog', () => {
  it('takes small delays for none', () => {
    const log = ticked(12, 40, 99);
    expect([log.within(0, 99), log.behind(99), log.takeWorst()]).toEqual([0, 0, 49]);
    expect(log.takeWorst()).toBe(0);
  });

  it('knows how much of a time was stalled', () => {
    const log = ticked(10, 520, 530);
    expect(log.within(0, 580)).toBe(500);
    expect([log.within(100, 200), log.within(500, 580), log.within(520, 580)]).toEqual([100, 20, 0]);
  });

  it('knows a stall before its tick has told it: sockets are read before timers run', () => {
    const log = ticked(10);
    expect([log.within(0, 400), log.behind(400)]).toEqual([380, 380]);
    expect(log.tick(400)).toBe(true);
    expect(log.within(0, 400)).toBe(380);
  });

  it('is behind by all stalls that it has not caught up with', () => {
    const log = ticked(10, 320, 330, 340, 750);
    expect(log.behind(760)).toBe(300 + 400);
    const caughtUp = ticked(10, 320, ...Array.from({ length: 40 }, (_, i) => 330 + i * 10));
    expect(caughtUp.behind(725)).toBe(0);
  });
});

describe('WallClock', () => {
  it('runs with the monotonic clock', () => {
    const wall = new WallClock();
    const now = monotonic();
    expect(wall.at(now + 1_000) - wall.at(now)).toBe(1_000);
    expect(Math.abs(wall.at(monotonic()) - Date.now())).toBeLessThan(20);
    expect(wall.reanchor()).toBeUndefined();
  });
});
