import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnnouncedWindow, ProbeClass, Sample } from '../types.ts';
import { aggregate, quantile } from './aggregate.ts';
import type { Figures } from './aggregate.ts';

/** A stream of samples, one letter each: `.` ok, `x` lost, `l` late, `b` broken. */
function stream(letters: string, options: Partial<Sample> & { every?: number; start?: number } = {}): Sample[] {
  const { every = 100, start = 1_000, ...rest } = options;
  return letters.split('').map((letter, i) => ({
    t: start + i * every,
    class: 'pod-to-pod',
    probe: 'udp',
    from: 'pod/a',
    to: 'pod/b',
    seq: i + 1,
    ok: letter === '.',
    rttMs: letter === '.' ? 1 : letter === 'l' ? 1_500 : null,
    ...(letter === 'l' ? { late: true } : {}),
    ...(letter === 'b' ? { error: 'broken: ECONNRESET' } : {}),
    ...rest,
  }));
}

const of = (samples: Sample[], probeClass: ProbeClass = 'pod-to-pod', windows: AnnouncedWindow[] = []): Figures => {
  const figures = aggregate(samples, windows).classes[probeClass];
  if (!figures) throw new Error('no figures');
  return figures;
};

describe('aggregate', () => {
  it('counts losses, late answers and breaks', () => {
    expect(of(stream('..xl.b..'))).toMatchObject({ sent: 8, lost: 3, late: 1, broken: 1, announcedLost: 0, unannouncedLost: 3 });
  });

  it('measures a gap from the last success to the next', () => {
    expect(of(stream('..xx..x.')).longestGapMs).toBe(300);
    expect(of(stream('........')).longestGapMs).toBe(0);
  });

  it('measures an open gap to its outermost loss', () => {
    expect(of(stream('..xxx')).longestGapMs).toBe(300);
    expect(of(stream('xxx..')).longestGapMs).toBe(300);
    expect(of(stream('xxx')).longestGapMs).toBe(200);
  });

  it('says how long an outage could have gone unseen', () => {
    expect(of(stream('.....')).smallestVisibleGapMs).toBe(100);
    // The denser probe tells for its pair, the worse pair for its class.
    const dense = [...stream('.....'), ...stream('...', { probe: 'tcp', every: 1_000 })];
    expect(of(dense).smallestVisibleGapMs).toBe(100);
    expect(of([...dense, ...stream('...', { to: 'pod/c', every: 1_000 })]).smallestVisibleGapMs).toBe(1_000);
    expect(of(stream('.')).smallestVisibleGapMs).toBeNull();
  });

  it('does not take the pause between two processes for a gap', () => {
    const samples = [...stream('..x'), ...stream('...', { start: 60_000 })];
    expect(of(samples)).toMatchObject({ longestGapMs: 100, smallestVisibleGapMs: 100 });
  });

  it('splits losses by announcement, and believes what a sample says of itself', () => {
    const window: AnnouncedWindow = { id: 'w', step: 's', classes: ['pod-to-pod'], scope: 'any', maxMs: 1_000, reason: '', openedAt: 2_050, closedAt: null };
    const samples = stream('x..........x', { start: 1_000 });
    expect(of(samples, 'pod-to-pod', [window])).toMatchObject({ lost: 2, announcedLost: 1, unannouncedLost: 1 });
    expect(of(samples.map((s) => (s.ok ? s : { ...s, announcedBy: 'other' })))).toMatchObject({ announcedLost: 2 });
  });

  it('keeps classes and pairs apart and totals them', () => {
    const result = aggregate([...stream('..x'), ...stream('.x', { class: 'denied', probe: 'canary' })]);
    expect(result.totals).toEqual({ sent: 5, lost: 2, announcedLost: 0, unannouncedLost: 2 });
    expect(result.pairs.map((pair) => [pair.class, pair.from, pair.to, pair.figures.lost])).toEqual([
      ['pod-to-pod', 'pod/a', 'pod/b', 1],
      ['denied', 'pod/a', 'pod/b', 1],
    ]);
  });

  it('yields the same from samples in any order', () => {
    const letters = fc.array(fc.constantFrom('.', '.', '.', 'x', 'l'), { minLength: 1, maxLength: 60 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, fc.infiniteStream(fc.nat()), (text, random) => {
        const samples = stream(text);
        const shuffled = samples.map((sample) => ({ sample, key: random.next().value })).toSorted((a, b) => a.key - b.key);
        expect(of(shuffled.map(({ sample }) => sample))).toEqual(of(samples));
      }),
    );
  });

  it('agrees with a naive count', () => {
    const letters = fc.array(fc.constantFrom('.', '.', 'x', 'l'), { minLength: 2, maxLength: 80 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, (text) => {
        const runs = [...text.matchAll(/[^.]+/g)].map((run) => {
          const before = run.index > 0 ? run.index - 1 : run.index;
          const end = run.index + run[0].length;
          return (Math.min(end, text.length - 1) - before) * 100;
        });
        const lost = text.replaceAll('.', '').length;
        expect(of(stream(text))).toMatchObject({ sent: text.length, lost, late: text.replaceAll(/[^l]/g, '').length, longestGapMs: Math.max(0, ...runs) });
      }),
    );
  });
});

describe('quantile', () => {
  it('is the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99), quantile([], 0.5)]).toEqual([50, 99, 7, null]);
  });
});
