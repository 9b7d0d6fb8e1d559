/** policy/duplicate: two policies of one name, of which the last one applied remains. */
import { placeText } from '../../cluster/manifests/origin.ts';
import type { LintContext } from './context.ts';
import type { Finding } from './finding.ts';

export function duplicates({ problems }: LintContext): Finding[] {
  return problems.flatMap(({ origin, repeated, subject = '' }): Finding[] => (origin === undefined || repeated === undefined ? [] : [{
    rule: 'policy/duplicate', severity: 'error', subjects: [subject], summary: 'is written more than once; a cluster can have one of the name, and the last one that is applied stays',
    evidence: [origin, repeated].map(({ file, line }) => ({ source: placeText(file, line), excerpt: subject, level: 'observed' })),
    why: 'Only the last one counts, here as in a cluster.', fix: ['give each a name of its own'], refs: [],
  }]));
}
