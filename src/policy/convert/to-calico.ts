/** Kubernetes' NetworkPolicies as Calico's, in the place where Calico itself puts them. */
import { at, list, text } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import { KUBERNETES_ORDER } from '../parse/calico-tiers.ts';
import { directionsOf, metadataOf, requirements, rulesOf, type SourcePort } from './source.ts';

/** A label selector in Calico's language. */
function selectorText(selector: unknown): string {
  const parts = requirements(selector).map(({ key, operator, values }) => {
    const quoted = values.map((value) => `'${value}'`);
    switch (operator) {
      case 'In': return quoted.length === 1 ? `${key} == ${quoted[0] ?? ''}` : `${key} in {${quoted.join(', ')}}`;
      case 'NotIn': return quoted.length === 1 ? `${key} != ${quoted[0] ?? ''}` : `${key} not in {${quoted.join(', ')}}`;
      case 'Exists': return `has(${key})`;
      default: return `!has(${key})`;
    }
  });
  return parts.length === 0 ? 'all()' : parts.join(' && ');
}

function entityOf(peer: unknown): object {
  const block = at(peer, 'ipBlock');
  if (block !== undefined && block !== null) return { nets: [text(at(block, 'cidr'))], ...(list(at(block, 'except')).length > 0 ? { notNets: list(at(block, 'except')) } : {}) };
  const [pods, namespaces] = [at(peer, 'podSelector') ?? undefined, at(peer, 'namespaceSelector') ?? undefined];
  return { ...(namespaces === undefined ? {} : { namespaceSelector: selectorText(namespaces) }), ...(pods === undefined ? {} : { selector: selectorText(pods) }) };
}

/** Ports by protocol: a rule of Calico's has one. All ports of a protocol need no list. */
function portGroups(ports: readonly SourcePort[]): { protocol?: string; ports?: (number | string)[] }[] {
  if (ports.length === 0) return [{}];
  return [...Map.groupBy(ports, (one) => one.protocol)].map(([protocol, members]) => {
    if (members.some((one) => one.port === undefined)) return { protocol };
    return { protocol, ports: members.map(({ port, endPort }) => (endPort === undefined ? port! : `${port}:${endPort}`)) };
  });
}

/** One policy of Calico's. */
export function toCalico(policy: LoadedObject): object {
  const directions = directionsOf(policy);
  const sections = directions.map((direction) => [direction, rulesOf(policy, direction).flatMap(({ peers, ports }) => (peers.length === 0 ? [undefined] : peers).flatMap((peer) => portGroups(ports).map((group) => {
    const entity = peer === undefined ? {} : entityOf(peer);
    const destination = { ...(direction === 'egress' ? entity : {}), ...(group.ports === undefined ? {} : { ports: group.ports }) };
    return {
      action: 'Allow', ...(group.protocol === undefined ? {} : { protocol: group.protocol }),
      ...(direction === 'ingress' && peer !== undefined ? { source: entity } : {}), ...(Object.keys(destination).length > 0 ? { destination } : {}),
    };
  })))]);
  return {
    apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata: metadataOf(policy),
    spec: { order: KUBERNETES_ORDER, selector: selectorText(at(policy.body, 'spec', 'podSelector')), types: directions.map((one) => (one === 'ingress' ? 'Ingress' : 'Egress')), ...Object.fromEntries(sections) as object },
  };
}
