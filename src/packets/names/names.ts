/** Whose an address is, from a snapshot: Services, pods, nodes. IPv6 addresses are compared in their canonical form. */
import ipaddr from 'ipaddr.js';
import type { KubeObject } from '../../cluster/objects.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const texts = (...values: unknown[]): string[] => values.filter((value): value is string => typeof value === 'string');

/** Looks addresses up; undefined for those that nobody in the snapshot has. A node comes before its pods in the host's network. */
export function namesOf(snapshot: Snapshot): (address: string) => string | undefined {
  const names = new Map<string, string>();
  const put = (addresses: readonly string[], name: string): void => {
    for (const address of addresses) if (ipaddr.isValid(address) && !names.has(canonical(address))) names.set(canonical(address), name);
  };
  for (const kind of ['Node', 'Service', 'Pod']) {
    for (const { object } of snapshot.entries) if (object.kind === kind) put(addressesOf(object), nameOf(object));
  }
  return (address) => names.get(address);
}

/** As `AddressBook` writes it. */
const canonical = (address: string): string => ipaddr.parse(address).toString();

function nameOf({ kind, metadata }: KubeObject): string {
  if (kind === 'Node') return `node ${metadata.name}`;
  return `${kind === 'Service' ? 'Service ' : ''}${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function addressesOf(object: KubeObject): string[] {
  const [spec, status] = [fields(object['spec']), fields(object['status'])];
  if (object.kind === 'Node') return listOf(status['addresses']).flatMap((one) => texts(fields(one)['address']));
  if (object.kind === 'Pod') {
    // One that is over has given its address back.
    if (status['phase'] === 'Succeeded' || status['phase'] === 'Failed' || spec['hostNetwork'] === true) return [];
    return [...texts(status['podIP']), ...listOf(status['podIPs']).flatMap((one) => texts(fields(one)['ip']))];
  }
  return [
    ...texts(spec['clusterIP'], ...listOf(spec['clusterIPs']), ...listOf(spec['externalIPs'])),
    ...listOf(fields(status['loadBalancer'])['ingress']).flatMap((one) => texts(fields(one)['ip'])),
  ];
}
