/** Random small clusters with Calico's policies, tiers and network sets. For tests. */
import fc from 'fast-check';
import { accountOf, type CalicoEntity, type CalicoRule, type CalicoTestPolicy, type CalicoTestSet, type CalicoWorld, type Expr } from './calico-oracle.ts';
import { CIDRS, labels, NAMESPACES, objectsOf, PORT_NAMES, PORTS, worlds } from './kubernetes-worlds.ts';

const VALUES = ['x', 'y', 'xy'];
const key = fc.constantFrom('a', 'b');
const podKey = fc.oneof({ weight: 6, arbitrary: key }, { weight: 1, arbitrary: fc.constantFrom('pcns.a', 'pcsa.b', 'projectcalico.org/namespace', 'projectcalico.org/serviceaccount') });
const value = fc.constantFrom(...VALUES, ...NAMESPACES, 'robot');

function expressions(keys: fc.Arbitrary<string>): fc.Arbitrary<Expr> {
  const leaf: fc.Arbitrary<Expr> = fc.oneof(
    fc.constant<Expr>({ t: 'all' }),
    fc.record({ t: fc.constant('has' as const), key: keys }),
    fc.record({ t: fc.constantFrom('eq' as const, 'ne' as const), key: keys, value }),
    fc.record({ t: fc.constantFrom('contains' as const, 'starts' as const, 'ends' as const), key, value }),
    fc.record({ t: fc.constantFrom('in' as const, 'notin' as const), key: keys, values: fc.array(value, { maxLength: 2 }) }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ t: fc.constantFrom('and' as const, 'or' as const), of: fc.array(leaf, { minLength: 2, maxLength: 2 }) }) },
    { weight: 1, arbitrary: leaf.map((of): Expr => ({ t: 'not', of })) },
  );
}

/** An expression in Calico's language. */
export function written(expr: Expr): string {
  switch (expr.t) {
    case 'all': return 'all()';
    case 'has': return `has(${expr.key})`;
    case 'eq': return `${expr.key} == '${expr.value}'`;
    case 'ne': return `${expr.key} != "${expr.value}"`;
    case 'contains': return `${expr.key} contains '${expr.value}'`;
    case 'starts': return `${expr.key} starts with '${expr.value}'`;
    case 'ends': return `${expr.key} ends with '${expr.value}'`;
    case 'in': return `${expr.key} in {${expr.values.map((one) => `'${one}'`).join(', ')}}`;
    case 'notin': return `${expr.key} not in { ${expr.values.map((one) => `"${one}"`).join(',')} }`;
    case 'and': return expr.of.map((one) => `(${written(one)})`).join(' && ');
    case 'or': return expr.of.map((one) => `(${written(one)})`).join('||');
    case 'not': return `!(${written(expr.of)})`;
  }
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq });
const cidrs = fc.array(fc.constantFrom(...CIDRS), { minLength: 1, maxLength: 2 });
const pods = expressions(podKey);
const spaces = expressions(fc.oneof(key, fc.constant('projectcalico.org/name')));

const peer: fc.Arbitrary<CalicoEntity> = fc.record({
  selector: maybe(pods, 1), notSelector: maybe(pods, 4), nets: maybe(cidrs, 3), notNets: maybe(cidrs, 4),
  namespaceSelector: maybe(fc.oneof({ weight: 5, arbitrary: spaces }, { weight: 1, arbitrary: fc.constant('global' as const) }), 2),
  serviceAccounts: maybe(fc.record({ names: fc.subarray(['robot', 'default']), selector: maybe(expressions(key)) }), 4),
}) as fc.Arbitrary<CalicoEntity>;

const ports = fc.array(fc.oneof(fc.constantFrom<number | string>(...PORTS), fc.constantFrom<number | string>('79:81', '1:90', ...PORT_NAMES)), { minLength: 1, maxLength: 2 });

const rule: fc.Arbitrary<CalicoRule> = fc.record({
  action: fc.constantFrom<CalicoRule['action'][]>('Allow', 'Allow', 'Deny', 'Pass', 'Log'),
  protocol: maybe(fc.constantFrom('TCP', 'UDP', 'SCTP'), 1), notProtocol: maybe(fc.constantFrom('TCP', 'UDP'), 5),
  source: maybe(peer, 1), destination: maybe(peer, 1), ports: maybe(ports), notPorts: maybe(ports, 4),
}).map(({ ports: some, notPorts, ...one }) => {
  const withPorts = one.protocol === undefined ? {} : { ...(some === undefined ? {} : { ports: some }), ...(notPorts === undefined ? {} : { notPorts }) };
  return { ...one, destination: { ...one.destination, ...withPorts } } as CalicoRule;
});

const policy: fc.Arbitrary<Omit<CalicoTestPolicy, 'name'>> = fc.record({
  namespace: maybe(fc.constantFrom(...NAMESPACES), 1), tier: maybe(fc.constantFrom('one', 'two'), 1), order: maybe(fc.constantFrom(1, 999, 1_001), 2),
  selector: maybe(pods, 1), namespaceSelector: maybe(spaces, 3), serviceAccountSelector: maybe(expressions(key), 5),
  types: maybe(fc.subarray<'Ingress' | 'Egress'>(['Ingress', 'Egress']), 1), ingress: fc.array(rule, { maxLength: 3 }), egress: fc.array(rule, { maxLength: 2 }),
}).map((one) => ({ ...one, namespaceSelector: one.namespace === undefined ? one.namespaceSelector : undefined }));

const set: fc.Arbitrary<Omit<CalicoTestSet, 'name'>> = fc.record({ namespace: maybe(fc.constantFrom(...NAMESPACES), 1), labels, nets: cidrs });

export const calicoWorlds: fc.Arbitrary<CalicoWorld> = fc.record({
  base: worlds,
  calico: fc.array(policy, { maxLength: 3 }), sets: fc.array(set, { maxLength: 2 }),
  tiers: fc.tuple(maybe(fc.constantFrom(5, 2_000_000), 5), maybe(fc.constantFrom<'Deny' | 'Pass'>('Deny', 'Pass'), 1), maybe(fc.constantFrom<'Deny' | 'Pass'>('Deny', 'Pass'), 1)),
  accounts: fc.array(labels, { minLength: 6, maxLength: 6 }),
}).map(({ base, calico, sets, tiers: [order, one, two], accounts }) => ({
  ...base, policies: base.policies.slice(0, 2),
  calico: calico.map((each, index) => ({ ...each, name: `calico${index}` })),
  sets: sets.map((each, index) => ({ ...each, name: `set${index}` })),
  tiers: [{ name: 'one', order: 10, defaultAction: one }, { name: 'two', order, defaultAction: two }],
  accounts: Object.fromEntries(NAMESPACES.flatMap((name, index) => [[`${name}/default`, accounts[index] ?? {}], [`${name}/robot`, accounts[index + 3] ?? {}]])),
}));

const text = (expr: Expr | 'global' | undefined): string | undefined => (expr === undefined ? undefined : expr === 'global' ? 'global()' : written(expr));

function entityObject(entity: CalicoEntity | undefined): object | undefined {
  if (entity === undefined) return undefined;
  const { selector, notSelector, namespaceSelector, serviceAccounts, ...rest } = entity;
  return {
    ...rest, selector: text(selector), notSelector: text(notSelector), namespaceSelector: text(namespaceSelector),
    ...(serviceAccounts === undefined ? {} : { serviceAccounts: { names: serviceAccounts.names, selector: text(serviceAccounts.selector) } }),
  };
}

/** A world as objects of the API; all with Calico's group. */
export function calicoObjects(world: CalicoWorld): object[] {
  const apiVersion = 'projectcalico.org/v3';
  const rules = (all: readonly CalicoRule[]): object[] => all.map((one) => ({ ...one, source: entityObject(one.source), destination: entityObject(one.destination) }));
  const accounts = Object.entries(world.accounts).map(([id, all]) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: id.split('/')[0], name: id.split('/')[1], labels: all } }));
  const base = objectsOf(world).map((object) => {
    const pod = object as { kind: string; metadata: { name: string }; spec: object };
    const found = pod.kind === 'Pod' ? world.pods.find((one) => one.name === pod.metadata.name) : undefined;
    return found === undefined ? object : { ...pod, spec: { ...pod.spec, serviceAccountName: accountOf(found) } };
  });
  return [
    ...base, ...accounts,
    ...world.tiers.map(({ name, ...spec }) => ({ apiVersion, kind: 'Tier', metadata: { name }, spec })),
    ...world.sets.map(({ namespace, name, labels: all, nets }) => ({ apiVersion, kind: namespace === undefined ? 'GlobalNetworkSet' : 'NetworkSet', metadata: { namespace, name, labels: all }, spec: { nets } })),
    ...world.calico.map(({ namespace, name, selector, namespaceSelector, serviceAccountSelector, ingress, egress, ...spec }) => ({
      apiVersion, kind: namespace === undefined ? 'GlobalNetworkPolicy' : 'NetworkPolicy', metadata: { namespace, name },
      spec: { ...spec, selector: text(selector), namespaceSelector: text(namespaceSelector), serviceAccountSelector: text(serviceAccountSelector), ingress: rules(ingress), egress: rules(egress) },
    })),
  ];
}
