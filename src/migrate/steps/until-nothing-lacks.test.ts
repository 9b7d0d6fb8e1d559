import { expect, it } from 'vitest';
import { UnreachableError } from '../../cluster/api-error.ts';
import type { StepContext } from './context.ts';
import { untilNothingLacks } from './until-nothing-lacks.ts';

const waits: string[] = [];
const ctx = { waiting: (what: string) => void waits.push(what) } as unknown as StepContext;

/** Looks that find these one after another, the last one again and again. */
function looks(...findings: (string[] | Error)[]): () => Promise<string[]> {
  return () => {
    const next = findings.length > 1 ? findings.shift() : findings[0];
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? []);
  };
}

const outcome = (look: () => Promise<string[]>, patienceMs?: number): Promise<string[] | Error> => untilNothingLacks(ctx, 'it', look, patienceMs).catch((error: unknown) => error as Error);

it('waits out what is gone for a moment, an API server included', async () => {
  const away = new UnreachableError('https://x', { verb: 'get', object: 'Node n' }, 'ECONNREFUSED', 'refused', new Error('refused'));
  expect(await outcome(looks(['n is not Ready'], away, ['n is not Ready'], []))).toEqual([]);
  expect(waits).toContain('it');
});

it('resolves what is still lacking in the end', async () => {
  expect(await outcome(looks(['n is not Ready']), 50)).toEqual(['n is not Ready']);
});

it('throws what is no state of the cluster, and an API server that never answers', async () => {
  expect(await outcome(looks(new TypeError('a bug')))).toBeInstanceOf(TypeError);
  const away = new UnreachableError('https://x', { verb: 'get', object: 'Node n' }, 'ECONNREFUSED', 'refused', new Error('refused'));
  expect(String(await outcome(looks(away), 50))).toContain('in vain');
});
