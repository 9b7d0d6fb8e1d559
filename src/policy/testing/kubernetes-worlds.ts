/** Random small clusters with NetworkPolicies, small enough that everything meets everything. For tests. */
import fc from 'fast-check';
import type { TestPeer, TestPod, TestPolicy, TestRule, TestSelector, TestWorld } from './kubernetes-oracle.ts';

const KEYS = ['a', 'b'];
const VALUES = ['x', 'y'];
export const NAMESPACES = ['n1', 'n2', 'n3'];

export const labels: fc.Arbitrary<Record<string, string>> = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom('In', 'NotIn'), values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1 }) }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);

export const selector: fc.Arbitrary<TestSelector> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: labels.map((matchLabels) => ({ matchLabels })) },
  { weight: 2, arbitrary: fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }) },
);

export const CIDRS = ['0.0.0.0/0', '10.0.0.0/30', '10.0.0.2/31', '10.0.0.1/32', '192.0.2.0/24', '::/0', 'fd00::/126', 'fd00::2/128'];
/** Addresses of pods, and of others; each CIDR above holds some. */
const POD_ADDRESSES = ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
export const OUTSIDE = ['192.0.2.7', '203.0.113.9', 'fd00::2', 'fd00::3', '2001:db8::1', '10.0.0.1'];

const inside: Readonly<Record<string, readonly string[]>> = {
  '0.0.0.0/0': ['10.0.0.0/30', '192.0.2.0/24', '10.0.0.1/32'], '10.0.0.0/30': ['10.0.0.1/32', '10.0.0.2/31'], '192.0.2.0/24': ['192.0.2.0/28'],
  '::/0': ['fd00::/126'], 'fd00::/126': ['fd00::2/128'],
};

const block = fc.constantFrom(...CIDRS).chain((cidr) => fc.record({ cidr: fc.constant(cidr), except: fc.subarray([...(inside[cidr] ?? [])]) }));

const peer: fc.Arbitrary<TestPeer> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ podSelector: selector }) },
  { weight: 2, arbitrary: fc.record({ namespaceSelector: selector }) },
  { weight: 2, arbitrary: fc.record({ podSelector: selector, namespaceSelector: selector }) },
  { weight: 2, arbitrary: block.map((ipBlock) => ({ ipBlock })) },
);

const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP');
export const PORTS = [1, 79, 80, 81, 90, 443, 65_535];
export const PORT_NAMES = ['http', 'dns'];

export const port = fc.oneof(
  fc.record({ port: fc.constantFrom(...PORTS) }),
  fc.record({ protocol }),
  fc.record({ protocol, port: fc.constantFrom(...PORTS) }),
  fc.record({ protocol, port: fc.constantFrom(...PORT_NAMES) }),
  fc.tuple(protocol, fc.constantFrom(...PORTS), fc.constantFrom(...PORTS)).map(([one, a, b]) => ({ protocol: one, port: Math.min(a, b), endPort: Math.max(a, b) })),
);

const ports = fc.option(fc.array(port, { maxLength: 2 }), { nil: undefined });
const rule = (key: 'from' | 'to'): fc.Arbitrary<TestRule> => fc.tuple(fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined }), ports)
  .map(([peers, one]) => ({ ...(peers === undefined ? {} : { [key]: peers }), ...(one === undefined ? {} : { ports: one }) }));

export const policy: fc.Arbitrary<Omit<TestPolicy, 'name'>> = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  podSelector: selector,
  policyTypes: fc.subarray(['Ingress', 'Egress']),
  ingress: fc.array(rule('from'), { maxLength: 2 }),
  egress: fc.array(rule('to'), { maxLength: 2 }),
}, { requiredKeys: ['namespace', 'podSelector'] });

export const pods: fc.Arbitrary<TestPod[]> = fc.array(fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  ports: fc.uniqueArray(fc.record({ name: fc.constantFrom(...PORT_NAMES), protocol, containerPort: fc.constantFrom(...PORTS) }), { maxLength: 2, selector: (one) => one.name }),
  six: fc.boolean(),
}), { minLength: 1, maxLength: 5 }).map((made) => made.map(({ six, ...pod }, index) => ({ ...pod, name: `p${index}`, addresses: [POD_ADDRESSES[index] ?? '', ...(six ? [`fd00::${index}`] : [])] })));

export const namespaceLabels: fc.Arbitrary<Record<string, Record<string, string>>> = fc.tuple(...NAMESPACES.map(() => labels))
  .map((all) => Object.fromEntries(NAMESPACES.map((name, index) => [name, { ...all[index], 'kubernetes.io/metadata.name': name }])));

export const worlds: fc.Arbitrary<TestWorld> = fc.record({
  namespaces: namespaceLabels, pods,
  policies: fc.array(policy, { maxLength: 4 }).map((all) => all.map((one, index) => ({ ...one, name: `policy${index}` }))),
});

/** The pods and namespaces of a world as objects of the API. */
export function podObjects(world: Pick<TestWorld, 'namespaces' | 'pods'>): object[] {
  return [
    ...Object.entries(world.namespaces).map(([name, all]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: all } })),
    ...world.pods.map(({ namespace, name, labels: all, addresses, ports: named }) => ({
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: all },
      spec: { containers: [{ name: 'c', ports: named }] }, status: { phase: 'Running', podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) },
    })),
  ];
}

/** A world as objects of the API. */
export function objectsOf(world: TestWorld): object[] {
  const policies = world.policies.map(({ namespace, name, ...spec }) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec }));
  return [...podObjects(world), ...policies];
}
