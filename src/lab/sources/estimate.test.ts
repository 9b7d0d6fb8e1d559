import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BuildFollower } from './build-follower.ts';
import { estimateRemaining, estimateStart } from './estimate.ts';
import type { BuildState } from './estimate.ts';
import { parsePackages } from './go-packages.ts';
import type { SourceEvent } from './progress.ts';

const cold: BuildState = {
  measuredColdSeconds: 200,
  cores: 2,
  allBytes: 1000,
  staleBytes: 1000,
  doneBytes: 0,
  compileSeconds: 0,
  linkedPrograms: 0,
  totalPrograms: 4,
};

describe('the estimate', () => {
  test('of a cold build is what was measured, scaled by the cores', () => {
    expect(estimateStart(cold).seconds).toBeCloseTo(200);
    expect(estimateStart({ ...cold, cores: 8 }).seconds).toBeCloseTo(50);
    expect(estimateStart(cold).basis).toBe('100 % of the source to compile on 2 cores; a full build took 200 s on 2 cores');
  });

  test('with everything compiled is the link, and with everything linked nothing', () => {
    expect(estimateStart({ ...cold, staleBytes: 0 }).seconds).toBeCloseTo(24);
    expect(estimateStart({ ...cold, staleBytes: 0, linkedPrograms: 4 }).seconds).toBe(0);
  });

  test("follows this machine's own pace from a tenth on", () => {
    expect(estimateRemaining({ ...cold, doneBytes: 500, compileSeconds: 300 }).seconds).toBeCloseTo(324);
    expect(estimateRemaining({ ...cold, doneBytes: 500, compileSeconds: 300 }).basis).toBe('50 % of the source compiled in 300 s');
    expect(estimateRemaining({ ...cold, doneBytes: 50, compileSeconds: 10 }).seconds).toBeCloseTo(190);
  });

  test('is finite and never negative', () => {
    const state = fc.record({
      measuredColdSeconds: fc.nat(1000),
      cores: fc.integer({ min: 1, max: 128 }),
      allBytes: fc.nat(),
      stale: fc.double({ min: 0, max: 1, noNaN: true }),
      done: fc.double({ min: 0, max: 1, noNaN: true }),
      compileSeconds: fc.nat(10_000),
      linkedPrograms: fc.nat(6),
      totalPrograms: fc.constant(6),
    });
    fc.assert(
      fc.property(state, ({ stale, done, ...rest }) => {
        const staleBytes = Math.floor(rest.allBytes * stale);
        const { seconds } = estimateRemaining({ ...rest, staleBytes, doneBytes: Math.floor(staleBytes * done) });
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(seconds)).toBe(true);
      }),
    );
  });
});

describe('following a build', () => {
  const listing = [
    'lib/a|true|stale dependency: x|/src/a|a.go,b.go|unsafe',
    'vendor/lib/v|true|build ID mismatch|/src/v|v.go,|lib/a',
    'lib/cached|false||/src/c|c.go,|',
    'lib/b|true|stale dependency: lib/a|/src/b|b.go,|lib/a,lib/v,lib/cached',
    'prog/one|true|stale dependency: lib/b|/src/one|main.go,|lib/b',
    'prog/two|true|not installed but available in build cache|/src/two|main.go,|lib/cached',
  ].join('\n');
  const packages = parsePackages(listing, () => 10);

  test('go list says what has to be compiled', () => {
    expect(packages.get('lib/a')).toEqual({ bytes: 20, imports: ['unsafe'], stale: true });
    expect([...packages].filter(([, found]) => found.stale).map(([path]) => path)).toEqual(['lib/a', 'vendor/lib/v', 'lib/b', 'prog/one']);
  });

  test('what a begun package imports is done, also what Go never named', () => {
    const events: SourceEvent[] = [];
    let now = 0;
    const programs = ['one', 'two'].map((name) => ({ name, package: `prog/${name}`, version: '1.0.0' }));
    const units = [{ cgo: false, tags: [], programs, linkVariables: [] }];
    const family = { name: 'tiny', moduleDirectory: '/src', env: {}, measuredColdSeconds: 10, units };
    const follower = new BuildFollower(family, [packages], (event) => events.push(event), () => now);
    const say = (line: string) => {
      now += 1000;
      follower.line(line);
      return events.at(-1);
    };
    expect(events).toMatchObject([{ kind: 'build-started', packages: 4, cachedPackages: 2 }]);
    expect(say('lib/a')).toMatchObject({ phase: 'compile', donePackages: 0, totalPackages: 4 });
    expect(say('lib/b')).toMatchObject({ phase: 'compile', donePackages: 2, elapsedSeconds: 2 });
    expect(say('# a compiler message')).toMatchObject({ donePackages: 2, elapsedSeconds: 2 });
    expect(say('prog/one')).toMatchObject({ phase: 'link', donePackages: 4, linkedPrograms: 0, totalPrograms: 2 });
    now += 1000;
    follower.linked(2);
    expect(events.at(-1)).toMatchObject({ phase: 'link', linkedPrograms: 2, remainingSeconds: 0 });
  });
});
