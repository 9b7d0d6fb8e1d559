/** policy/duplicate: two policies of one name, of which the last one applied remains. */
import { nameOf } from '../input/object.ts';
import { dialectOf } from '../parse/dialect.ts';
import type { LintContext } from './context.ts';
import type { Finding } from './finding.ts';

export function duplicates({ objects }: LintContext): Finding[] {
  const groups = Map.groupBy(objects.filter((one) => dialectOf(one) !== undefined), (one) => `${one.apiVersion.split('/')[0]} ${nameOf(one)}`);
  return [...groups.values()].filter((group) => group.length > 1).map((group) => ({
    rule: 'policy/duplicate', severity: 'error', subjects: [nameOf(group[0]!)], summary: `is written ${group.length} times; a cluster can have one of the name, and the last one that is applied stays`,
    evidence: group.map(({ origin }) => ({ source: `${origin.file}:${origin.line}`, excerpt: nameOf(group[0]!), level: 'observed' })),
    why: 'All of them count in the answers here; in a cluster one would.', fix: ['give each a name of its own'], refs: [],
  }));
}
