import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentLine, StreamLine } from '../agent/lines.ts';
import type { Sample } from '../types.ts';
import { AgentLedger } from './ledger.ts';

const header = (instance: string, start = 0): AgentLine => ({ k: 'h', v: 1, mesh: 'm', self: 'pod/a', node: 'a', instance, pid: 1, start, clock: '', keeps: { segments: 4, bytes: 1 } });
const stream: StreamLine = { k: 'd', s: 1, class: 'pod-to-pod', probe: 'udp', to: 'pod/b', ms: 100, t: 1_000 };
const sample = (seq: number, flags = 1): AgentLine => [1, seq, 900 + seq * 100, flags & 1 ? 0.5 : null, flags];
const beat = (sent: number, settled: number, t = 900 + sent * 100): AgentLine => ({ k: 'b', t, streams: [[1, sent, settled]], lag: 0, skipped: 0, cpu: 0, rss: 0 });

/** `livedUntil`: how it ends; undefined when it does not. */
function collect(lines: readonly AgentLine[], livedUntil?: { t: number; complete: boolean }): Sample[] {
  const samples: Sample[] = [];
  const ledger = new AgentLedger({ sample: (s) => samples.push(s) });
  for (const line of lines) ledger.take(line);
  if (livedUntil) ledger.finish(livedUntil.t, livedUntil.complete);
  return samples;
}
const neverCollected = (samples: readonly Sample[]): number[] => samples.filter((s) => s.error === 'never collected').map((s) => s.seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('AgentLedger', () => {
  it('makes samples with their ends', () => {
    expect(collect([header('i'), stream, sample(1), { k: 'z', t: 0 }])).toEqual([{ t: 1_000, class: 'pod-to-pod', probe: 'udp', from: 'pod/a', to: 'pod/b', seq: 1, ok: true, rttMs: 0.5 }]);
  });

  it('counts what a heartbeat calls settled but nobody collected, at the time it was due', () => {
    const samples = collect([header('i'), stream, sample(1), sample(4), beat(4, 4)]);
    expect(samples.filter((s) => !s.ok)).toMatchObject([{ seq: 2, t: 1_100, error: 'never collected' }, { seq: 3, t: 1_200, error: 'never collected' }]);
  });

  it('waits for what is outstanding', () => {
    expect(collect([header('i'), stream, sample(1), sample(3), beat(3, 1)])).toHaveLength(2);
  });

  it('counts against a process whose last words were read what it may have sent after them', () => {
    expect(neverCollected(collect([header('i'), stream, sample(1), beat(3, 1)], { t: 9e9, complete: true }))).toEqual(range(2, 3 + 13));
    expect(neverCollected(collect([header('i'), stream, sample(1), beat(3, 1)], { t: 1_500, complete: true }))).toEqual(range(2, 7));
  });

  it('counts against one that nobody watched what it can have sent as long as it can have lived', () => {
    expect(neverCollected(collect([header('i'), stream, sample(1), beat(3, 1)], { t: 11_000, complete: false }))).toEqual(range(2, 102));
    expect(neverCollected(collect([header('i'), stream, sample(1), beat(3, 1), { k: 'z', t: 1_400 }], { t: 11_000, complete: false }))).toEqual([2, 3]);
  });

  it('counts nothing twice when one that was given up is heard again', () => {
    const samples: Sample[] = [];
    const ledger = new AgentLedger({ sample: (s) => samples.push(s) });
    for (const line of [header('i'), stream, sample(1)]) ledger.take(line);
    ledger.finish(1_250, false);
    for (const line of [sample(2), sample(3), sample(4), beat(4, 4)]) ledger.take(line);
    expect(samples.map((s) => [s.seq, s.ok])).toEqual([[1, true], [2, false], [3, false], [4, true]]);
  });

  it('ends streams whose end was in lines that were deleted before they were read', () => {
    const samples: Sample[] = [];
    const ledger = new AgentLedger({ sample: (s) => samples.push(s) });
    for (const line of [header('i'), stream, { ...stream, s: 2, to: 'pod/c' }, sample(1), [2, 1, 1_000, 0.5, 1] as const satisfies AgentLine]) ledger.take(line);
    ledger.skipped();
    ledger.take(header('i'));
    ledger.take(beat(21, 20));
    expect(neverCollected(samples.filter((s) => s.to === 'pod/b'))).toEqual(range(2, 20));
    expect(neverCollected(samples.filter((s) => s.to === 'pod/c'))).toEqual(range(2, 21));
  });

  it('knows the end of a process that said so', () => {
    expect(collect([header('i'), stream, sample(1), sample(2), { k: 'e', s: 1, t: 0, seq: 2, why: 'term' }, { k: 'z', t: 0 }], { t: 9e9, complete: false })).toHaveLength(2);
  });

  it('ends one process with the header of the next, not with that of a new segment', () => {
    expect(collect([header('i'), stream, sample(1), header('i'), stream, sample(2), { k: 'z', t: 0 }])).toHaveLength(2);
    const later = header('j', 60_000);
    const two = collect([header('i'), stream, sample(1), later, stream, sample(1), { k: 'z', t: 0 }]);
    expect(two.filter((s) => s.ok)).toHaveLength(2);
    expect(neverCollected(two)).toEqual(range(2, 1 + 12));
    // The next one had started before the first could say so much.
    expect(neverCollected(collect([header('i'), stream, sample(1), header('j', 1_500)]))).toEqual(range(2, 6));
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

  it('goes on from what was saved as if it had never stopped', () => {
    const step = fc.oneof(
      fc.record({ seq: fc.integer({ min: 1, max: 40 }), ok: fc.boolean() }).map(({ seq, ok }) => sample(seq, ok ? 1 : 0)),
      fc.record({ sent: fc.nat(40), behind: fc.nat(20) }).map(({ sent, behind }) => beat(sent, Math.max(0, sent - behind))),
      fc.constant<AgentLine>({ k: 'g', t: 1_000, revision: 7 }),
      fc.constant<AgentLine>(header('i')),
      fc.constant<AgentLine>(header('j', 9_000)),
      fc.constant(stream),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (rest, cut) => {
        const lines = [header('i'), stream, ...rest];
        const samples: Sample[] = [];
        const events = { sample: (s: Sample) => samples.push(s) };
        let ledger = new AgentLedger(events);
        for (const [i, line] of lines.entries()) {
          if (i === cut + 1) ledger = new AgentLedger(events, () => 0, structuredClone(ledger.save()));
          ledger.take(line);
        }
        ledger.finish(12_000, false);
        expect(samples).toEqual(collect(lines, { t: 12_000, complete: false }));
      }),
    );
  });
});
