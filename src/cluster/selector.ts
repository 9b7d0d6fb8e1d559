/** Selectors of labels and of nodes, judged as the API server and the scheduler judge them: pure. */
import type { KubeObject } from './objects.ts';

export interface Requirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  values?: string[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: Requirement[];
}

export interface NodeSelector {
  nodeSelectorTerms: { matchExpressions?: Requirement[]; matchFields?: Requirement[] }[];
}

const WHOLE = /^-?\d+$/;

/** Gt and Lt compare whole numbers; anything else does not match (apimachinery/pkg/labels, Requirement.Matches). */
function compare(value: string | undefined, bound: string | undefined, sign: 1 | -1): boolean {
  if (value === undefined || bound === undefined || !WHOLE.test(value) || !WHOLE.test(bound)) return false;
  return sign * (Number(value) - Number(bound)) > 0;
}

function holds({ key, operator, values = [] }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return compare(value, values[0], 1);
    case 'Lt': return compare(value, values[0], -1);
  }
}

/** Whether a label selector selects an object; an empty one selects everything, none at all nothing. */
export function selects(selector: LabelSelector | undefined, { metadata: { labels = {} } }: Pick<KubeObject, 'metadata'>): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return Object.entries(matchLabels).every(([key, value]) => holds({ key, operator: 'In', values: [value] }, labels)) && matchExpressions.every((one) => holds(one, labels));
}

/** Whether a node selector allows a node: one term must hold in all its parts, and a term without parts never holds (component-helpers/scheduling/corev1/nodeaffinity). */
export function allowsNode({ nodeSelectorTerms }: NodeSelector, { metadata: { name, labels = {} } }: Pick<KubeObject, 'metadata'>): boolean {
  const fields = { 'metadata.name': name };
  return nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) =>
    matchExpressions.length + matchFields.length > 0 && matchExpressions.every((one) => holds(one, labels)) && matchFields.every((one) => holds(one, fields)));
}
