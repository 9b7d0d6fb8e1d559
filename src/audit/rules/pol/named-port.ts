/** FL-POL-007. */
import type { NetworkPolicy, Pod, PolicyPort } from '../../../cluster/snapshot/typed.ts';
import { pod, policy } from '../../examples.ts';
import { networkPolicies, peerIsPod, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { containersOf } from '../../service-ports.ts';
import { subjectOf, type View } from '../../view.ts';

/** Named ports of a policy with the pods that each is resolved on: its own for ingress, the peers for egress. */
function namedPorts(view: View, one: NetworkPolicy): { port: PolicyPort; pods: Pod[]; where: string }[] {
  const named = (ports: readonly PolicyPort[] | undefined): PolicyPort[] => (ports ?? []).filter(({ port }) => typeof port === 'string');
  const own = selectedPods(view, one);
  return [
    ...(one.spec?.ingress ?? []).flatMap(({ ports }) => named(ports).map((port) => ({ port, pods: own, where: 'ingress' }))),
    ...(one.spec?.egress ?? []).flatMap(({ ports, to = [] }) => named(ports).map((port) => ({ port, pods: view.pods.filter((each) => to.some((peer) => peerIsPod(view, one.metadata.namespace ?? '', peer, each))), where: 'egress' }))),
  ];
}

export const policyNamedPort: Rule = {
  id: 'FL-POL-007',
  title: 'A policy names a port that none of its pods has',
  severity: 'error',
  faults: [],
  looksAt: "Ports by name in rules: resolved for each pod that is connected to, name and protocol must match a port of a container.",
  why: 'The rule matches nothing: connections that it should allow are dropped (a timeout), or refused on K3s.',
  fix: [{ what: 'Name the port in the pod, or use its number.' }],
  refs: ['k8s.io/api networking/v1'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.flatMap((one) => namedPorts(view, one).filter(({ port, pods }) => pods.length > 0 && !pods.some((each) => containersOf(each).some(({ ports = [] }) => ports.some(({ name, protocol = 'TCP' }) => name === port.port && protocol === (port.protocol ?? 'TCP'))))).map(({ port, pods, where }) => ({
      subjects: [subjectOf(one)], summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} allows port ${String(port.port)} (${port.protocol ?? 'TCP'}) for ${where}, which none of ${pods.length} pods has`,
      evidence: [view.seen(one, `spec.${where}`, port), view.seen(pods[0] as Pod, 'spec.containers.ports', containersOf(pods[0] as Pod).flatMap(({ ports = [] }) => ports.map(({ name, containerPort }) => `${name ?? 'without a name'} ${containerPort}`)).join(', ') || 'none')],
    })));
  },
  bad: [
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ name: 'web', containerPort: 8080 }] }] }),
    policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] }),
  ],
  good: [
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }] }),
    policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] }),
  ],
};
