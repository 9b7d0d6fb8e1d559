/** policy/refused, policy/no-effect: what reading the policies has found. */
import { placeText } from '../../cluster/manifests/origin.ts';
import type { LintContext } from './context.ts';
import type { Finding } from './finding.ts';

/** Problems of the input as findings. */
export function inputProblems({ problems }: LintContext): Finding[] {
  return problems.filter(({ repeated }) => repeated === undefined).map(({ severity, file, line, subject, message }) => ({
    rule: severity === 'error' ? 'policy/refused' : 'policy/no-effect', severity, subjects: subject === undefined ? [] : [subject], summary: message,
    evidence: [{ source: placeText(file, line), excerpt: message, level: 'observed' }],
    why: severity === 'error' ? 'The API server does not take it, so that nothing of it is in effect.' : 'It does not do what it looks like.',
    fix: [], refs: [],
  }));
}
