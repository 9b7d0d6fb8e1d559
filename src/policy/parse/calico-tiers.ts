/** Calico's tiers: which there are, in which order, and the stages that they come to. */
import { at, text } from '../../cluster/fields.ts';
import type { LoadedObject, Problem } from '../input/object.ts';
import type { Isolation, Rule, Stage } from '../model/rules.ts';
import type { CalicoPolicy } from './calico-policy.ts';

export interface Tier {
  name: string;
  order: number;
  defaultAction: 'Deny' | 'Pass';
}

/**
 * Tiers that Calico makes itself (docs.tigera.io: network-policy/policy-tiers/tiered-policy; their orders:
 * libcalico-go apis/v3 tier.go). Kubernetes' policies lie in `default`, those of administrators in kube-admin and
 * kube-baseline, which were called adminnetworkpolicy and baselineadminnetworkpolicy.
 */
export const BUILT_IN: readonly Tier[] = [
  { name: 'kube-admin', order: 1_000, defaultAction: 'Pass' },
  { name: 'default', order: 1_000_000, defaultAction: 'Deny' },
  { name: 'kube-baseline', order: 10_000_000, defaultAction: 'Pass' },
];

const FORMERLY: Readonly<Record<string, string>> = { adminnetworkpolicy: 'kube-admin', baselineadminnetworkpolicy: 'kube-baseline' };

/** The order of Kubernetes' policies in the default tier (libcalico-go conversion, K8s NetworkPolicy). */
export const KUBERNETES_ORDER = 1_000;

function tiersOf(objects: readonly LoadedObject[]): Map<string, Tier> {
  const tiers = new Map(BUILT_IN.map((tier) => [tier.name, tier]));
  for (const object of objects) {
    if (object.kind !== 'Tier' || !/projectcalico\.org\//.test(object.apiVersion)) continue;
    const name = FORMERLY[object.name] ?? object.name;
    const order = at(object.body, 'spec', 'order');
    const action = text(at(object.body, 'spec', 'defaultAction'));
    const builtIn = tiers.get(name);
    tiers.set(name, {
      name,
      order: typeof order === 'number' ? order : builtIn?.order ?? Number.POSITIVE_INFINITY,
      defaultAction: action === 'Pass' ? 'Pass' : action === 'Deny' ? 'Deny' : builtIn?.defaultAction ?? 'Deny',
    });
  }
  return tiers;
}

/** Stages of the tiers that have policies, in order; policies of a tier by order, then by name. */
export function tierStages(policies: readonly CalicoPolicy[], objects: readonly LoadedObject[]): { stages: Stage[]; problems: Problem[] } {
  const tiers = tiersOf(objects);
  const byTier = Map.groupBy(policies, (policy) => FORMERLY[policy.tier] ?? policy.tier);
  const problems: Problem[] = [];
  for (const [name, members] of byTier) {
    if (tiers.has(name)) continue;
    const { policy } = members[0]!;
    problems.push({ severity: 'warning', file: policy.origin.file, line: policy.origin.line, subject: `${policy.kind} ${policy.id}`, message: `its tier ${name} is not in the input; it is taken for the last one, with the default action Deny` });
    tiers.set(name, { name, order: Number.POSITIVE_INFINITY, defaultAction: 'Deny' });
  }
  const ordered = [...tiers.values()].filter((tier) => byTier.has(tier.name)).toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
  const stages = ordered.map((tier): Stage => {
    const members = (byTier.get(tier.name) ?? []).toSorted((a, b) => (a.order === b.order ? 0 : a.order - b.order) || (a.policy.id < b.policy.id ? -1 : 1));
    const rules: Rule[] = members.flatMap((member) => member.rules);
    const isolations: Isolation[] = tier.defaultAction === 'Deny' ? members.flatMap((member) => member.applied) : [];
    // Where every rule allows, the order means nothing, and rules can be joined.
    return { name: `tier ${tier.name}`, rules, isolations, unordered: rules.every((rule) => rule.action === 'allow') };
  });
  return { stages, problems };
}
