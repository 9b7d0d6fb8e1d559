import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentLine } from '../agent/lines.ts';
import type { Sample } from '../types.ts';
import { AgentLedger } from './ledger.ts';

const header = (instance: string): AgentLine => ({ k: 'h', v: 1, mesh: 'm', self: 'pod/a', node: 'a', instance, pid: 1, start: 0, clock: '', keeps: { segments: 4, bytes: 1 } });
const stream: AgentLine = { k: 'd', s: 1, class: 'pod-to-pod', probe: 'udp', to: 'pod/b', ms: 100, t: 1_000 };
const sample = (seq: number, flags = 1): AgentLine => [1, seq, 900 + seq * 100, flags & 1 ? 0.5 : null, flags];
const beat = (sent: number, settled: number): AgentLine => ({ k: 'b', t: 0, streams: [[1, sent, settled]], lag: 0, skipped: 0, cpu: 0, rss: 0 });

function collect(lines: readonly AgentLine[], finish = true): Sample[] {
  const samples: Sample[] = [];
  const ledger = new AgentLedger({ sample: (s) => samples.push(s) });
  for (const line of lines) ledger.take(line, false);
  if (finish) ledger.finish();
  return samples;
}

describe('AgentLedger', () => {
  it('makes samples with their ends', () => {
    expect(collect([header('i'), stream, sample(1), { k: 'z', t: 0 }])).toEqual([{ t: 1_000, class: 'pod-to-pod', probe: 'udp', from: 'pod/a', to: 'pod/b', seq: 1, ok: true, rttMs: 0.5 }]);
  });

  it('counts what a heartbeat calls settled but nobody collected, at the time it was due', () => {
    const samples = collect([header('i'), stream, sample(1), sample(4), beat(4, 4)], false);
    expect(samples.filter((s) => !s.ok)).toMatchObject([{ seq: 2, t: 1_100, error: 'never collected' }, { seq: 3, t: 1_200, error: 'never collected' }]);
  });

  it('waits for what is outstanding', () => {
    expect(collect([header('i'), stream, sample(1), sample(3), beat(3, 1)], false)).toHaveLength(2);
  });

  it('counts against a process that vanished what it may have sent since', () => {
    const missing = collect([header('i'), stream, sample(1), beat(3, 1)]).filter((s) => s.error === 'never collected');
    expect(missing.map((s) => s.seq)).toEqual([2, 3, ...Array.from({ length: 12 }, (_, i) => 4 + i)]);
  });

  it('knows the end of a process that said so', () => {
    expect(collect([header('i'), stream, sample(1), sample(2), { k: 'e', s: 1, t: 0, seq: 2, why: 'term' }, { k: 'z', t: 0 }])).toHaveLength(2);
  });

  it('ends one process with the header of the next, not with that of a new segment', () => {
    expect(collect([header('i'), stream, sample(1), header('i'), stream, sample(2), { k: 'z', t: 0 }])).toHaveLength(2);
    const two = collect([header('i'), stream, sample(1), header('j'), stream, sample(1), { k: 'z', t: 0 }]);
    expect(two.filter((s) => s.ok)).toHaveLength(2);
    expect(two.filter((s) => !s.ok)).toHaveLength(12);
  });

  it('tells nothing again while replaying', () => {
    const samples: Sample[] = [];
    const ledger = new AgentLedger({ sample: (s) => samples.push(s) });
    for (const line of [header('i'), stream, sample(1), sample(3), beat(3, 3)]) ledger.take(line, true);
    ledger.take(sample(4), false);
    expect(samples.map((s) => s.seq)).toEqual([4]);
  });

  it('accounts for every seq exactly once, whatever is dropped, doubled or late', () => {
    const line = fc.record({ keep: fc.integer({ min: 0, max: 2 }), delay: fc.nat(5), ok: fc.boolean() });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 60 }), (plan) => {
        const written = plan
          .flatMap(({ keep, delay, ok }, i) => Array.from({ length: keep }, () => ({ at: i + delay, seq: i + 1, ok })))
          .toSorted((a, b) => a.at - b.at);
        const lines = [header('i'), stream, ...written.map(({ seq, ok }) => sample(seq, ok ? 1 : 0)), { k: 'e', s: 1, t: 0, seq: plan.length, why: 'term' } as const, { k: 'z', t: 0 } as const];
        const samples = collect(lines);
        expect(samples.map((s) => s.seq).toSorted((a, b) => a - b)).toEqual(plan.map((_, i) => i + 1));
        expect(samples.filter((s) => s.error === 'never collected')).toHaveLength(plan.filter(({ keep }) => keep === 0).length);
      }),
    );
  });
});
