/** Random small clusters with Cilium's policies. For tests. */
import fc from 'fast-check';
import type { CiliumSelector, CiliumTestPolicy, CiliumTestRule, CiliumWorld } from './cilium-oracle.ts';
import { CIDRS, NAMESPACES, objectsOf, PORT_NAMES, PORTS, selector, worlds } from './kubernetes-worlds.ts';

const endpoints: fc.Arbitrary<CiliumSelector> = fc.tuple(selector, fc.option(fc.constantFrom(...NAMESPACES), { nil: undefined, freq: 2 })).map(([one, namespace]) => ({ ...one, namespace }));

const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'ANY'), port: fc.constantFrom<number | string>(...PORTS, ...PORT_NAMES) }),
  fc.tuple(fc.constantFrom('TCP', 'ANY'), fc.constantFrom(...PORTS), fc.constantFrom(...PORTS)).map(([protocol, a, b]) => ({ protocol, port: Math.min(a, b), endPort: Math.max(a, b) })),
);

const rule: fc.Arbitrary<CiliumTestRule> = fc.record({
  endpoints: fc.array(endpoints, { maxLength: 2 }), cidrs: fc.array(fc.constantFrom(...CIDRS).map((cidr) => ({ cidr, ...(cidr === '0.0.0.0/0' ? { except: ['192.0.2.0/24'] } : {}) })), { maxLength: 2 }),
  entities: fc.array(fc.constantFrom('world', 'cluster', 'all'), { maxLength: 1 }), ports: fc.array(port, { minLength: 1, maxLength: 2 }),
}, { requiredKeys: [] });

const section = fc.array(rule, { maxLength: 2 });
const policy: fc.Arbitrary<CiliumTestPolicy> = fc.record({
  namespace: fc.option(fc.constantFrom(...NAMESPACES), { nil: undefined, freq: 3 }), selector: selector.map((one) => ({ ...one, namespace: undefined })),
  ingress: section, egress: section, ingressDeny: section, egressDeny: section,
  defaultDeny: fc.record({ ingress: fc.boolean(), egress: fc.boolean() }, { requiredKeys: [] }),
}, { requiredKeys: ['namespace', 'selector', 'defaultDeny'] });

export const ciliumWorlds: fc.Arbitrary<CiliumWorld> = fc.record({
  base: worlds, cilium: fc.array(policy, { maxLength: 3 }), mode: fc.constantFrom<CiliumWorld['mode'][]>('default', 'default', 'default', 'always', 'never'),
}).map(({ base, cilium, mode }) => ({ ...base, policies: base.policies.slice(0, 2), cilium, mode, blocksSparePods: true }));

function selectorObject({ namespace, matchLabels, matchExpressions }: CiliumSelector): object {
  // The three spellings of a label's key.
  const labels = Object.entries(matchLabels ?? {}).map(([key, value], index) => [['', 'k8s:', 'any:'][index % 3] + key, value]);
  return { matchLabels: { ...Object.fromEntries(labels) as object, ...(namespace === undefined ? {} : { 'k8s:io.kubernetes.pod.namespace': namespace }) }, matchExpressions };
}

function ruleObject(direction: 'ingress' | 'egress', { endpoints: some, cidrs, entities, ports }: CiliumTestRule): object {
  const prefix = direction === 'ingress' ? 'from' : 'to';
  return {
    ...(some === undefined ? {} : { [`${prefix}Endpoints`]: some.map(selectorObject) }), ...(cidrs === undefined ? {} : { [`${prefix}CIDRSet`]: cidrs }), ...(entities === undefined ? {} : { [`${prefix}Entities`]: entities }),
    ...(ports === undefined ? {} : { toPorts: [{ ports: ports.map((one) => ({ ...one, port: String(one.port) })) }] }),
  };
}

/** A world as objects of the API. */
export function ciliumObjects(world: CiliumWorld): object[] {
  const policies = world.cilium.map(({ namespace, selector: one, defaultDeny, ingress, egress, ingressDeny, egressDeny }, index) => ({
    apiVersion: 'cilium.io/v2', kind: namespace === undefined ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy', metadata: { namespace, name: `cilium${index}` },
    spec: {
      endpointSelector: selectorObject(one), enableDefaultDeny: defaultDeny,
      ingress: ingress?.map((each) => ruleObject('ingress', each)), egress: egress?.map((each) => ruleObject('egress', each)),
      ingressDeny: ingressDeny?.map((each) => ruleObject('ingress', each)), egressDeny: egressDeny?.map((each) => ruleObject('egress', each)),
    },
  }));
  return [...objectsOf(world), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cilium-config', namespace: 'kube-system' }, data: { 'enable-policy': world.mode } }, ...policies];
}
