/** policy/host-network: policies that select pods in their node's network, which CNIs do not enforce. */
import { bitsOf, both, membersOf } from '../compile/bits.ts';
import type { Match } from '../model/match.ts';
import type { LintContext } from './context.ts';
import { placeOf, subjectOf, type Finding } from './finding.ts';

/** The expression without the condition that the endpoint is a pod with an address of its own. */
function withoutKind(match: Match): Match {
  if (match.op === 'kind') return { op: 'all' };
  return match.op === 'and' || match.op === 'or' ? { op: match.op, of: match.of.map(withoutKind) } : match.op === 'not' ? { op: 'not', of: withoutKind(match.of) } : match;
}

export function hostNetwork({ engine, isolations }: LintContext): Finding[] {
  const { classes, room } = engine.universe;
  const hosts = classes.flatMap(({ kind, pods }, index) => (kind === 'host' && pods.length > 0 ? [index] : []));
  // Without such pods no policy need be looked at, and there may be thousands.
  if (hosts.length === 0) return [];
  const inNodes = bitsOf(room, hosts);
  const done = new Set<unknown>();
  return isolations.flatMap(({ policy, path, subject }): Finding[] => {
    if (done.has(policy)) return [];
    done.add(policy);
    const pods = membersOf(both(engine.evaluator.extent(withoutKind(subject)).must, inNodes)).flatMap((index) => classes[index]!.pods.map((pod) => pod.id));
    if (pods.length === 0) return [];
    return [{
      rule: 'policy/host-network', severity: 'warning', subjects: [subjectOf(policy)], summary: `selects ${pods.length === 1 ? 'a pod' : `${pods.length} pods`} in the network of their nodes, such as ${pods[0] ?? ''}`,
      evidence: [placeOf(policy, path, 'derived')], why: 'Policies have no effect on such pods with the usual CNIs: their traffic is that of the node.',
      fix: ['take hostNetwork from the pod, or protect the node itself'], refs: ['https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods'],
    }];
  });
}
