/** What changed between two snapshots in terms of networking: objects with their fields, hosts with their facts, what the cluster is. */
import { z } from 'zod';
import { describeRef, type KubeObject } from '../../cluster/objects.ts';
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import { pictureOf } from './picture.ts';
import { summaryOf } from './summary.ts';

const change = z.strictObject({
  subject: z.string().describe('`Kind namespace/name`, `host NODE` or `cluster`'),
  change: z.enum(['added', 'removed', 'changed']),
  fields: z.array(z.strictObject({ path: z.string(), before: z.string().optional(), after: z.string().optional() })),
});
export const differenceSchema = z.strictObject({ version: z.literal(1), before: z.string(), after: z.string(), changes: z.array(change) });
export type Difference = z.infer<typeof differenceSchema>;
type Change = Difference['changes'][number];

/** Fields that move without anybody changing the network. */
const RESTLESS = /^(metadata\.(uid|generation|creationTimestamp|ownerReferences)|status\.(conditions|startTime|containerStatuses|initContainerStatuses|nodeInfo\.bootID)|count|lastTimestamp|observedAt|neighbours|neighbourCount|neighbourTable|conntrack|udpInCsumErrors|ipsets|pods|unknown)(\.|$)/;
/** Kinds whose objects come and go by themselves. */
const RESTLESS_KINDS = new Set(['Event', 'Pod', 'ReplicaSet', 'EndpointSlice', 'Endpoints', 'CiliumEndpoint', 'CiliumIdentity', 'Job', 'Workflow']);
const MAX_TEXT = 200;

/** Leaves of a value as `path → text`; lists of plain values are one leaf. */
function leaves(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value === undefined || RESTLESS.test(path)) return into;
  if (Array.isArray(value) && value.some((one) => typeof one === 'object')) value.forEach((one, at) => leaves(one, `${path}[${at}]`, into));
  else if (typeof value === 'object' && value !== null && !Array.isArray(value)) for (const [name, one] of Object.entries(value)) leaves(one, path === '' ? name : `${path}.${name}`, into);
  else into.set(path, (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MAX_TEXT));
  return into;
}

/** The fields in which two values differ. */
export function fieldChanges(before: unknown, after: unknown): Change['fields'] {
  const [old, now] = [leaves(before, '', new Map()), leaves(after, '', new Map())];
  const paths = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return paths.filter((path) => old.get(path) !== now.get(path)).map((path) => ({ path, ...(old.has(path) ? { before: old.get(path) ?? '' } : {}), ...(now.has(path) ? { after: now.get(path) ?? '' } : {}) }));
}

function compare<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((subject): Change[] => {
    const [old, now] = [before.get(subject), after.get(subject)];
    if (old === undefined || now === undefined) return [{ subject, change: old === undefined ? 'added' : 'removed', fields: [] }];
    const fields = fieldChanges(old, now);
    return fields.length === 0 ? [] : [{ subject, change: 'changed', fields }];
  });
}

/** Routes and devices in an order of their own, and without what pods bring and take. */
function steadyHost({ links = [], routes = [], addresses = [], fdb: _fdb, sockets: _sockets, iptables = [], sysctls = {}, hairpin: _hairpin, traffic, bpf, ...rest }: HostFacts): object {
  const ofPods = new Set(links.filter((link) => link.kind === 'veth').map((link) => link.name));
  return {
    ...rest,
    links: Object.fromEntries(links.filter((link) => !ofPods.has(link.name)).map(({ index: _index, name, ...link }) => [name, link])),
    addresses: addresses.filter(({ device }) => !ofPods.has(device)).map(({ device, address, prefixLength }) => `${device} ${address}/${prefixLength}`).toSorted(),
    routes: routes.filter(({ device, table }) => table !== 'local' && (device === undefined || !ofPods.has(device))).map(({ type, dst, gateway, device }) => [type === 'unicast' ? '' : type, dst, gateway, device].filter((part) => part !== undefined && part !== '').join(' ')).toSorted(),
    iptables: Object.fromEntries(iptables.flatMap(({ family, backend, tables }) => tables.map(({ name, policies, chains }) => [`${backend}${family}.${name}`, { policies, chains: chains.toSorted() }]))),
    ...(traffic === undefined ? {} : {
      qdiscs: traffic.qdiscs.filter(({ device }) => !ofPods.has(device)).map(({ device, kind }) => `${device} ${kind}`).toSorted(),
      filters: traffic.filters.filter(({ device }) => !ofPods.has(device)).map(({ device, direction, kind, name }) => `${device} ${direction} ${kind} ${name ?? ''}`.trim()).toSorted(),
    }),
    // Numbers of programs change with each load.
    ...(bpf === undefined ? {} : { bpf: bpf.attached.filter(({ device }) => !ofPods.has(device)).map(({ device, where, name }) => `${device} ${where} ${name ?? ''}`.trim()).toSorted() }),
    sysctls: Object.fromEntries(Object.entries(sysctls).filter(([name]) => ![...ofPods].some((device) => name.includes(`.${device}.`)))),
  };
}

/** Compares. `names` are how the two are called in the result. */
export function differenceOf(before: Snapshot, after: Snapshot, names: readonly [string, string]): Difference {
  const objects = (snapshot: Snapshot): Map<string, KubeObject> => new Map(snapshot.entries.filter(({ object }) => !RESTLESS_KINDS.has(object.kind)).map(({ object }) => [describeRef({ kind: object.kind, ...object.metadata }), object]));
  const hosts = (snapshot: Snapshot): Map<string, object> => new Map(snapshot.hosts.map((host) => [`host ${host.node}`, steadyHost(host)]));
  const clusters = [before, after].map((snapshot) => {
    const { distribution, cnis, serviceProxy, policyEnforcer, loadBalancers, dns } = summaryOf(pictureOf(snapshot));
    const value = { distribution: distribution?.value, cni: Object.fromEntries(cnis.map(({ name, how, backend, version }) => [name, { how, backend, version }])), serviceProxy: serviceProxy?.value, policyEnforcer: policyEnforcer?.value, loadBalancers: loadBalancers.map(({ name }) => name), dns };
    return new Map([['cluster', value]]);
  });
  const [old, now] = clusters;
  return { version: 1, before: names[0], after: names[1], changes: [...compare(old ?? new Map(), now ?? new Map()), ...compare(objects(before), objects(after)), ...compare(hosts(before), hosts(after))] };
}

/** The difference as people read it. */
export function differenceText({ before, after, changes }: Difference): string {
  if (changes.length === 0) return `nothing of networking differs between ${before} and ${after}\n`;
  const sign = { added: '+', removed: '-', changed: '~' };
  const lines = changes.flatMap((one) => [
    `${sign[one.change]} ${one.subject}`,
    ...one.fields.map((field) => `    ${field.path}: ${field.before ?? '(not there)'} → ${field.after ?? '(not there)'}`),
  ]);
  return `${lines.join('\n')}\n`;
}
