import { describe, expect, it } from 'vitest';
import { StallLog, WallClock } from './clock.ts';
import type { AgentLine, SampleLine } from './lines.ts';
import type { StreamSpec } from './plan.ts';
import { judgeCanary } from './probe-canary.ts';
import type { Outcome, Prober } from './prober.ts';
import { StreamRunner } from './runner.ts';

const spec: StreamSpec = { key: 'k', class: 'pod-to-pod', probe: 'udp', to: 'pod/b', intervalMs: 50, target: { kind: 'http', url: '' } };

/** A runner whose answers the test gives. */
function harness(change: Partial<Prober> = {}) {
  const lines: AgentLine[] = [];
  const reports: ((outcome: Outcome) => void)[] = [];
  const stalls = new StallLog(performance.now());
  let closed = 0;
  const prober: Prober = { send: (_, report) => void reports.push(report), cancel: () => undefined, close: () => void (closed += 1), ...change };
  const runner = new StreamRunner(1, spec, 'pod/a', prober, { wall: new WallClock(), stalls, write: (line) => lines.push(line), succeeded: () => undefined }, 0);
  // Due at once, and not again by itself.
  runner.tick(60);
  const sentAt = performance.now();
  return { runner, reports, stalls, lines, sentAt, samples: () => lines.filter((line): line is SampleLine => Array.isArray(line)), closed: () => closed };
}

describe('StreamRunner', () => {
  it('counts an answer within the deadline', () => {
    const { reports, sentAt, samples, runner } = harness();
    expect([runner.sent, runner.settled]).toEqual([1, 0]);
    reports[0]?.({ ok: true, at: sentAt + 5 });
    expect(samples()).toEqual([[1, 1, expect.any(Number), expect.closeTo(5, 0), 1]]);
    expect(runner.settled).toBe(1);
  });

  it('counts a late answer as lost, and says that it came', () => {
    const { reports, sentAt, samples, runner, stalls } = harness();
    runner.sweep(sentAt + 1_500);
    expect(samples()).toEqual([]);
    for (let at = 0; at <= 1_500; at += 10) stalls.tick(sentAt + at);
    reports[0]?.({ ok: true, at: sentAt + 1_500 });
    expect(samples()).toEqual([[1, 1, expect.any(Number), expect.closeTo(1_500, 0), 2, { e: 'late' }]]);
  });

  it('counts no answer as lost after deadline and grace, once', () => {
    const { reports, sentAt, samples, runner, stalls } = harness();
    for (let at = 0; at <= 3_100; at += 10) stalls.tick(sentAt + at);
    runner.sweep(sentAt + 2_900);
    expect(samples()).toEqual([]);
    runner.sweep(sentAt + 3_100);
    reports[0]?.({ ok: true, at: sentAt + 3_200 });
    expect(samples()).toEqual([[1, 1, expect.any(Number), null, 0, { e: 'timeout' }]]);
  });

  it('does not let time run while it stands still itself', () => {
    const { sentAt, samples, runner, stalls } = harness();
    stalls.tick(sentAt + 5);
    stalls.tick(sentAt + 4_000);
    runner.sweep(sentAt + 4_010);
    expect(samples()).toEqual([]);
  });

  it('gives an answer that lay unread during an own stall the benefit, and marks it', () => {
    const { reports, stalls, sentAt, samples } = harness();
    stalls.tick(sentAt + 5);
    reports[0]?.({ ok: true, at: sentAt + 1_400 });
    expect(samples()[0]?.[4]).toBe(1 | 4);
  });

  it('does so for a stall that the answering agent owns up to, but not for more', () => {
    const [good, bad] = [harness(), harness()];
    for (const { stalls, sentAt } of [good, bad]) for (let at = 0; at <= 1_400; at += 10) stalls.tick(sentAt + at);
    good.reports[0]?.({ ok: true, at: good.sentAt + 1_400, peerLag: 500 });
    bad.reports[0]?.({ ok: true, at: bad.sentAt + 1_400, peerLag: 300 });
    expect([good.samples()[0]?.[4], bad.samples()[0]?.[4]]).toEqual([1 | 4, 2 | 4]);
  });

  it('ends when what is outstanding is settled', () => {
    const { reports, sentAt, runner, lines, closed } = harness();
    runner.end('draining');
    expect(runner.ended).toBe(false);
    reports[0]?.({ ok: true, at: sentAt + 1 });
    expect([runner.ended, closed()]).toEqual([true, 1]);
    expect(lines.at(-1)).toMatchObject({ k: 'e', s: 1, seq: 1, why: 'draining' });
    expect(runner.tick(10_000)).toBe(0);
    expect(runner.sent).toBe(1);
  });

  it('says how many sends a stall cost instead of bursting', () => {
    const { runner } = harness();
    const before = runner.sent;
    const skipped = runner.tick(60 + 50 * 10);
    expect(runner.sent).toBe(before + 1);
    expect(skipped).toBeGreaterThanOrEqual(8);
  });

  it('takes a canary that is denied for an answer without a round trip', () => {
    const { runner, sentAt, samples, stalls } = harness({ expire: () => judgeCanary('denied', 'denied', performance.now(), 'timeout') });
    for (let at = 0; at <= 1_001; at += 10) stalls.tick(sentAt + at);
    runner.sweep(sentAt + 1_001);
    expect(samples()).toEqual([[1, 1, expect.any(Number), null, 1, { s: 'denied' }]]);
  });
});

describe('judgeCanary', () => {
  it.each([
    ['open', 'open', true],
    ['denied', 'open', false],
    ['unknown', 'open', false],
    ['open', 'denied', false],
    ['denied', 'denied', true],
    ['unknown', 'denied', false],
    ['open', 'either', true],
    ['unknown', 'either', true],
  ] as const)('saw %s, expected %s: %s', (seen, expected, ok) => {
    expect(judgeCanary(seen, expected, 0, 'timeout')).toMatchObject({ ok, seen });
  });
});
