/** Kubernetes' NetworkPolicies as Cilium's. */
import { at, list } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import { directionsOf, metadataOf, requirements, rulesOf, type SourcePort } from './source.ts';

const NAMESPACE = 'k8s:io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'k8s:io.cilium.k8s.namespace.labels.';

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** Requirements with a prefix for their keys. */
function expressions(selector: unknown, prefix: string): NonNullable<Selector['matchExpressions']> {
  return requirements(selector).map(({ key, operator, values }) => ({ key: `${prefix}${key}`, operator, ...(values.length > 0 ? { values } : {}) }));
}

const selectorOf = (all: NonNullable<Selector['matchExpressions']>): Selector => (all.length === 0 ? {} : { matchExpressions: all });

function endpointOf(peer: unknown): Selector {
  const namespaces = at(peer, 'namespaceSelector') ?? undefined;
  const pods = expressions(at(peer, 'podSelector'), 'k8s:');
  // Naming the namespace's own label is what lets a selector see other namespaces.
  return selectorOf(namespaces === undefined ? pods : [{ key: NAMESPACE, operator: 'Exists' }, ...expressions(namespaces, NAMESPACE_LABELS), ...pods]);
}

function portOf({ protocol, port, endPort }: SourcePort): object {
  return { port: String(port ?? 0), protocol, ...(endPort === undefined ? {} : { endPort }) };
}

/** One policy of Cilium's. A rule of it has peers of one sort, so that blocks and endpoints are apart. */
export function toCilium(policy: LoadedObject): object {
  const sections = directionsOf(policy).map((direction) => {
    const prefix = direction === 'ingress' ? 'from' : 'to';
    const rules = rulesOf(policy, direction).flatMap(({ peers, ports }) => {
      const toPorts = ports.length === 0 ? {} : { toPorts: [{ ports: ports.map(portOf) }] };
      if (peers.length === 0) return [{ [`${prefix}Entities`]: ['all'], ...toPorts }];
      const blocks = peers.map((peer) => at(peer, 'ipBlock')).filter((block) => block !== undefined && block !== null);
      const endpoints = peers.filter((peer) => (at(peer, 'ipBlock') ?? undefined) === undefined).map(endpointOf);
      return [
        ...(endpoints.length > 0 ? [{ [`${prefix}Endpoints`]: endpoints, ...toPorts }] : []),
        ...(blocks.length > 0 ? [{ [`${prefix}CIDRSet`]: blocks.map((block) => ({ cidr: at(block, 'cidr'), ...(list(at(block, 'except')).length > 0 ? { except: list(at(block, 'except')) } : {}) })), ...toPorts }] : []),
      ];
    });
    // A section with an empty entry isolates and allows nothing.
    return [direction, rules.length === 0 ? [{}] : rules];
  });
  return {
    apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: metadataOf(policy),
    spec: { endpointSelector: selectorOf(expressions(at(policy.body, 'spec', 'podSelector'), 'k8s:')), ...Object.fromEntries(sections) as object },
  };
}
