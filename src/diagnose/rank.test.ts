/** What the ranking promises, for any facts: no false certainty. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observationOf, type Fact, type Facts, type ObservationId } from './fact.ts';
import type { Target } from './faults/fault.ts';
import { KNOWN_FAULTS } from './faults/faults.ts';
import { nextObservations } from './next.ts';
import { CERTAINTIES, explains, judge, ranked, separateCauses, type Certainty, type Complaint } from './rank.ts';
import { SYMPTOM_KINDS, type Symptom } from './symptom/symptom.ts';

const rank = (certainty: Certainty): number => CERTAINTIES.indexOf(certainty);
const seen = (value: string): Fact => ({ value, says: value, evidence: [] });
const symptom = (kind: Symptom['kind'], phase: Symptom['phase'] = 'unknown'): Symptom => ({ kind, phase, said: 'test', raw: 'text' });

const targets: readonly Target[] = ['loopback', 'own-pod', 'pod', 'service', 'api-server', 'dns', 'node', 'load-balancer', 'outside', 'nothing', 'name'];
const complaint = fc.record({ symptom: fc.option(fc.record({ kind: fc.constantFrom(...SYMPTOM_KINDS), phase: fc.constantFrom('connect' as const, 'established' as const, 'unknown' as const) }), { nil: undefined }), target: fc.option(fc.constantFrom(...targets), { nil: undefined }) }).map(({ symptom: one, target }): Complaint => ({ ...(one === undefined ? {} : { symptom: symptom(one.kind, one.phase) }), ...(target === undefined ? {} : { target }) }));
const fault = fc.constantFrom(...KNOWN_FAULTS);

/** Observations that a fault looks at, with values of theirs, or unknown. */
const factsOf = (one: (typeof KNOWN_FAULTS)[number]): fc.Arbitrary<Map<ObservationId, Fact>> => {
  const ids = [...new Set([...one.tests.map(({ at }) => at), ...one.proofs.flat().map(({ at }) => at)])];
  return fc.tuple(...ids.map((at) => fc.option(fc.constantFrom(...observationOf(at).values), { nil: undefined }).map((value): [ObservationId, Fact] => [at, value === undefined ? { value, why: 'not read' } : seen(value)]))).map((entries) => new Map(entries));
};
const scene = fc.tuple(fault, complaint).chain(([one, about]) => factsOf(one).map((facts) => ({ one, about, facts })));

describe('the ranking', () => {
  it('proves only what has its own proof, explains the complaint, and has nothing against it', () => {
    fc.assert(fc.property(scene, ({ one, about, facts }) => {
      const { certainty, against, confirmed } = judge(one, about, facts);
      if (certainty !== 'proved') return;
      expect(confirmed).toBe(true);
      expect(against).toEqual([]);
      expect(about.symptom === undefined || explains(one, about) === 'yes').toBe(true);
      // Said in other words: some proof holds, each part of it observed; or nothing was complained of, and a rule found it.
      const holds = one.proofs.some((proof) => proof.every(({ at, is }) => { const { value } = facts.get(at) ?? {}; return value !== undefined && is.includes(value); }));
      expect(holds || (about.symptom === undefined && about.target === undefined && [...facts].some(([at, { value }]) => at.startsWith('rule:') && value === 'here'))).toBe(true);
    }), { numRuns: 3_000 });
  });

  it('is not made surer by evidence against', () => {
    fc.assert(fc.property(scene, fc.nat(), ({ one, about, facts }, pick) => {
      const tests = one.tests.filter(({ against = [], refutes = [] }) => against.length + refutes.length > 0);
      const test = tests[pick % Math.max(1, tests.length)];
      if (test === undefined) return;
      const value = [...(test.against ?? []), ...(test.refutes ?? [])][0];
      if (value === undefined) return;
      const without = new Map<ObservationId, Fact>([...facts].filter(([at]) => at !== test.at));
      // What is for one proof may be against in a test: such a value speaks for both sides.
      if (one.proofs.flat().some(({ at, is }) => at === test.at && is.includes(value))) return;
      expect(rank(judge(one, about, new Map([...without, [test.at, seen(value)]])).certainty)).toBeLessThanOrEqual(rank(judge(one, about, without).certainty));
    }), { numRuns: 3_000 });
  });

  it('takes the status of a text for words of it', () => {
    const about = (status: string): Complaint => ({ symptom: { ...symptom('http'), status }, target: 'service' });
    const crashed = KNOWN_FAULTS.find(({ id }) => id === 'W1');
    if (crashed === undefined) throw new Error('there is such a fault');
    expect([explains(crashed, about('503')), explains(crashed, about('403'))]).toEqual(['yes', 'no']);
  });

  it('neither excludes nor proves by what is not known', () => {
    fc.assert(fc.property(scene, fc.nat(), ({ one, about, facts }, pick) => {
      const ids = [...facts.keys()];
      const at = ids[pick % Math.max(1, ids.length)];
      if (at === undefined) return;
      const unknown = new Map([...facts, [at, { value: undefined, why: 'not read' } satisfies Fact]] as const);
      const absent = new Map([...facts].filter(([id]) => id !== at));
      expect(judge(one, about, unknown).certainty).toBe(judge(one, about, absent).certainty);
      const nothing = judge(one, about, new Map());
      expect(['possible', 'excluded']).toContain(nothing.certainty);
      expect(nothing.certainty === 'excluded').toBe(explains(one, about) === 'no');
    }), { numRuns: 2_000 });
  });

  it('says of everything that was not looked at why, and counts nothing twice', () => {
    fc.assert(fc.property(scene, ({ one, about, facts }) => {
      const judged = judge(one, about, facts);
      const known = new Set(one.tests.filter(({ at }) => facts.get(at)?.value !== undefined).map(({ at }) => at));
      expect(new Set(judged.unchecked.map(({ at }) => at))).toEqual(new Set(one.tests.map(({ at }) => at).filter((at) => !known.has(at))));
      expect(new Set(judged.for.map(({ at }) => at)).size).toBe(judged.for.length);
    }), { numRuns: 500 });
  });

  it('orders by certainty, and keeps everything', () => {
    fc.assert(fc.property(complaint, (about) => {
      const all = KNOWN_FAULTS.map((one) => judge(one, about, new Map()));
      const order = ranked(all).map(({ certainty }) => rank(certainty));
      expect(order).toEqual(order.toSorted((a, b) => b - a));
      expect(new Set(ranked(all))).toEqual(new Set(all));
    }), { numRuns: 50 });
  });

  it('does not call the general form of a cause another cause', () => {
    const facts: Facts = new Map<ObservationId, Fact>([['target', seen('service')], ['target-state', seen('crash-loop')], ['listener', seen('none')], ['container-port', seen('declared')], ['target-restarts', seen('many')]]);
    const causes = KNOWN_FAULTS.map((one) => judge(one, { symptom: symptom('refused', 'connect'), target: 'service' }, facts));
    expect(ranked(causes).filter(({ certainty }) => certainty === 'proved').map(({ fault: { id } }) => id)).toEqual(['W1', 'X3']);
    expect(separateCauses(causes).map(({ fault: { id } }) => id)).toEqual(['W1']);
  });
});

describe('a rule that found nothing', () => {
  const complaint_ = { symptom: symptom('timeout', 'connect'), target: 'pod' } as const;
  const certainty = (...more: readonly [ObservationId, Fact][]): Certainty | undefined => KNOWN_FAULTS.filter(({ id }) => id === 'H10').map((one) => judge(one, complaint_, new Map<ObservationId, Fact>([['cni', seen('calico')], ['placement', seen('different')], ...more])).certainty)[0];

  it('excludes its fault where it saw all, and takes back neither its own words nor what another rule found', () => {
    const nothing: [ObservationId, Fact] = ['rule:FL-HOST-013', seen('pass')];
    expect(certainty()).toBe('possible');
    expect(certainty(nothing)).toBe('excluded');
    expect(certainty(['rule:FL-HOST-013', { ...seen('pass'), weak: 'incomplete' } as Fact])).toBe('possible');
    expect(certainty(nothing, ['says:H10', seen('said')])).toBe('likely');
    expect(certainty(nothing, ['rule:FL-CNI-013', seen('here')])).toBe('likely');
    // What was sent and arrived excludes it all the same.
    expect(certainty(nothing, ['says:H10', seen('said')], ['tunnel', seen('arrives')])).toBe('excluded');
  });
});

describe('what to look at next', () => {
  it('is something unknown that can change the order, the cheapest first', () => {
    fc.assert(fc.property(complaint, fc.subarray(['policy', 'listener', 'endpoints', 'target-state', 'route'] as const), (about, known) => {
      const facts = new Map<ObservationId, Fact>(known.map((at) => [at, seen(observationOf(at).values[0] ?? '')]));
      const causes = ranked(KNOWN_FAULTS.map((one) => judge(one, about, facts)));
      const next = nextObservations(causes, facts);
      expect(next.filter(({ at }) => facts.get(at)?.value !== undefined)).toEqual([]);
      expect(next.map(({ cost }) => cost)).toEqual(next.map(({ cost }) => cost).toSorted((a, b) => a - b));
      const open = new Set(causes.filter(({ certainty }) => certainty === 'likely' || certainty === 'possible').map(({ fault: { id } }) => id));
      for (const { tells } of next) expect(tells.every((id) => open.has(id)) && tells.length > 0).toBe(true);
    }), { numRuns: 100 });
  });

  it('is nothing where no cause is open', () => expect(nextObservations([], new Map())).toEqual([]));

  it('tells the likely ones apart first, and of one price by what tells most', () => {
    const facts = new Map<ObservationId, Fact>([['placement', seen('different')], ['connect-direct', seen('timeout')], ['connect-client-node', seen('timeout')], ['connect-target-node', seen('ok')], ['connect-nodes', seen('ok')], ['connect-client', seen('timeout')], ['cni', seen('flannel')]]);
    const causes = ranked(KNOWN_FAULTS.map((one) => judge(one, { symptom: symptom('timeout', 'connect'), target: 'pod' }, facts)));
    const likely = causes.filter(({ certainty }) => certainty === 'likely').map(({ fault: { id } }) => id);
    expect(likely).toEqual(expect.arrayContaining(['V4', 'V5', 'V6', 'A7', 'H9', 'L4']));
    const live = nextObservations(causes, facts, (at) => ['tunnel', 'tunnel-port', 'filter-counter', 'connect-dns', 'connect-inside'].includes(at));
    expect(live.slice(0, 2).map(({ at }) => at)).toEqual(['tunnel', 'tunnel-port']);
    // It would tell of others, and is cheaper.
    expect(live.map(({ at }) => at)).not.toContain('connect-dns');
    for (const { tells } of live) expect(likely).toEqual(expect.arrayContaining(tells));
  });

  it('leaves out what cannot be done', () => {
    const causes = ranked(KNOWN_FAULTS.map((one) => judge(one, { symptom: symptom('timeout', 'connect'), target: 'service' }, new Map())));
    expect(nextObservations(causes, new Map(), (at) => at === 'policy').map(({ at }) => at)).toEqual(['policy']);
  });
});
