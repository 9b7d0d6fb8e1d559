/** What a rule of the audit is: data for its page and its explanation, a check, and an example that it finds and one that it does not. */
import type { Evidence } from '../core/evidence.ts';
import type { Fix, Severity, Unknown } from '../core/finding.ts';
import type { View } from './view.ts';

/** Objects, as the API has them; facts of hosts are objects of kind HostFacts. */
export type Example = readonly Readonly<Record<string, unknown>>[];

/** One thing that a rule found. What is not given is the rule's own. */
export interface Found {
  subjects: readonly string[];
  summary: string;
  evidence: readonly Evidence[];
  severity?: Severity;
  why?: string;
  fix?: readonly Fix[];
}

/** `skip`: it is about other clusters; `unknown`: it could not be judged; `partly`: some of it could not. */
export type Outcome = readonly Found[] | { skip: string } | { unknown: string } | { found: readonly Found[]; partly: readonly Unknown[] };

export interface Rule {
  /** Stable: FL-FAMILY-NNN. */
  id: string;
  /** One line, what is wrong where it fires. */
  title: string;
  /** The strongest that it reports. */
  severity: Severity;
  /** Ids in the catalogue of faults (fault-ids.ts). */
  faults: readonly string[];
  /** What is looked at and when it counts as a finding. */
  looksAt: string;
  /** What breaks, and how it shows. */
  why: string;
  fix: readonly Fix[];
  refs: readonly string[];
  check(view: View): Outcome;
  /** An input that it finds; as a function where it is large. */
  bad: Example | (() => Example);
  /** The same put right. */
  good: Example;
}

/** What a rule may be given without, where facts of hosts decide. */
export function needsHosts(view: View): { unknown: string } | undefined {
  return view.hosts.length > 0 ? undefined : { unknown: 'no facts of hosts are in the snapshot' };
}
