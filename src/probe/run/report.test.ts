import { describe, expect, it } from 'vitest';
import { aggregate } from '../stats/aggregate.ts';
import { PROBE_CLASSES } from '../types.ts';
import type { Sample } from '../types.ts';
import { notMeasurable } from './measure.ts';
import type { Measurement } from './measure.ts';
import { buildProbeReport, renderProbeMarkdown } from './report.ts';
import { probeReportSchema } from './report-schema.ts';
import type { ProbeReport } from './report-schema.ts';
import { tallyText } from './tally-text.ts';

const sample = (change: Partial<Sample>): Sample => ({ t: 1_000, class: 'dns', probe: 'dns', from: 'pod/a', to: 'dns/x', seq: 1, ok: true, rttMs: 1, ...change });
const everything = PROBE_CLASSES.flatMap((name) => Array.from({ length: 20 }, (_, i) => sample({ class: name, seq: i + 1, t: 1_000 + i * 100 })));
const measured = (change: Partial<Measurement>, samples: readonly Sample[] = everything): Measurement => ({
  startedAt: 1_000, endedAt: 91_000, requestedMs: 90_000, interrupted: false, probes: aggregate(samples), policies: 'open', canary: { a: 'open', b: 'open' }, notMeasured: [], breaks: [],
  usage: [{ name: 'pod/b', cpu: 0.0712, maxRssBytes: 75_100_000, maxLagMs: 12.4, skipped: 3 }, { name: 'pod/a', cpu: 0.02, maxRssBytes: 60_000_000, maxLagMs: 1, skipped: 0 }],
  ...change,
});
function report(change: Partial<Measurement> = {}, samples: readonly Sample[] = everything): ProbeReport {
  const built = buildProbeReport({ measurement: measured(change, samples), cluster: 'c', tool: '1.2.3', now: new Date(0) });
  expect(probeReportSchema.parse(structuredClone(built))).toEqual(built);
  return built;
}

describe('report of a measurement', () => {
  it('passes when every class was measured and nothing lost', () => {
    const text = renderProbeMarkdown(report());
    expect(text).toMatch(/^PASS: 0 of 180 lost \(≤ 1\.7 % at 95 %, losses come in bursts\)\.\n\n# c: 1 min 30 s of probing\n/);
    expect(text).toContain('| dns | 20 | 0 | 0 | 0 | 100 ms | 1.0 ms | 1.0 ms |');
    expect(text).toContain('Canaries are held against what was given (policies open): a, b open (no policy enforced).');
    expect(text).toContain('| pod/a | 2.0 % | 60.0 MB | 1 ms | 0 |\n| pod/b | 7.1 % | 75.1 MB | 12 ms | 3 |\n');
  });

  it('fails on any loss, and says where', () => {
    const failed = report({}, [...everything, sample({ seq: 21, t: 4_000, ok: false, rttMs: null, error: 'timeout' })]);
    expect(failed.verdict).toBe('fail');
    expect(renderProbeMarkdown(failed)).toMatch(/^FAIL: 1 of 181 lost .*\n- dns: 1 of 21 probes lost without announcement/);
  });

  it('does not pass what was not measured or not judged', () => {
    const missing = report({}, everything.filter((one) => one.class !== 'dns'));
    expect(missing).toMatchObject({ verdict: 'unknown', reasons: ['dns: 0 probes, at least 1 are needed to judge'] });
    expect(report({ policies: 'as-found', canary: { a: 'open', b: 'either' } })).toMatchObject({ verdict: 'unknown', reasons: ['denied: what canaries are to find was neither given nor found on b'] });
    expect(report({}, [])).toMatchObject({ verdict: 'unknown', upperBound95: null });
    expect(renderProbeMarkdown(report({}, []))).toMatch(/^UNKNOWN: no probe was sent/);
  });

  it('names what cannot be measured here, and does not ask for it', () => {
    const alone = notMeasurable(1, false);
    expect(alone.map((one) => one.class)).toEqual(['pod-to-pod', 'node-port', 'long-lived', 'egress', 'denied']);
    const names = alone.map((one) => one.class);
    const of = report({ notMeasured: alone, canary: { a: 'either' } }, everything.filter((one) => !names.includes(one.class)));
    expect(of.verdict).toBe('pass');
    expect(renderProbeMarkdown(of)).toContain('Not measured: egress, because there is no prober outside the cluster.');
    expect(notMeasurable(2, true)).toEqual([]);
  });

  it('tells an early end, and connections that broke', () => {
    const text = renderProbeMarkdown(report({ interrupted: true, endedAt: 6_400, breaks: [{ t: 2_000, from: 'pod/a', to: 'pod/b', why: 'ECONNRESET' }] }));
    expect(text).toContain('# c: 5 s of probing, ended before its 1 min 30 s were over');
    expect(text).toContain('- 1970-01-01T00:00:02.000Z pod/a → pod/b: ECONNRESET');
  });
});

it('says how it stands', () => {
  expect(tallyText({})).toBe('0 sent, nothing lost');
  expect(tallyText({ dns: { sent: 1_000, lost: 2 }, egress: { sent: 234, lost: 1 }, denied: { sent: 1, lost: 0 } })).toBe('1,235 sent, 3 lost (dns 2, egress 1)');
});
