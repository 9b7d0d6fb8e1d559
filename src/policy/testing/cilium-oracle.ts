/** Cilium's policies judged naively. For tests. */
import { inCidr, oracleSide, portMatches, selects, type TestEnd, type TestPod, type TestRule, type TestSelector, type TestWorld } from './kubernetes-oracle.ts';

export interface CiliumSelector extends TestSelector {
  /** The namespace that it names; undefined where it names none. */
  namespace: string | undefined;
}

export interface CiliumTestRule {
  endpoints?: CiliumSelector[];
  cidrs?: { cidr: string; except?: string[] }[];
  entities?: string[];
  /** The protocol may be ANY. */
  ports?: NonNullable<TestRule['ports']>;
}

export interface CiliumTestPolicy {
  /** Undefined for a clusterwide one. */
  namespace: string | undefined;
  selector: CiliumSelector;
  ingress?: CiliumTestRule[];
  egress?: CiliumTestRule[];
  ingressDeny?: CiliumTestRule[];
  egressDeny?: CiliumTestRule[];
  defaultDeny: { ingress?: boolean; egress?: boolean };
}

export interface CiliumWorld extends TestWorld {
  cilium: CiliumTestPolicy[];
  mode: 'default' | 'always' | 'never';
}

function selected(selector: CiliumSelector, pod: TestPod, namespace: string | undefined): boolean {
  const scope = selector.namespace ?? namespace;
  return (scope === undefined || pod.namespace === scope) && selects(selector, pod.labels);
}

function peerMatches(rule: CiliumTestRule, end: TestEnd, namespace: string | undefined): boolean {
  const { endpoints, cidrs, entities } = rule;
  if (endpoints === undefined && cidrs === undefined && entities === undefined) return true;
  if (typeof end !== 'string') return (endpoints ?? []).some((one) => selected(one, end, namespace)) || (entities ?? []).some((one) => one === 'cluster' || one === 'all');
  if ((entities ?? []).some((one) => one === 'world' || one === 'all')) return true;
  return (cidrs ?? []).some(({ cidr, except = [] }) => inCidr(end, cidr) && !except.some((one) => inCidr(end, one)));
}

function ruleMatches(rule: CiliumTestRule, policy: CiliumTestPolicy, peer: TestEnd, to: TestEnd, protocol: string, port: number): boolean {
  if (rule.endpoints === undefined && rule.cidrs === undefined && rule.entities === undefined && rule.ports === undefined) return false;
  const ports = rule.ports?.map((one) => (one.protocol === 'ANY' ? { ...one, protocol } : one));
  return peerMatches(rule, peer, policy.namespace) && portMatches(ports === undefined ? {} : { ports }, to, protocol, port);
}

function sideAllows(direction: 'ingress' | 'egress', from: TestEnd, to: TestEnd, protocol: string, port: number, world: CiliumWorld): boolean {
  const [subject, peer] = direction === 'ingress' ? [to, from] : [from, to];
  if (typeof subject === 'string' || world.mode === 'never') return true;
  const policies = world.cilium.filter((one) => selected(one.selector, subject, one.namespace));
  const deny = `${direction}Deny` as const;
  if (policies.some((one) => (one[deny] ?? []).some((rule) => ruleMatches(rule, one, peer, to, protocol, port)))) return false;
  if (policies.some((one) => (one[direction] ?? []).some((rule) => ruleMatches(rule, one, peer, to, protocol, port)))) return true;
  const kubernetes = oracleSide(direction, subject, peer, to, protocol, port, world);
  if (kubernetes === 'allow') return true;
  const isolated = policies.some((one) => one.defaultDeny[direction] ?? (one[direction] ?? []).length + (one[deny] ?? []).length > 0);
  return !(isolated || kubernetes === 'deny' || world.mode === 'always');
}

/** Whether Cilium lets a connection through. */
export function ciliumAllows(world: CiliumWorld, from: TestEnd, to: TestEnd, protocol: string, port: number): boolean {
  return sideAllows('egress', from, to, protocol, port, world) && sideAllows('ingress', from, to, protocol, port, world);
}
