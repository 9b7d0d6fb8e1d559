/** Judges causes by what was observed. Pure. Proved needs the fault's own proof, a symptom that it explains, and nothing against it. */
import { RULES } from '../audit/rules.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Fact, Facts, ObservationId } from './fact.ts';
import type { Fault, Shows, Target } from './faults/fault.ts';
import { REMOTE } from './faults/parts.ts';
import { isOwn, UNCONNECTED, type Symptom } from './symptom/symptom.ts';

/** From weakest to strongest. */
export const CERTAINTIES = ['excluded', 'possible', 'likely', 'proved'] as const;
export type Certainty = (typeof CERTAINTIES)[number];

export interface Said { at: ObservationId | 'symptom'; value: string; says: string; evidence: readonly Evidence[] }
export interface Unchecked { at: ObservationId; why: string; command?: string }
export interface Judgement { fault: Fault; certainty: Certainty; for: Said[]; against: Said[]; unchecked: Unchecked[]; /** All of a proof was seen, whatever else. */ confirmed: boolean; /** It does not look like what was complained of, and does like what the connection comes to now. */ now?: true }

/** What is to be explained; without a symptom everything that is there. */
export interface Complaint { symptom?: Symptom; /** What the connection comes to now, where that is something else. */ now?: Symptom; target?: Target }

const fits = (show: Shows, { symptom, target }: Complaint): 'yes' | 'no' | 'maybe' => {
  if (symptom === undefined || symptom.kind === 'unknown') return 'maybe';
  if (symptom.kind === 'unconnected') return show.kinds.some((kind) => UNCONNECTED.includes(kind)) && show.phase !== 'established' ? 'maybe' : 'no';
  if (!show.kinds.includes(symptom.kind)) return 'no';
  // A status may be told in words alone (`no healthy upstream`).
  if (show.words !== undefined && !show.words.test(`${symptom.raw} ${symptom.status ?? ''}`)) return 'no';
  if (show.phase !== undefined && symptom.phase !== 'unknown' && symptom.phase !== show.phase) return 'no';
  const sure = show.phase === undefined || symptom.phase !== 'unknown';
  if (show.to === undefined) return sure ? 'yes' : 'maybe';
  // Without a cluster an address that is not the client's own is at least one of somebody else.
  const { to } = show;
  if (target === undefined) return sure && symptom.address !== undefined && !isOwn(symptom.address) && REMOTE.every((one) => to.includes(one)) ? 'yes' : 'maybe';
  return !show.to.includes(target) ? 'no' : sure ? 'yes' : 'maybe';
};

/** Whether a fault would look like that. `maybe`: nothing is known of the symptom, or too little. */
export function explains(fault: Fault, complaint: Complaint): 'yes' | 'no' | 'maybe' {
  const all = fault.shows.map((show) => fits(show, complaint));
  return all.includes('yes') ? 'yes' : all.includes('maybe') ? 'maybe' : 'no';
}

const seen = (facts: Facts, at: ObservationId, values: readonly string[] | undefined): (Fact & { value: string }) | undefined => {
  const fact = facts.get(at);
  return fact?.value !== undefined && values?.includes(fact.value) === true ? fact : undefined;
};

/** Rules that find one fault alone: of the others a finding leaves open which fault it is. */
const ONE_FAULT: ReadonlyMap<string, string | undefined> = new Map(RULES.filter(({ faults }) => faults.length === 1).map(({ id, faults }) => [`rule:${id}`, faults[0]]));

/** Whether what a rule finds here means this fault and no other: where nothing was complained of, that proves it. */
export const provesAlone = (at: ObservationId, fault: string): boolean => ONE_FAULT.get(at) === fault;

/** Somebody who fails now and then may have met the one of several that fails. */
const NOW_AND_THEN = /\b(?:intermittent(?:ly)?|sometimes|sporadic(?:ally)?|occasional(?:ly)?|now and then|every (?:other|second|third) (?:request|time)|some (?:of the )?(?:requests|connections))\b/i;

/** Judges one fault. */
export function judge(fault: Fault, complaint: Complaint, facts: Facts): Judgement {
  const [fors, all, unchecked]: [Said[], Said[], Unchecked[]] = [[], [], []];
  let [refuted, passed] = [false, false];
  const say = (list: Said[], at: ObservationId, fact: Fact & { value: string }): void => {
    if ('says' in fact && !list.some((one) => one.at === at)) list.push({ at, value: fact.value, says: fact.says, evidence: fact.evidence });
  };
  const then = explains(fault, complaint);
  const { symptom, now } = complaint;
  const since = then === 'no' && now !== undefined ? explains(fault, { ...complaint, symptom: now }) : 'no';
  const shows = since === 'no' ? then : since;
  if (shows === 'no' && symptom !== undefined) all.push({ at: 'symptom', value: symptom.kind, says: 'it does not look like that', evidence: [{ source: 'error text', excerpt: symptom.raw.slice(0, 300), level: 'observed' }] });
  for (const test of fault.tests) {
    const fact = facts.get(test.at);
    if (fact?.value === undefined) {
      unchecked.push({ at: test.at, why: fact?.why ?? 'it was not looked at', ...(fact?.command === undefined ? {} : { command: fact.command }) });
      continue;
    }
    const [yes, no, never] = [seen(facts, test.at, test.for), seen(facts, test.at, test.against), seen(facts, test.at, test.refutes)];
    if (yes !== undefined) say(fors, test.at, yes);
    if (no !== undefined) say(all, test.at, no);
    if (never !== undefined) {
      say(all, test.at, never);
      const sure = !('weak' in never) || never.weak === undefined;
      if (test.at.startsWith('rule:')) passed ||= sure;
      else refuted ||= sure;
    }
  }
  // Rules are ways to find it: what one of them finds, or the fault's own words, is not taken back by another that finds nothing.
  const found = fors.some(({ at }) => at.startsWith('rule:') || at.startsWith('says:'));
  refuted ||= passed && !found;
  const againsts = found ? all.filter(({ at, value }) => !(at.startsWith('rule:') && value === 'pass')) : all;
  const sure = (fact: Fact & { value: string }): boolean => !('weak' in fact) || fact.weak === undefined || (fact.weak === 'one-of-several' && symptom !== undefined && NOW_AND_THEN.test(symptom.raw));
  const proof = fault.proofs.find((one) => one.length > 0 && one.every(({ at, is }) => { const fact = seen(facts, at, is); return fact !== undefined && sure(fact); }));
  for (const { at, is } of proof ?? []) {
    const fact = seen(facts, at, is);
    if (fact !== undefined) say(fors, at, fact);
  }
  // Where nothing was complained of, a fault that is there needs to explain nothing.
  const present = symptom === undefined && complaint.target === undefined && fors.some(({ at, value }) => provesAlone(at, fault.id) && value === 'here');
  const confirmed = proof !== undefined || present;
  // A connection that stands, and of which nobody complained, has no likely causes.
  const stands = symptom === undefined && facts.get('connect-client')?.value === 'ok';
  return { fault, ...(since === 'no' ? {} : { now: true as const }), certainty: certaintyOf({ shows, symptom, refuted, confirmed, stands, fors: fors.length, againsts: againsts.length }), for: fors, against: againsts, unchecked, confirmed };
}

function certaintyOf(at: { shows: 'yes' | 'no' | 'maybe'; symptom: Symptom | undefined; refuted: boolean; confirmed: boolean; stands: boolean; fors: number; againsts: number }): Certainty {
  if (at.refuted || at.shows === 'no') return 'excluded';
  if (at.confirmed && at.againsts === 0 && (at.shows === 'yes' || at.symptom === undefined)) return 'proved';
  return at.fors > at.againsts && !at.stands ? 'likely' : 'possible';
}

const rankOf = (certainty: Certainty): number => CERTAINTIES.indexOf(certainty);

/** Orders: the surest first, then what is proved by itself, the particular before what it is a case of, then by how much speaks for it; else in the catalogue's order, which goes from the frequent to the rare. */
export function ranked(judgements: readonly Judgement[]): Judgement[] {
  const score = (one: Judgement): number => one.for.length - one.against.length;
  const proved = judgements.filter(({ certainty }) => certainty === 'proved');
  /** Of how many proved causes it is the general form. */
  const generality = ({ certainty, fault: { id } }: Judgement): number => (certainty === 'proved' ? proved.filter(({ fault }) => fault.caseOf?.includes(id)).length : 0);
  return judgements.toSorted((a, b) => rankOf(b.certainty) - rankOf(a.certainty) || Number(b.confirmed) - Number(a.confirmed) || generality(a) - generality(b) || score(b) - score(a));
}

/** Proved causes that are not merely the general form of another. */
export function separateCauses(judgements: readonly Judgement[]): Judgement[] {
  const proved = judgements.filter(({ certainty }) => certainty === 'proved');
  return proved.filter(({ fault }) => !proved.some((other) => other.fault.caseOf?.includes(fault.id)));
}
