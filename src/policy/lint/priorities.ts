/** policy/equal-priority, policy/two-baselines: administrators' policies whose order is not defined. */
import { placeText } from '../../cluster/manifests/origin.ts';
import { at } from '../../cluster/fields.ts';
import { nameOf } from '../input/object.ts';
import type { LintContext } from './context.ts';
import type { Finding } from './finding.ts';

export function equalPriorities({ objects }: LintContext): Finding[] {
  const policies = objects.filter((one) => one.kind === 'AdminNetworkPolicy' || one.kind === 'ClusterNetworkPolicy');
  const groups = Map.groupBy(policies, (one) => JSON.stringify([one.kind, at(one.body, 'spec', 'tier'), at(one.body, 'spec', 'priority')]));
  return [...groups.values()].filter((group) => new Set(group.map(nameOf)).size > 1).map((group): Finding => ({
    rule: 'policy/equal-priority', severity: 'error', subjects: group.map(nameOf), summary: `have the same priority ${String(at(group[0]?.body, 'spec', 'priority'))}`,
    evidence: group.map(({ origin }) => ({ source: placeText(origin.file, origin.line), excerpt: 'spec.priority', level: 'observed' })),
    why: 'Which of them is asked first is up to the implementation.', fix: ['give each a priority of its own'], refs: ['https://network-policy-api.sigs.k8s.io/'],
  }));
}
