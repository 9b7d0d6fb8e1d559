/** Cilium's endpoint selectors: label selectors whose keys may carry a source, and which see one namespace unless they name it. */
import { at, fields, list, text, type Fields } from '../../cluster/fields.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { ALL, and, NONE, not, or, type Match } from '../model/match.ts';
import type { Checker } from './checker.ts';

/** Endpoints that Cilium manages for pods. */
export const ENDPOINTS: Match = { op: 'kind', kind: 'pod', exactly: true };

const NAMESPACE = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
const ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';
const CLUSTER = 'io.cilium.k8s.policy.cluster';
/** Operators of requirements (slim_metav1.LabelSelectorOperator). */
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** `k8s:app`, `any:app` and `app` are the same label of a pod. */
const plain = (key: string): string => key.replace(/^(?:k8s|any)[:.]/, '');

export interface EndpointSelection {
  match: Match;
  condition?: string;
}

function oneOf(key: string, values: readonly string[]): Match {
  const name = plain(key);
  if (name === NAMESPACE) return or(...values.map((value): Match => ({ op: 'namespace', name: value })));
  if (name === ACCOUNT) return { op: 'account', names: values };
  if (name === CLUSTER) return { op: 'unknown', why: 'the name of the cluster' };
  if (name.startsWith(NAMESPACE_LABELS)) return { op: 'label', on: 'namespace', key: name.slice(NAMESPACE_LABELS.length), values };
  return { op: 'label', on: 'pod', key: name, values };
}

function has(key: string): Match {
  const name = plain(key);
  if (name === NAMESPACE || name === ACCOUNT || name === CLUSTER) return ALL;
  return name.startsWith(NAMESPACE_LABELS) ? { op: 'has', on: 'namespace', key: name.slice(NAMESPACE_LABELS.length) } : { op: 'has', on: 'pod', key: name };
}

/** Endpoints with reserved labels are entities (docs.cilium.io: gettingstarted/terminology, "Special identities"). */
function reserved(key: string): Match | undefined {
  const name = /^reserved[:.](.*)$/.exec(key)?.[1];
  return name === undefined ? undefined : entityOf(name)?.match ?? NONE;
}

/** What an entity stands for among pods, nodes and addresses; undefined for a name that is none. */
export function entityOf(name: string): EndpointSelection | undefined {
  const hosts: Match = { op: 'kind', kind: 'host' };
  const outside: Match = { op: 'kind', kind: 'address' };
  const family = (width: 32 | 128): Match => and(outside, { op: 'block', block: { cidr: { network: 0n, length: 0, width }, except: [] } });
  switch (name) {
    case 'all': return { match: ALL };
    case 'world': return { match: outside };
    case 'world-ipv4': return { match: family(32) };
    case 'world-ipv6': return { match: family(128) };
    case 'cluster': return { match: not(outside) };
    // Whether a node is the pod's own is decided pair by pair; to the classes it is either.
    case 'host': return { match: hosts, condition: 'whether the node is the pod\'s own (entity host)' };
    case 'remote-node': return { match: hosts, condition: 'whether the node is not the pod\'s own (entity remote-node)' };
    case 'kube-apiserver': return { match: not(ENDPOINTS), condition: 'whether this is an address of the API server (entity kube-apiserver)' };
    case 'health':
    case 'init':
    case 'ingress':
    case 'unmanaged':
    case 'none': return { match: NONE };
    default: return undefined;
  }
}

/** The keys of a selector, wherever they stand. */
function keysOf(selector: Fields): string[] {
  return [...Object.keys(fields(selector['matchLabels'])), ...list(selector['matchExpressions']).map((one) => text(at(one, 'key')) ?? '')];
}

/**
 * A selector's meaning. `namespace` is that of the policy, undefined for a clusterwide one. Without a namespace
 * of its own a selector sees the policy's, or all (pkg/k8s/apis/cilium.io/utils, getEndpointSelector).
 */
export function endpointSelector(check: Checker, value: unknown, path: Path, namespace: string | undefined): EndpointSelection {
  const selector = check.map(value, path, ['matchLabels', 'matchExpressions']) ?? {};
  const keys = keysOf(selector);
  const parts: Match[] = [];
  for (const [key, given] of Object.entries(check.map(selector['matchLabels'], [...path, 'matchLabels']) ?? {})) {
    parts.push(reserved(key) ?? oneOf(key, [check.text(given, [...path, 'matchLabels', key]) ?? '']));
  }
  (check.list(selector['matchExpressions'], [...path, 'matchExpressions']) ?? []).forEach((one, index) => {
    const where = [...path, 'matchExpressions', index];
    const given = check.map(one, where, ['key', 'operator', 'values']) ?? {};
    const key = check.text(given['key'], [...where, 'key']) ?? '';
    const operator = check.text(given['operator'], [...where, 'operator']) ?? '';
    const values = (check.list(given['values'], [...where, 'values']) ?? []).map((each, number) => check.text(each, [...where, 'values', number]) ?? '');
    if (!OPERATORS.includes(operator)) check.unsupported([...where, 'operator'], operator, OPERATORS);
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) check.required([...where, 'values'], 'must be specified when `operator` is \'In\' or \'NotIn\'');
    const inner = reserved(key) ?? (operator === 'In' || operator === 'NotIn' ? oneOf(key, values) : has(key));
    parts.push(operator === 'NotIn' || operator === 'DoesNotExist' ? not(inner) : inner);
  });
  if (keys.some((key) => /^reserved[:.]/.test(key))) return { match: and(...parts) };
  const named = keys.some((key) => plain(key) === NAMESPACE);
  const byLabels = keys.some((key) => plain(key).startsWith(NAMESPACE_LABELS));
  const scope: Match = named || namespace === undefined ? ALL : { op: 'namespace', name: namespace };
  // Versions differ in whether labels of namespaces lift the limit to the policy's own.
  const unclear = byLabels && !named && namespace !== undefined;
  return { match: and(ENDPOINTS, unclear ? ALL : scope, ...parts), ...(unclear ? { condition: 'whether labels of namespaces reach beyond the policy\'s own namespace, in which versions of Cilium differ' } : {}) };
}
