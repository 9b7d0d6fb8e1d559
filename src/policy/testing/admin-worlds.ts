/** Random small clusters with administrators' policies of both versions of the API. For tests. */
import fc from 'fast-check';
import type { AdminSelection, AdminTestPeer, AdminTestPolicy, AdminTestPort, AdminTestRule, AdminWorld } from './admin-oracle.ts';
import { CIDRS, objectsOf, PORT_NAMES, PORTS, selector, worlds } from './kubernetes-worlds.ts';

const selection: fc.Arbitrary<AdminSelection> = fc.oneof(fc.record({ namespaces: selector }), fc.record({ pods: fc.record({ namespaceSelector: selector, podSelector: selector }) }));
const networks: fc.Arbitrary<AdminTestPeer> = fc.record({ networks: fc.uniqueArray(fc.constantFrom(...CIDRS), { minLength: 1, maxLength: 2 }) });
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP');

const numbered: fc.Arbitrary<AdminTestPort> = fc.tuple(protocol, fc.constantFrom(...PORTS), fc.constantFrom(...PORTS)).map(([one, a, b]) => ({ protocol: one, from: Math.min(a, b), to: Math.max(a, b) }));
const named: fc.Arbitrary<AdminTestPort> = fc.constantFrom(...PORT_NAMES).map((name) => ({ name }));

const rule = (egress: boolean): fc.Arbitrary<AdminTestRule> => fc.record({
  action: fc.constantFrom<AdminTestRule['action'][]>('allow', 'deny', 'pass'),
  peers: fc.array(egress ? fc.oneof({ weight: 3, arbitrary: selection }, { weight: 1, arbitrary: networks }) : (selection as fc.Arbitrary<AdminTestPeer>), { minLength: 1, maxLength: 2 }),
  ports: fc.option(fc.array(fc.oneof({ weight: 3, arbitrary: numbered }, { weight: 1, arbitrary: named }), { minLength: 1, maxLength: 2 }), { nil: undefined }),
});

const policy: fc.Arbitrary<AdminTestPolicy> = fc.record({
  cluster: fc.boolean(), tier: fc.constantFrom<AdminTestPolicy['tier'][]>('Admin', 'Baseline'), priority: fc.integer({ min: 0, max: 1_000 }),
  subject: selection, ingress: fc.array(rule(false), { maxLength: 3 }), egress: fc.array(rule(true), { maxLength: 2 }),
});

/** Of version 1 the baseline is one policy without Pass. */
function legal(policies: AdminTestPolicy[]): AdminTestPolicy[] {
  const first = policies.findIndex((one) => !one.cluster && one.tier === 'Baseline');
  const deny = (rules: AdminTestRule[]): AdminTestRule[] => rules.map((one) => ({ ...one, action: one.action === 'pass' ? 'deny' : one.action }));
  return policies.map((one, index) => {
    if (one.cluster || one.tier === 'Admin') return one;
    if (index !== first) return { ...one, cluster: true };
    return { ...one, priority: 0, ingress: deny(one.ingress), egress: deny(one.egress) };
  });
}

export const adminWorlds: fc.Arbitrary<AdminWorld> = fc.record({
  base: worlds, admins: fc.uniqueArray(policy, { maxLength: 4, selector: (one) => `${one.tier} ${one.priority}` }),
}).map(({ base, admins }) => ({ ...base, policies: base.policies.slice(0, 2), admins: legal(admins.map((one) => ({ ...one, priority: Math.max(1, one.priority) }))) }))
  .filter(({ admins }) => new Set(admins.map((one) => `${one.tier} ${one.priority}`)).size === admins.length);

function portsObject(one: AdminTestPort, cluster: boolean): object {
  if ('name' in one) return cluster ? { destinationNamedPort: one.name } : { namedPort: one.name };
  const { protocol: name, from, to } = one;
  if (!cluster) return from === to ? { portNumber: { protocol: name, port: from } } : { portRange: { protocol: name, start: from, end: to } };
  return { [name.toLowerCase()]: { destinationPort: from === to ? { number: from } : { range: { start: from, end: to } } } };
}

/** A world as objects of the API. */
export function adminObjects(world: AdminWorld): object[] {
  return [...objectsOf(world), ...world.admins.map(({ cluster, tier, priority, subject, ingress, egress }, index) => {
    const baseline = !cluster && tier === 'Baseline';
    const rules = (all: AdminTestRule[], key: string): object[] => all.map((one) => ({
      action: { allow: cluster ? 'Accept' : 'Allow', deny: 'Deny', pass: 'Pass' }[one.action], [key]: one.peers,
      ...(one.ports === undefined ? {} : { [cluster ? 'protocols' : 'ports']: one.ports.map((each) => portsObject(each, cluster)) }),
    }));
    return {
      apiVersion: `policy.networking.k8s.io/v1alpha${cluster ? 2 : 1}`, kind: cluster ? 'ClusterNetworkPolicy' : baseline ? 'BaselineAdminNetworkPolicy' : 'AdminNetworkPolicy',
      metadata: { name: baseline ? 'default' : `admin${index}` },
      spec: { ...(cluster ? { tier } : {}), ...(baseline ? {} : { priority }), subject, ingress: rules(ingress, 'from'), egress: rules(egress, 'to') },
    };
  })];
}
