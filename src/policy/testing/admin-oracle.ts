/** Administrators' policies judged naively. For tests. */
import { inCidr, oracleSide, selects, type TestEnd, type TestPod, type TestSelector, type TestWorld } from './kubernetes-oracle.ts';

export type AdminSelection = { namespaces: TestSelector } | { pods: { namespaceSelector: TestSelector; podSelector: TestSelector } };
export type AdminTestPeer = AdminSelection | { networks: string[] };
export type AdminTestPort = { protocol: string; from: number; to: number } | { name: string };

export interface AdminTestRule {
  action: 'allow' | 'deny' | 'pass';
  peers: AdminTestPeer[];
  /** Undefined for all traffic. */
  ports: AdminTestPort[] | undefined;
}

export interface AdminTestPolicy {
  /** ClusterNetworkPolicy, or those of v1alpha1. */
  cluster: boolean;
  tier: 'Admin' | 'Baseline';
  priority: number;
  subject: AdminSelection;
  ingress: AdminTestRule[];
  egress: AdminTestRule[];
}

export interface AdminWorld extends TestWorld {
  admins: AdminTestPolicy[];
}

function selected(selection: AdminSelection, pod: TestPod, world: TestWorld): boolean {
  const namespace = world.namespaces[pod.namespace] ?? {};
  if ('namespaces' in selection) return selects(selection.namespaces, namespace);
  return selects(selection.pods.namespaceSelector, namespace) && selects(selection.pods.podSelector, pod.labels);
}

function peerMatches(peer: AdminTestPeer, end: TestEnd, world: TestWorld): boolean {
  if ('networks' in peer) return (typeof end === 'string' ? [end] : end.addresses).some((one) => peer.networks.some((net) => inCidr(one, net)));
  return typeof end !== 'string' && selected(peer, end, world);
}

function portMatches(ports: AdminTestPort[] | undefined, to: TestEnd, protocol: string, port: number): boolean {
  return ports === undefined || ports.some((one) => {
    if ('name' in one) return typeof to !== 'string' && to.ports.some((named) => named.name === one.name && named.protocol === protocol && named.containerPort === port);
    return one.protocol === protocol && one.from <= port && port <= one.to;
  });
}

function tierSays(tier: 'Admin' | 'Baseline', direction: 'ingress' | 'egress', subject: TestEnd, peer: TestEnd, to: TestEnd, protocol: string, port: number, world: AdminWorld): 'allow' | 'deny' | 'pass' | undefined {
  if (typeof subject === 'string') return undefined;
  for (const policy of world.admins.filter((one) => one.tier === tier).toSorted((a, b) => a.priority - b.priority)) {
    if (!selected(policy.subject, subject, world)) continue;
    const rule = policy[direction].find((one) => one.peers.some((each) => peerMatches(each, peer, world)) && portMatches(one.ports, to, protocol, port));
    if (rule !== undefined) return rule.action;
  }
  return undefined;
}

function sideAllows(direction: 'ingress' | 'egress', from: TestEnd, to: TestEnd, protocol: string, port: number, world: AdminWorld): boolean {
  const [subject, peer] = direction === 'ingress' ? [to, from] : [from, to];
  const admin = tierSays('Admin', direction, subject, peer, to, protocol, port, world);
  if (admin === 'allow' || admin === 'deny') return admin === 'allow';
  const developers = oracleSide(direction, subject, peer, to, protocol, port, world);
  if (developers !== 'unselected') return developers === 'allow';
  return tierSays('Baseline', direction, subject, peer, to, protocol, port, world) !== 'deny';
}

/** Whether a connection is allowed. */
export function adminAllows(world: AdminWorld, from: TestEnd, to: TestEnd, protocol: string, port: number): boolean {
  return sideAllows('egress', from, to, protocol, port, world) && sideAllows('ingress', from, to, protocol, port, world);
}
