/** The knowledge base is whole: every fault of the catalogue, every rule that finds one, and nothing that it names is missing. */
import { describe, expect, it } from 'vitest';
import { FAULTS as CATALOGUE } from '../../audit/fault-ids.ts';
import { RULES } from '../../audit/rules.ts';
import { SIGNATURES } from '../../packets/signatures/catalogue.ts';
import { observationOf, OBSERVATIONS, type ObservationId } from '../fact.ts';
import { SYMPTOM_KINDS } from '../symptom/symptom.ts';
import { faultOf, KNOWN_FAULTS } from './faults.ts';

/** Rules that say less than the knowledge base itself looks at. */
const HEARD_OTHERWISE: Readonly<Record<string, string>> = { 'FL-CNI-015': 'events are read word for word, by `says`', 'FL-POL-013': 'it is a remark on every K3s with policies; `policy` and `denied-how` say whether it matters' };

describe('the knowledge base', () => {
  it.each(CATALOGUE.map(({ id, name }) => [id, name]))('has %s %s', (id, name) => expect(faultOf(id).name).toBe(name));

  it('has each id and name once', () => {
    for (const of of [(one: { id: string }): string => one.id, (one: { name: string }): string => one.name] as ((one: { id: string; name: string }) => string)[]) expect(new Set(KNOWN_FAULTS.map(of)).size).toBe(KNOWN_FAULTS.length);
  });

  it('listens to every rule that finds a fault', () => {
    const deaf = RULES.filter(({ id }) => !(id in HEARD_OTHERWISE)).flatMap(({ id, faults }) => faults.filter((fault) => !faultOf(fault).tests.some(({ at }) => at === `rule:${id}`)).map((fault) => `${fault} does not listen to ${id}`));
    expect(deaf).toEqual([]);
  });
});

/** Whether an observation is one that there is. */
function exists(at: ObservationId): boolean {
  if (at.startsWith('rule:')) return RULES.some(({ id, faults }) => `rule:${id}` === at && faults.length > 0);
  if (at.startsWith('capture:')) return at.slice('capture:'.length) in SIGNATURES;
  if (at.startsWith('says:')) return KNOWN_FAULTS.some(({ id, says = [] }) => `says:${id}` === at && says.length > 0);
  return at in OBSERVATIONS;
}

describe.each(KNOWN_FAULTS.map((fault) => [fault.id, fault] as const))('%s', (_id, fault) => {
  it('names observations and values that there are', () => {
    const used = [...fault.tests.flatMap(({ at, for: fors = [], against = [], refutes = [] }) => [...fors, ...against, ...refutes].map((value) => ({ at, value }))), ...fault.proofs.flat().flatMap(({ at, is }) => is.map((value) => ({ at, value })))];
    expect(used.filter(({ at }) => !exists(at)).map(({ at }) => at)).toEqual([]);
    expect(used.filter(({ at, value }) => !observationOf(at).values.includes(value)).map(({ at, value }) => `${at} ${value}`)).toEqual([]);
  });

  it('can be told from others: something speaks for it, and it is not proved by nothing', () => {
    expect(fault.tests.some(({ for: fors = [] }) => fors.length > 0)).toBe(true);
    for (const proof of fault.proofs) {
      expect(proof.length).toBeGreaterThan(0);
      // What a client sees, who serves pods and where they are is no proof of anything.
      expect(proof.some(({ at }) => !['symptom', 'target', 'cni', 'enforcer', 'proxy', 'placement'].includes(at))).toBe(true);
    }
    for (const one of fault.tests) expect((one.for ?? []).filter((value) => one.refutes?.includes(value) === true || one.against?.includes(value) === true)).toEqual([]);
  });

  it('says what to do, how to see that it helped, and where that is from', () => {
    expect(fault.fix.length).toBeGreaterThan(0);
    expect(fault.verify).toMatch(/\.$/);
    expect(fault.source.length).toBeGreaterThan(0);
    for (const id of fault.caseOf ?? []) expect(faultOf(id).id).toBe(id);
    for (const { kinds } of fault.shows) expect(kinds.filter((kind) => !SYMPTOM_KINDS.includes(kind))).toEqual([]);
  });
});
