/** NetworkPolicy v1 judged naively: straight from the objects, one question at a time, with nothing compiled. For tests. */
import ipaddr from 'ipaddr.js';

export interface TestPod {
  namespace: string;
  name: string;
  labels: Record<string, string>;
  addresses: string[];
  ports: { name: string; protocol: string; containerPort: number }[];
}

/** Selectors as the API has them, of generated objects whose types are known. */
export interface TestSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface TestPeer {
  podSelector?: TestSelector;
  namespaceSelector?: TestSelector;
  ipBlock?: { cidr: string; except?: string[] };
}

export interface TestRule {
  from?: TestPeer[];
  to?: TestPeer[];
  ports?: { protocol?: string; port?: number | string; endPort?: number }[];
}

export interface TestPolicy {
  namespace: string;
  name: string;
  podSelector: TestSelector;
  policyTypes?: string[];
  ingress?: TestRule[];
  egress?: TestRule[];
}

export interface TestWorld {
  namespaces: Record<string, Record<string, string>>;
  pods: TestPod[];
  policies: TestPolicy[];
  /** Blocks of addresses do not match pods. */
  blocksSparePods?: true;
}

/** An end of a connection: a pod, or an address of nobody in the cluster. */
export type TestEnd = TestPod | string;

export function selects(selector: TestSelector, labels: Record<string, string>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const value = labels[key];
    if (operator === 'In' && !(value !== undefined && values.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false;
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
  }
  return true;
}

const inside = new Map<string, boolean>();

/** Remembered, because random worlds ask for the same few again and again. */
export function inCidr(address: string, cidr: string): boolean {
  const known = inside.get(`${address} ${cidr}`);
  if (known !== undefined) return known;
  const [parsed, [network, length]] = [ipaddr.parse(address), ipaddr.parseCIDR(cidr)];
  const made = parsed.kind() === network.kind() && parsed.match([network, length] as never);
  inside.set(`${address} ${cidr}`, made);
  return made;
}

const addressesOf = (end: TestEnd): string[] => (typeof end === 'string' ? [end] : end.addresses);

function peerMatches(peer: TestPeer, end: TestEnd, policy: TestPolicy, world: TestWorld): boolean {
  const { ipBlock } = peer;
  if (ipBlock !== undefined && world.blocksSparePods === true && typeof end !== 'string') return false;
  if (ipBlock !== undefined) return addressesOf(end).some((one) => inCidr(one, ipBlock.cidr) && !(ipBlock.except ?? []).some((except) => inCidr(one, except)));
  if (typeof end === 'string') return false;
  if (peer.namespaceSelector === undefined ? end.namespace !== policy.namespace : !selects(peer.namespaceSelector, world.namespaces[end.namespace] ?? {})) return false;
  return peer.podSelector === undefined || selects(peer.podSelector, end.labels);
}

export function portMatches(rule: Pick<TestRule, 'ports'>, destination: TestEnd, protocol: string, port: number): boolean {
  if (rule.ports === undefined || rule.ports.length === 0) return true;
  return rule.ports.some((one) => {
    if ((one.protocol ?? 'TCP') !== protocol) return false;
    if (one.port === undefined) return true;
    if (typeof one.port === 'string') return typeof destination !== 'string' && destination.ports.some((named) => named.name === one.port && named.protocol === protocol && named.containerPort === port);
    return one.endPort === undefined ? one.port === port : one.port <= port && port <= one.endPort;
  });
}

/** What the policies of one direction say of a connection. */
export function oracleSide(direction: 'ingress' | 'egress', subject: TestEnd, peer: TestEnd, destination: TestEnd, protocol: string, port: number, world: TestWorld): 'allow' | 'deny' | 'unselected' {
  if (typeof subject === 'string') return 'unselected';
  const selecting = world.policies.filter((policy) => {
    if (policy.namespace !== subject.namespace || !selects(policy.podSelector, subject.labels)) return false;
    const types = policy.policyTypes ?? [];
    if (types.length > 0) return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
    return direction === 'ingress' || (policy.egress ?? []).length > 0;
  });
  if (selecting.length === 0) return 'unselected';
  const allowed = selecting.some((policy) => (policy[direction] ?? []).some((rule) => {
    const peers = (direction === 'ingress' ? rule.from : rule.to) ?? [];
    if (peers.length > 0 && !peers.some((one) => peerMatches(one, peer, policy, world))) return false;
    return portMatches(rule, destination, protocol, port);
  }));
  return allowed ? 'allow' : 'deny';
}

/** Whether a connection is allowed. */
export function oracleAllows(world: TestWorld, from: TestEnd, to: TestEnd, protocol: string, port: number): boolean {
  return oracleSide('egress', from, to, to, protocol, port, world) !== 'deny' && oracleSide('ingress', to, from, to, protocol, port, world) !== 'deny';
}
