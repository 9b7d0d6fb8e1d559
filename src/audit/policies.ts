/** What NetworkPolicies select and let through, as far as rules need it; the semantics are those of k8s.io/api networking/v1. */
import { selects } from '../cluster/selector.ts';
import type { NetworkPolicy, Pod, PolicyPeer, PolicyPort } from '../cluster/snapshot/typed.ts';
import { textContains } from '../net/range.ts';
import { containersOf } from './service-ports.ts';
import type { View } from './view.ts';

/** Directions that a policy isolates its pods in: Ingress always unless policyTypes says otherwise, Egress when it has egress rules. */
export function directionsOf({ spec }: NetworkPolicy): { ingress: boolean; egress: boolean } {
  const types = spec?.policyTypes ?? ['Ingress', ...((spec?.egress ?? []).length > 0 ? ['Egress'] : [])];
  return { ingress: types.includes('Ingress'), egress: types.includes('Egress') };
}

/** Pods that a policy selects; without a podSelector, which is invalid, all of its namespace. */
export function selectedPods(view: View, policy: NetworkPolicy): Pod[] {
  return view.podsOf(policy.metadata.namespace ?? '', policy.spec?.podSelector ?? {});
}

/** Labels of a namespace; its own name is always one of them. */
function namespaceLabels(view: View, name: string): Record<string, string> {
  return { ...view.index.find('Namespace', name)?.metadata.labels, 'kubernetes.io/metadata.name': name };
}

/** Whether a peer of a policy is a pod. Pods on the host network are matched by no selector. */
export function peerIsPod(view: View, namespace: string, peer: PolicyPeer, pod: Pod): boolean {
  const own = pod.metadata.namespace ?? '';
  if (peer.ipBlock !== undefined) {
    const ip = pod.status?.podIP ?? '';
    return textContains(peer.ipBlock.cidr, ip) && !(peer.ipBlock.except ?? []).some((one) => textContains(one, ip));
  }
  if (pod.spec?.hostNetwork === true) return false;
  const inNamespace = peer.namespaceSelector === undefined ? own === namespace : selects(peer.namespaceSelector, { metadata: { name: own, labels: namespaceLabels(view, own) } });
  return inNamespace && (peer.podSelector === undefined || selects(peer.podSelector, pod));
}

/** Whether a port of a rule lets a port of a pod through; no ports at all let every port through. */
export function portMatches(ports: readonly PolicyPort[] | undefined, pod: Pod | undefined, port: number, protocol: string): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((one) => {
    if ((one.protocol ?? 'TCP') !== protocol) return false;
    if (one.port === undefined) return true;
    if (typeof one.port === 'number') return one.endPort === undefined ? one.port === port : port >= one.port && port <= one.endPort;
    return pod !== undefined && containersOf(pod).flatMap(({ ports: all = [] }) => all).some((each) => each.name === one.port && each.containerPort === port && (each.protocol ?? 'TCP') === protocol);
  });
}

/** Whether some policy of these, all of which isolate the source, lets it connect to a pod. */
export function egressAllowed(view: View, policies: readonly NetworkPolicy[], to: Pod, port: number, protocol: string): boolean {
  return policies.some((policy) => (policy.spec?.egress ?? []).some((rule) => portMatches(rule.ports, to, port, protocol) && ((rule.to ?? []).length === 0 || rule.to?.some((peer) => peerIsPod(view, policy.metadata.namespace ?? '', peer, to)) === true)));
}

/** Whether some policy of these, all of which isolate the target, lets a pod connect to it. */
export function ingressAllowed(view: View, policies: readonly NetworkPolicy[], from: Pod, to: Pod, port: number, protocol: string): boolean {
  return policies.some((policy) => (policy.spec?.ingress ?? []).some((rule) => portMatches(rule.ports, to, port, protocol) && ((rule.from ?? []).length === 0 || rule.from?.some((peer) => peerIsPod(view, policy.metadata.namespace ?? '', peer, from)) === true)));
}

/** Policies that isolate a pod in a direction. */
export function isolating(view: View, pod: Pod, direction: 'ingress' | 'egress'): NetworkPolicy[] {
  if (pod.spec?.hostNetwork === true) return [];
  return (byNamespace(view).get(pod.metadata.namespace ?? '') ?? []).filter((policy) => directionsOf(policy)[direction] && selects(policy.spec?.podSelector ?? {}, pod));
}

const grouped = new WeakMap<View, Map<string, NetworkPolicy[]>>();
/** Policies by namespace, grouped once for each view. */
function byNamespace(view: View): Map<string, NetworkPolicy[]> {
  const known = grouped.get(view) ?? Map.groupBy(networkPolicies(view), ({ metadata }) => metadata.namespace ?? '');
  grouped.set(view, known);
  return known;
}

/** NetworkPolicies of Kubernetes; Calico has a kind of the same name. */
export function networkPolicies(view: View): readonly NetworkPolicy[] {
  return view.index.objects<NetworkPolicy>('NetworkPolicy', 'networking.k8s.io');
}

/** Policies of other APIs that may let through or forbid what these do not: then a verdict from NetworkPolicies alone is not final. */
export function otherPolicies(view: View): string[] {
  const kinds = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy', 'GlobalNetworkPolicy', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];
  const found = kinds.filter((kind) => view.index.objects(kind).length > 0);
  return view.index.objects('NetworkPolicy').length > networkPolicies(view).length ? [...found, "Calico's NetworkPolicy"] : found;
}

/** Why a connection between two pods is not let through by NetworkPolicies: the side and the policies that isolate it. Undefined when it is. */
export function blockedBy(view: View, from: Pod, to: Pod, port: number, protocol: string): { side: 'egress' | 'ingress'; policies: NetworkPolicy[] } | undefined {
  if (from === to) return undefined;
  const out = isolating(view, from, 'egress');
  if (out.length > 0 && !egressAllowed(view, out, to, port, protocol)) return { side: 'egress', policies: out };
  const into = isolating(view, to, 'ingress');
  // A node reaches its own pods, kubelet probes above all, whatever policies say.
  const ownNode = from.spec?.hostNetwork === true && from.spec.nodeName === to.spec?.nodeName;
  return into.length > 0 && !ownNode && !ingressAllowed(view, into, from, to, port, protocol) ? { side: 'ingress', policies: into } : undefined;
}

/** A peer with a namespaceSelector alone beside one with a podSelector alone, in one list: often meant as one peer. */
export function meantAsOne(list: readonly PolicyPeer[]): { namespaces: PolicyPeer; pods: PolicyPeer } | undefined {
  const namespaces = list.find((one) => one.namespaceSelector !== undefined && one.podSelector === undefined);
  const pods = list.find((one) => one.podSelector !== undefined && one.namespaceSelector === undefined && Object.keys(one.podSelector.matchLabels ?? {}).length > 0);
  return namespaces === undefined || pods === undefined ? undefined : { namespaces, pods };
}
