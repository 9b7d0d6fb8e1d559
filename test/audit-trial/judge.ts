/** What an audit before a fault and one with it say about the rule that was meant, and about all others. */
import { fingerprint, severityRank, type Finding } from '../../src/core/finding.ts';
import type { TrialFault } from './fault.ts';

export interface Verdict {
  /** Whether the meant rule found it, above `info`, and named the right subject. */
  found: boolean;
  /** The meant rule's own words. */
  summary: string;
  /** Findings of rules that are declared as a consequence, with the reason. */
  consequences: string[];
  /** New findings above `info` that nobody declared, or of the meant rule about something else. */
  falsePositives: string[];
}

const line = ({ rule, severity, summary }: Finding): string => `${rule} (${severity}): ${summary}`;

/** Findings above `info`. */
export function weighty(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severityRank(severity) > severityRank('info'));
}

/** Those of `now` that were not there before, in the same or a worse severity. */
function fresh(before: readonly Finding[], now: readonly Finding[]): Finding[] {
  const known = new Map(weighty(before).map((one) => [fingerprint(one), severityRank(one.severity)]));
  return weighty(now).filter((one) => severityRank(one.severity) > (known.get(fingerprint(one)) ?? 0));
}

/** Judges one fault. */
export function judge(fault: Pick<TrialFault, 'rule' | 'subject' | 'also'>, before: readonly Finding[], now: readonly Finding[]): Verdict {
  const found: Finding[] = [];
  const consequences: string[] = [];
  const falsePositives: string[] = [];
  for (const one of fresh(before, now)) {
    const reason = fault.also?.[one.rule];
    // One rule may tell of one fault in several findings; one of them must be about what was done.
    if (one.rule === fault.rule) found.push(one);
    else if (reason !== undefined) consequences.push(`${line(one)} (${reason})`);
    else falsePositives.push(line(one));
  }
  const meant = found.find(({ subjects }) => subjects.includes(fault.subject));
  if (meant === undefined) falsePositives.push(...found.map(line));
  return { found: meant !== undefined, summary: meant?.summary ?? '', consequences, falsePositives };
}

/** What is different, above `info`, from what was found before; empty when the fault has left nothing. */
export function leftOver(before: readonly Finding[], after: readonly Finding[]): string[] {
  const gone = fresh(after, before).map((one) => `no longer found: ${line(one)}`);
  return [...fresh(before, after).map((one) => `still found: ${line(one)}`), ...gone];
}
