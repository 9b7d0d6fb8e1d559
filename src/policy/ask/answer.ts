/** Answers whether one end may talk to another: the policies of both sides, and what holds whatever they say. */
import type { Engine } from '../compile/engine.ts';
import type { Protocol } from '../model/ports.ts';
import { decide, type Answer, type Decision } from './decide.ts';
import type { End } from './ends.ts';

/** On what an answer rests: policies, a rule above them, something nobody promises, or that nothing is enforced. */
export type Basis = 'policy' | 'exception' | 'undefined' | 'unenforced';

export interface Verdict {
  verdict: Answer;
  basis: Basis;
  from: End;
  to: End;
  protocol: Protocol;
  port: number;
  /** Absent where an exception decided before any policy was asked. */
  egress?: Decision;
  ingress?: Decision;
  /** Sentences that are no policy's: exceptions, and what the answer depends on. */
  notes: string[];
}

const nodeOf = (end: End): string | undefined => (end.kind === 'node' ? end.node.name : end.kind === 'pod' && end.pod.hostNetwork ? end.pod.node : undefined);
const onHost = (end: End): boolean => end.kind === 'node' || (end.kind === 'pod' && end.pod.hostNetwork);

/** Both sides must allow; a denial of one is certain. */
export const combine = (a: Answer, b: Answer): Answer => (a === 'deny' || b === 'deny' ? 'deny' : a === 'depends' || b === 'depends' ? 'depends' : 'allow');

/** What hangs on something, of the decisions that are not firm. */
function dependencies(decisions: readonly Decision[]): string[] {
  const reasons = decisions.filter((one) => one.answer === 'depends').flatMap((one) => [
    ...one.heard.flatMap((heard) => heard.unless ?? []),
    ...one.isolated.flatMap((isolation) => isolation.condition ?? []),
  ]);
  return [...new Set(reasons)].map((reason) => `Depends on: ${reason}.`);
}

/** The answer for two single ends. */
export function answer(engine: Engine, from: End, to: End, protocol: Protocol, port: number): Verdict {
  const base = { from, to, protocol, port };
  if (from.kind === 'pod' && to.kind === 'pod' && from.pod === to.pod) {
    return { ...base, verdict: 'allow', basis: 'exception', notes: ['A pod may always reach its own address.'] };
  }
  const atom = engine.ports.atom(protocol, port);
  const egress = decide(engine, engine.egress.side, from.class, to.class, atom);
  const ingress = decide(engine, engine.ingress.side, to.class, from.class, atom);
  const own = ownNode(from, to, ingress);
  const verdict = combine(egress.answer, own?.answer ?? ingress.answer);
  const notes = own === undefined ? dependencies([egress, ingress]) : [...dependencies([egress]), own.note];
  const enforced = engine.state.enforcer.enforces.value.length > 0;
  const undefinedParts = verdict === 'depends' || own?.answer === 'depends';
  return { ...base, verdict, basis: !enforced ? 'unenforced' : own !== undefined && verdict !== 'deny' ? 'exception' : undefinedParts ? 'undefined' : 'policy', egress, ingress, notes };
}

/** A pod's own node may always reach it (API: "traffic from the pod's local node"; kubelet probes need it). */
function ownNode(from: End, to: End, ingress: Decision): { answer: Answer; note: string } | undefined {
  if (ingress.answer === 'allow' || !onHost(from) || to.kind !== 'pod' || to.pod.hostNetwork) return undefined;
  const [node, at] = [nodeOf(from), to.pod.node];
  if (node !== undefined && at !== undefined) return node === at ? { answer: 'allow', note: `A pod's own node (${node}) may always reach it.` } : undefined;
  return { answer: 'depends', note: `Depends on: where ${to.name} runs; its own node may always reach it, and the input does not tell.` };
}
