/** NetworkPolicies of Kubernetes as they are converted from: their fields, read without doubt because they were validated. */
import { at, fields, list, strings, text, whole } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';

export interface Requirement {
  key: string;
  operator: string;
  values: string[];
}

/** All labels and expressions of a label selector as requirements. */
export function requirements(selector: unknown): Requirement[] {
  return [
    ...Object.entries(strings(at(selector, 'matchLabels'))).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...list(at(selector, 'matchExpressions')).map((one) => ({ key: text(at(one, 'key')) ?? '', operator: text(at(one, 'operator')) ?? '', values: list(at(one, 'values')).map(String) })),
  ];
}

export interface SourcePort {
  protocol: string;
  port: number | string | undefined;
  endPort: number | undefined;
}

export interface SourceRule {
  peers: readonly unknown[];
  ports: SourcePort[];
}

export const DIRECTIONS = ['ingress', 'egress'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The directions that a policy isolates. */
export function directionsOf(policy: LoadedObject): Direction[] {
  const types = list(at(policy.body, 'spec', 'policyTypes'));
  if (types.length > 0) return DIRECTIONS.filter((direction) => types.includes(direction === 'ingress' ? 'Ingress' : 'Egress'));
  return list(at(policy.body, 'spec', 'egress')).length > 0 ? ['ingress', 'egress'] : ['ingress'];
}

/** The rules of a direction. */
export function rulesOf(policy: LoadedObject, direction: Direction): SourceRule[] {
  return list(at(policy.body, 'spec', direction)).map((rule) => ({
    peers: list(at(rule, direction === 'ingress' ? 'from' : 'to')),
    ports: list(at(rule, 'ports')).map((one) => {
      const port = at(one, 'port');
      return { protocol: text(at(one, 'protocol')) ?? 'TCP', port: whole(port) ?? text(port), endPort: whole(at(one, 'endPort')) };
    }),
  }));
}

/** The metadata that goes along: name, namespace, labels. */
export function metadataOf(policy: LoadedObject): object {
  const labels = fields(at(policy.body, 'metadata', 'labels'));
  return { name: policy.name, namespace: policy.namespace ?? 'default', ...(Object.keys(labels).length > 0 ? { labels } : {}) };
}
