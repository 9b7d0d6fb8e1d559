import { describe, expect, it } from 'vitest';
import type { Sample } from '../types.ts';
import { aggregate } from './aggregate.ts';
import { DEFAULT_THRESHOLDS, evaluateGate } from './gate.ts';
import type { GateThresholds } from './gate.ts';

const samples = (sent: number, lost: number, change: Partial<Sample> = {}): Sample[] =>
  Array.from({ length: sent }, (_, i) => ({
    t: i * 50,
    class: 'pod-to-pod',
    probe: 'udp',
    from: 'pod/a',
    to: 'pod/b',
    seq: i + 1,
    ok: i >= lost,
    rttMs: i >= lost ? 2 : null,
    ...change,
  }));
const thresholds: GateThresholds = { defaults: DEFAULT_THRESHOLDS, expected: ['pod-to-pod'] };

describe('evaluateGate', () => {
  it('passes when enough was measured and nothing was lost', () => {
    expect(evaluateGate(aggregate(samples(10, 0)), thresholds)).toEqual({ verdict: 'pass', reasons: [] });
  });

  it('is unknown when an expected class was measured too little, or not at all', () => {
    expect(evaluateGate(aggregate(samples(9, 0)), thresholds)).toEqual({ verdict: 'unknown', reasons: ['pod-to-pod: 9 probes, at least 10 are needed to judge'] });
    expect(evaluateGate(aggregate([]), thresholds).verdict).toBe('unknown');
  });

  it('fails on unannounced loss and names the pair, whatever else is unknown', () => {
    const result = evaluateGate(aggregate(samples(20, 3)), { ...thresholds, expected: ['pod-to-pod', 'dns'] });
    expect(result.verdict).toBe('fail');
    expect(result.reasons[0]).toContain('3 of 20 probes lost without announcement, at most 0 allowed');
    expect(result.reasons[0]).toContain('pod/a → pod/b 3 of 20');
    expect(result.reasons[1]).toContain('dns: 0 probes');
  });

  it('cannot tell from late answers of a stalled agent, which are lost all the same', () => {
    const stalled = aggregate(samples(20, 3, { late: true, lagged: true }));
    expect(stalled.totals).toMatchObject({ lost: 3, unannouncedLost: 3 });
    expect(evaluateGate(stalled, thresholds)).toEqual({
      verdict: 'unknown',
      reasons: ['pod-to-pod: 3 of 20 answers came late while a probe agent itself stalled, which does not tell how the network is (pod/a → pod/b 3 of 20)'],
    });
    expect(evaluateGate(aggregate([...samples(20, 3, { late: true, lagged: true }), ...samples(20, 1, { from: 'pod/c' })]), thresholds).verdict).toBe('fail');
    expect(evaluateGate(aggregate(samples(20, 3, { late: true })), thresholds).verdict).toBe('fail');
    expect(evaluateGate(aggregate(samples(20, 3, { lagged: true })), thresholds).verdict).toBe('fail');
  });

  it('lets announced loss pass, up to its own limit', () => {
    const announced = samples(20, 3, { announcedBy: 'w' });
    expect(evaluateGate(aggregate(announced), thresholds).verdict).toBe('pass');
    expect(evaluateGate(aggregate(announced), { ...thresholds, classes: { 'pod-to-pod': { maxLost: 2 } } }).verdict).toBe('fail');
  });

  it('judges latency when asked to', () => {
    expect(evaluateGate(aggregate(samples(20, 0)), { ...thresholds, classes: { 'pod-to-pod': { maxP99Ms: 1 } } })).toMatchObject({ verdict: 'fail' });
  });

  it('judges classes that were not expected but measured', () => {
    const all = [...samples(20, 0), ...samples(2, 1, { class: 'dns', probe: 'dns' })];
    expect(evaluateGate(aggregate(all), thresholds).verdict).toBe('fail');
  });
});
