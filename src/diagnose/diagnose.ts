/** From what is known to a diagnosis: observes, judges, asks for what would tell causes apart, until one remains or nothing more can be asked. */
import type { Snapshot } from '../cluster/snapshot/model.ts';
import { assemble } from '../cluster/snapshot/model.ts';
import type { CaptureReport } from '../packets/report/schema.ts';
import { View } from '../audit/view.ts';
import { complained, complaintOf } from './again.ts';
import { beliefsFor, type Belief } from './beliefs.ts';
import { findEnds, type Asked, type Ends } from './ends.ts';
import type { Fact, Facts, ObservationId } from './fact.ts';
import { KNOWN_FAULTS } from './faults/faults.ts';
import { nextObservations, type Next } from './next.ts';
import { captureFacts } from './observe/captures.ts';
import { observeEach, weighed } from './observe/certain.ts';
import { HOSTS } from './observe/hosts.ts';
import { sifted } from './observe/filter-rule.ts';
import { symptomOf, textFacts, type Log } from './observe/logs.ts';
import { OBJECTS } from './observe/objects.ts';
import { POLICY } from './observe/policy.ts';
import { ruleFacts } from './observe/rules.ts';
import { fact, type Scene } from './observe/scene.ts';
import { untried } from './observe/tries.ts';
import { TUNNEL } from './observe/tunnel.ts';
import { hopsOf, marked, type Hop } from './path.ts';
import { judge, ranked, type Complaint, type Judgement } from './rank.ts';
import { readSymptom } from './symptom/parse.ts';
import { KIND_WORDS, type Symptom } from './symptom/symptom.ts';
import { verdictOf, type Verdict } from './verdict.ts';

export interface Inputs {
  texts: readonly string[];
  asked: Asked;
  logs: readonly Log[];
  /** The cluster as it was read; without it texts are all there is. */
  snapshot?: Snapshot;
  capture?: CaptureReport;
}

/** Makes observations in a living cluster. */
export interface Prober {
  /** Whether this observation can be made here. */
  can(at: ObservationId, scene: Scene): boolean;
  /** Makes it. Does not reject for what cannot be done: that is a fact without a value. May make others along with it. */
  observe(at: ObservationId, scene: Scene): Promise<ReadonlyMap<ObservationId, Fact>>;
}

export interface Diagnosis {
  symptom?: Symptom;
  /** How often the log has it, where the symptom was taken from a log. */
  fromLog?: { count: number; of: number };
  /** What was looked at. */
  view: View;
  ends: Ends;
  facts: Facts;
  causes: Judgement[];
  path: Hop[];
  next: Next[];
  verdict: Verdict;
  notes: Belief[];
  /** Whether a cluster was looked at. */
  looked: boolean;
  unknown: Snapshot['unknown'];
}

/** Observations that are made in one diagnosis at most: each has its own deadline, and a person waits. */
const MOST_PROBES = 16;

const EMPTY: Snapshot = assemble({ tool: '', collectedAt: new Date(0).toISOString(), source: 'files', from: [], entries: [], hosts: [], unlisted: [], unknown: [] });

/** What was complained of: the first text that is understood, else what a log says most often. */
export function symptomFrom({ texts, logs }: Pick<Inputs, 'texts' | 'logs'>): { symptom?: Symptom; fromLog?: Diagnosis['fromLog'] } {
  const read = texts.map(readSymptom);
  const text = read.find(({ kind }) => kind !== 'unknown') ?? read[0];
  if (text !== undefined && (text.kind !== 'unknown' || logs.length === 0)) return { symptom: text };
  const log = symptomOf(logs);
  return log === undefined ? (text === undefined ? {} : { symptom: text }) : { symptom: log.symptom, fromLog: { count: log.count, of: log.of } };
}

/** All that can be seen without sending anything. */
function observed(scene: Scene, inputs: Inputs): Map<ObservationId, Fact> {
  const facts = new Map<ObservationId, Fact>();
  const own = inputs.snapshot === undefined ? { target: OBJECTS.target } : { ...OBJECTS, ...POLICY, ...HOSTS, ...TUNNEL };
  for (const [at, observe] of Object.entries(own)) {
    const seen = observe === undefined ? undefined : observeEach(at as ObservationId, observe, scene);
    if (seen !== undefined) facts.set(at as ObservationId, seen);
  }
  if (inputs.snapshot !== undefined) for (const [at, seen] of ruleFacts(scene)) facts.set(at, seen);
  if (inputs.capture !== undefined) for (const [at, seen] of captureFacts(scene, inputs.capture)) facts.set(at, seen);
  for (const [at, seen] of untried(scene)) facts.set(at, seen);
  for (const [at, seen] of textFacts(scene, inputs.texts, inputs.logs)) facts.set(at, seen);
  for (const [at, seen] of facts) facts.set(at, weighed(at, seen, scene));
  return facts;
}

const judgeAll = (complaint: Complaint, facts: Facts): Judgement[] => ranked(KNOWN_FAULTS.map((fault) => judge(fault, complaint, facts)));

/** Whether another observation is worth its trouble: nothing is proved, and the connection does not simply stand. */
const isOpen = (causes: readonly Judgement[], facts: Facts, symptom: Symptom | undefined): boolean => !causes.some(({ certainty }) => certainty === 'proved') && !(facts.get('connect-client')?.value === 'ok' && (symptom === undefined || symptom.phase === 'connect'));

const ALONG_THE_WAY: readonly ObservationId[] = ['connect-client', 'connect-inside', 'connect-target-node', 'connect-client-node', 'connect-direct', 'connect-nodes'];

/** Where no cause is left to be told from another: the connection itself is tried, and the broken part of the way is looked for, from both ends. */
function alongTheWay(ends: Ends, facts: Facts, can: (at: ObservationId) => boolean): ObservationId | undefined {
  const found = hopsOf(ends, facts).some(({ state }) => state === 'broken');
  return (found ? ALONG_THE_WAY.slice(0, 1) : ALONG_THE_WAY).find((at) => facts.get(at)?.value === undefined && can(at));
}

/** Diagnoses. Errors: UsageError for ends that the input does not have. */
export async function diagnose(inputs: Inputs, prober?: Prober): Promise<Diagnosis> {
  const read = symptomFrom(inputs);
  let { symptom } = read;
  const view = new View(inputs.snapshot ?? EMPTY);
  const ends = findEnds(view, inputs.asked, symptom);
  const scene = (): Scene => ({ view, ends, ...(symptom === undefined ? {} : { symptom }) });
  const facts = observed(scene(), inputs);
  const complain = (): void => void (symptom !== undefined && facts.set('symptom', fact(symptom.kind, `the complaint is: ${KIND_WORDS[symptom.kind]}`, { source: 'error text', excerpt: symptom.raw.slice(0, 300), level: 'observed' })));
  complain();
  const complaint = (): Complaint => complaintOf(symptom, facts, ends);
  let causes = judgeAll(complaint(), facts);
  const tried = new Set<ObservationId>();
  const can = (at: ObservationId): boolean => prober !== undefined && !tried.has(at) && prober.can(at, scene());
  // Without a text the connection itself is the first question.
  let first: ObservationId | undefined = (symptom === undefined || symptom.kind === 'unconnected') && can('connect-client') ? 'connect-client' : undefined;
  for (let count = 0; prober !== undefined && count < MOST_PROBES && (first !== undefined || isOpen(causes, facts, symptom)); count++) {
    const at: ObservationId | undefined = first ?? nextObservations(causes, facts, can)[0]?.at ?? alongTheWay(ends, facts, can);
    first = undefined;
    if (at === undefined) break;
    tried.add(at);
    for (const [id, seen] of await prober.observe(at, scene())) for (const [of, sure] of id === 'filter-counter' ? sifted(scene(), seen) : [[id, seen] as const]) facts.set(of, weighed(of, sure, scene()));
    // What is small gets through: the next question is what is large.
    if (symptom === undefined && facts.get('connect-client')?.value === 'ok' && can('large-packets')) first = 'large-packets';
    symptom = complained(symptom, facts, ends);
    complain();
    causes = judgeAll(complaint(), facts);
  }
  const path = marked(hopsOf(ends, facts), causes, ends);
  const asked = symptom !== undefined || ends.target !== undefined;
  return {
    ...(symptom === undefined ? {} : { symptom }), ...(read.fromLog === undefined ? {} : { fromLog: read.fromLog }), view, ends, facts, causes, path,
    next: isOpen(causes, facts, symptom) ? nextObservations(causes, facts).slice(0, 5) : [], verdict: verdictOf(causes, facts, path, { asked, ...complaint() }), notes: beliefsFor(complaint(), facts, causes),
    looked: inputs.snapshot !== undefined, unknown: [...(inputs.snapshot?.unknown ?? []), ...(inputs.snapshot?.hosts.flatMap((host) => host.unknown ?? []) ?? [])],
  };
}
