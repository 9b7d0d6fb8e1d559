/** What a fault of the knowledge base is: data. What it looks like, what speaks for and against it, what proves it, what mends it. */
import type { Fix } from '../../core/finding.ts';
import type { ObservationId } from '../fact.ts';
import type { Phase, SymptomKind } from '../symptom/symptom.ts';

/** Whose matter it is. Of these `application` and `configuration` are not the network's. */
export type Layer = 'application' | 'configuration' | 'pod' | 'cni' | 'address' | 'overlay' | 'mtu' | 'host' | 'policy' | 'service' | 'dns' | 'load-balancer';

/** Kinds of other ends, as observation `target` names them. */
export type Target = 'loopback' | 'own-pod' | 'pod' | 'service' | 'api-server' | 'dns' | 'node' | 'load-balancer' | 'outside' | 'nothing' | 'name';

/** One way in which a client sees it. What is not given may be anything. */
export interface Shows { kinds: readonly SymptomKind[]; to?: readonly Target[]; phase?: Phase; words?: RegExp }

/** What an observation says about it. */
export interface Test {
  at: ObservationId;
  /** Values that speak for it. */
  for?: readonly string[];
  /** Values that speak against it, and leave it possible. */
  against?: readonly string[];
  /** Values with which it cannot be the cause. */
  refutes?: readonly string[];
}

/** All of these together prove it, if it explains the symptom. */
export type Proof = readonly { at: ObservationId; is: readonly string[] }[];

export interface Fault {
  /** As in the catalogue of faults (src/audit/fault-ids.ts), or K… and W… for what is no fault of the network's. */
  id: string;
  name: string;
  /** One line, what is wrong. */
  title: string;
  layer: Layer;
  shows: readonly Shows[];
  /** Lines of logs and events that are its own. */
  says?: readonly RegExp[];
  /** Faults of which it is a case: a particular reason for them. */
  caseOf?: readonly string[];
  tests: readonly Test[];
  proofs: readonly Proof[];
  /** What people take it for, and why it is not that. */
  belief?: string;
  fix: readonly Fix[];
  verify: string;
  source: readonly string[];
}

/** Whether a fault is one of the network: of anything between two applications that are as they should be. */
export function isNetwork({ layer }: Pick<Fault, 'layer'>): boolean {
  return layer !== 'application' && layer !== 'configuration';
}

/** Silence on the way there: the SYN or the question got no answer. `deadline` is a client's own clock and may be anything slow. */
export const silence = (to: readonly Target[]): Shows => ({ kinds: ['timeout', 'deadline'], to });
/** Names cannot be looked up when the DNS pods cannot be reached. */
export const namesLost: Shows = { kinds: ['name-timeout'] };

/** What a rule says that finds this fault. */
export const rule = (id: string): Test => ({ at: `rule:${id}`, for: ['here', 'cluster'], against: ['pass'] });
/** The same of a rule that looks at all that the fault can be: where it finds nothing, and had all of it before it (observe/complete.ts), the fault is not there. */
export const ruleOfAll = (id: string): Test => ({ at: `rule:${id}`, for: ['here', 'cluster'], refutes: ['pass'] });
/** A rule's finding on the path proves it. */
export const byRule = (id: string, ...more: Proof): Proof => [{ at: `rule:${id}`, is: ['here'] }, ...more];
