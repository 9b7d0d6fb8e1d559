/** The summary of a snapshot: the public form of `snapshot show --output json`, and the same as text. */
import { z } from 'zod';
import { unknownSchema } from '../../core/finding.ts';
import type { Picture } from './picture.ts';
import { nodeFacts } from './picture.ts';

const known = z.strictObject({ value: z.string(), evidence: z.string() });

export const summarySchema = z.strictObject({
  version: z.literal(1),
  collectedAt: z.iso.datetime(),
  source: z.enum(['live', 'files']),
  from: z.array(z.string()),
  distribution: known.optional(),
  cnis: z.array(z.strictObject({ name: z.string(), how: z.enum(['daemonset', 'operator', 'in-process', 'annotated', 'trace']), backend: z.string().optional(), version: z.string().optional(), evidence: z.string() })),
  ranges: z.array(z.strictObject({ use: z.enum(['pod', 'service', 'load-balancer', 'node-pod']), range: z.string(), source: z.string() })),
  mtus: z.array(z.strictObject({ node: z.string(), device: z.string(), mtu: z.number() })),
  serviceProxy: known.optional(),
  policyEnforcer: known.optional(),
  loadBalancers: z.array(z.strictObject({ name: z.string(), evidence: z.string() })),
  dns: z.strictObject({ workload: z.string().optional(), replicas: z.number().optional(), service: z.string().optional(), nodeLocal: z.boolean() }),
  nodes: z.array(z.strictObject({ name: z.string(), address: z.string().optional(), ready: z.boolean(), podCidr: z.string().optional(), kubelet: z.string().optional(), kernel: z.string().optional(), hostFacts: z.boolean() })),
  objects: z.record(z.string(), z.number()).describe('how many of each kind'),
  unlisted: z.array(z.strictObject({ apiVersion: z.string(), kind: z.string(), count: z.number().optional() })),
  unknown: z.array(unknownSchema),
});
export type Summary = z.infer<typeof summarySchema>;

/** Devices whose MTU says what pods may send. */
const TELLING = /^(eth|en|bond|wl|flannel|vxlan|tunl|cni0|cilium_vxlan|cilium_host|wireguard|docker0)/;

/** A copy without fields that are undefined, which JSON and strict schemas do not have. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** The summary of a picture. */
export function summaryOf(picture: Picture): Summary {
  const { index, dns } = picture;
  const { snapshot } = index;
  const objects: Record<string, number> = {};
  for (const { object } of snapshot.entries) objects[object.kind] = (objects[object.kind] ?? 0) + 1;
  return summarySchema.parse(present({
    version: 1,
    collectedAt: snapshot.collectedAt, source: snapshot.source, from: snapshot.from,
    distribution: picture.distribution,
    cnis: picture.cnis.map(({ name, how, backend, version, evidence }) => present({ name, how, backend, version, evidence })),
    ranges: picture.ranges.map(({ use, range, source }) => ({ use, range, source })),
    mtus: snapshot.hosts.flatMap((host) => (host.links ?? []).filter((link) => TELLING.test(link.name)).map((link) => ({ node: host.node, device: link.name, mtu: link.mtu }))),
    serviceProxy: picture.serviceProxy,
    policyEnforcer: picture.enforcer,
    loadBalancers: picture.loadBalancers,
    dns: present({
      workload: dns.workload === undefined ? undefined : `${dns.workload.kind} ${dns.workload.metadata.namespace ?? ''}/${dns.workload.metadata.name}`,
      replicas: dns.workload?.spec?.replicas, service: dns.service?.spec?.clusterIP, nodeLocal: dns.nodeLocal,
    }),
    nodes: picture.nodes.map((node) => present({ ...nodeFacts(node), hostFacts: index.host(node.metadata.name)?.kernel !== undefined })),
    objects,
    unlisted: snapshot.unlisted.map((one) => present(one)),
    unknown: [...snapshot.unknown, ...snapshot.hosts.flatMap((host) => host.unknown ?? [])],
  }));
}

const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ').trimEnd()}`);
};

/** MTUs by device: one line per value, the nodes named only where they differ. */
function mtuLines(mtus: Summary['mtus']): string[] {
  const byDevice = Map.groupBy(mtus, ({ device }) => device);
  return [...byDevice].flatMap(([device, all]) => {
    const byMtu = Map.groupBy(all, ({ mtu }) => mtu);
    return [...byMtu].map(([mtu, nodes]) => `  ${device} ${mtu}${byMtu.size === 1 ? '' : ` on ${nodes.map(({ node }) => node).join(', ')}`}`);
  });
}

const known1 = (what: string, one: { value: string; evidence: string } | undefined): string => (one === undefined ? `${what}: unknown: nothing in the snapshot says` : `${what}: ${one.value} (${one.evidence})`);

/** The summary as people read it. */
export function summaryText(summary: Summary): string {
  const { cnis, ranges, nodes, dns } = summary;
  const policies = Object.entries(summary.objects).filter(([kind]) => kind.endsWith('NetworkPolicy')).map(([kind, count]) => `${count} ${kind}`);
  const lines = [
    `Snapshot of ${summary.from.join(', ')}, ${summary.collectedAt}${summary.source === 'files' ? ' (from files: what is not in it may still be in the cluster)' : ''}`,
    known1('distribution', summary.distribution),
    'CNI:',
    ...(cnis.length === 0 ? ['  unknown: nothing in the snapshot shows one'] : cnis.map((one) => `  ${one.name}${one.version === undefined ? '' : ` ${one.version}`}${one.backend === undefined ? '' : `, ${one.backend}`}${one.how === 'trace' ? ', traces only' : `, ${one.how}`} (${one.evidence})`)),
    'address ranges:',
    ...table(ranges.filter((one) => one.use !== 'node-pod').map((one) => [one.use, one.range, one.source])),
    ...(summary.mtus.length === 0 ? [] : ['MTU:', ...mtuLines(summary.mtus)]),
    known1('Services', summary.serviceProxy),
    known1('policies are enforced by', summary.policyEnforcer),
    `policies: ${policies.length === 0 ? 'none in the snapshot' : policies.join(', ')}`,
    `load balancers: ${summary.loadBalancers.length === 0 ? 'none seen' : summary.loadBalancers.map((one) => `${one.name} (${one.evidence})`).join(', ')}`,
    `DNS: ${dns.workload === undefined ? 'not in the snapshot' : `${dns.workload}, ${dns.replicas ?? 1} replica${(dns.replicas ?? 1) === 1 ? '' : 's'}`}${dns.service === undefined ? '' : `, Service address ${dns.service}`}${dns.nodeLocal ? ', with node-local DNS' : ''}`,
    `nodes (${nodes.length}):`,
    ...table(nodes.map((node) => [node.name, node.address ?? '-', node.ready ? 'ready' : 'not ready', node.podCidr ?? '-', node.kubelet ?? '-', node.kernel ?? '-', node.hostFacts ? 'host read' : 'host not read'])),
    `objects: ${Object.entries(summary.objects).map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
    ...(summary.unlisted.length === 0 ? [] : [`kinds that are not used: ${summary.unlisted.map((one) => `${one.kind} (${one.apiVersion})${one.count === undefined ? '' : ` ${one.count}`}`).join(', ')}`]),
    ...(summary.unknown.length === 0 ? [] : ['not known:', ...summary.unknown.map(({ what, why }) => `  ${what}, because: ${why}`)]),
  ];
  return `${lines.join('\n')}\n`;
}
