/** What counts as gone. */
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../diagnose.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { faultOf } from '../faults/faults.ts';
import { untilGone, verifiedBy, type Verified } from './verify.ts';

type Certainty = Diagnosis['causes'][number]['certainty'];
const facts = (seen: Readonly<Record<string, string>>): ReadonlyMap<ObservationId, Fact> => new Map(Object.entries(seen).map(([at, value]) => [at as ObservationId, { value, says: '', evidence: [] }]));
const diagnosis = (fault: string, certainty: Certainty, seen: Readonly<Record<string, string>>, kind: Diagnosis['verdict']['kind'] = 'undecided'): Diagnosis =>
  ({ facts: facts(seen), causes: [{ fault: faultOf(fault), certainty, for: [], against: [], unchecked: [], confirmed: false }], verdict: { kind, summary: '', network: 'unknown' } }) as unknown as Diagnosis;

const DENIED = { policy: 'denies', 'denied-how': 'dropped' };
describe('a cause', () => {
  it.each<[string, Verified, Diagnosis]>([
    ['that is proved again is still there', 'still', diagnosis('P10', 'proved', DENIED)],
    ['that is excluded is gone', 'gone', diagnosis('P10', 'excluded', { policy: 'allows' })],
    ['whose proof is otherwise now is gone', 'gone', diagnosis('P10', 'possible', { policy: 'depends', 'denied-how': 'dropped' })],
    ['whose proof was not looked at is not known', 'unknown', diagnosis('P10', 'possible', {})],
    ['of a connection that stands is gone', 'gone', diagnosis('P10', 'possible', {}, 'works')],
  ])('%s', (_what, verified, after) => expect(verifiedBy(faultOf('P10'), { facts: facts(DENIED) }, after)).toBe(verified));

  it('that nothing proved before but a rule of the audit is not gone by being merely possible', () => {
    expect(verifiedBy(faultOf('P10'), { facts: facts({}) }, diagnosis('P10', 'possible', { policy: 'depends' }))).toBe('unknown');
  });

  it('is looked for until it is gone, and at least once', async () => {
    let looks = 0;
    const again = (goneAt: number) => async (): Promise<Diagnosis> => await Promise.resolve(++looks >= goneAt ? diagnosis('P10', 'excluded', {}) : diagnosis('P10', 'proved', DENIED));
    const options = { withinMs: 60_000, pauseMs: 1, signal: new AbortController().signal };
    const before = diagnosis('P10', 'proved', DENIED);
    await untilGone([faultOf('P10')], before, again(3), options);
    expect(looks).toBe(3);
    looks = 0;
    expect((await untilGone([faultOf('P10')], before, again(3), { ...options, withinMs: 0 })).causes[0]?.certainty).toBe('proved');
    expect(looks).toBe(1);
  });
});
