/** Makes the NetworkPolicies that allow what was seen, and nothing else between the workloads seen. */
import { Asker } from '../ask/question.ts';
import type { End } from '../ask/ends.ts';
import type { Engine } from '../compile/engine.ts';
import type { Flow } from '../flows/flow.ts';
import { parseAddress } from '../model/block.ts';
import { NAME_LABEL } from '../world/read-world.ts';
import { selectables, type Selectable } from './workloads.ts';

/** A NetworkPolicy as it is written down. */
export interface MadePolicy {
  apiVersion: 'networking.k8s.io/v1';
  kind: 'NetworkPolicy';
  metadata: { name: string; namespace: string };
  spec: { podSelector: object; policyTypes: string[]; ingress: object[]; egress: object[] };
}

/** A connection between what policies can name. */
export interface Link {
  from: Selectable | string;
  to: Selectable | string;
  protocol: string;
  port: number;
}

export interface Generated {
  policies: MadePolicy[];
  links: Link[];
  /** Workloads that no flow touches: they are not isolated. */
  unseen: string[];
  /** Flows that are in no policy, with the reason. */
  left: string[];
}

/** Servers of the DNS (labels of CoreDNS and kube-dns in every distribution). */
const isDns = (group: Selectable): boolean => group.pods.some((pod) => pod.labels['k8s-app'] === 'kube-dns');
const DNS_PORTS = [['UDP', 53], ['TCP', 53]] as const;

/** The ends of flows as selectable groups, or as addresses. */
function linksOf(asker: Asker, flows: readonly Flow[], groups: readonly Selectable[], left: string[]): Link[] {
  const byPod = new Map(groups.flatMap((group) => group.pods.map((pod) => [pod, group] as const)));
  const sideOf = (end: End): Selectable | string | undefined => {
    if (end.kind === 'address') return end.name;
    if (end.kind === 'pod' && !end.pod.hostNetwork) return byPod.get(end.pod);
    return end.kind === 'pod' ? end.pod.addresses[0] : end.node.addresses[0];
  };
  const links = new Map<string, Link>();
  for (const { from, to, protocol, port } of flows) {
    const reply = asker.ask({ from, to, protocol, port });
    if (reply.answers.length === 0) left.push(`${from} → ${to} ${protocol} ${port}: ${reply.why.join(' ')}`);
    for (const one of reply.answers) {
      const [source, target] = [sideOf(one.from), sideOf(one.to)];
      if (source === undefined || target === undefined) {
        left.push(`${one.from.name} → ${one.to.name} ${protocol} ${port}: the input does not tell an address of the node`);
        continue;
      }
      if (one.basis === 'exception' && one.from.kind === 'pod' && one.to.kind === 'pod' && one.from.pod === one.to.pod) continue;
      const name = (side: Selectable | string): string => (typeof side === 'string' ? side : side.names.join());
      links.set(`${name(source)}>${name(target)}>${one.protocol}${one.port}`, { from: source, to: target, protocol: one.protocol, port: one.port });
    }
  }
  return [...links.values()];
}

/** The peer of a rule that names the other side, and nobody else, in a policy of a workload. */
export function peerOf(side: Selectable | string, own: Pick<Selectable, 'namespace'>): object {
  if (typeof side === 'string') return { ipBlock: { cidr: `${side}/${parseAddress(side)?.width ?? 32}` } };
  const pods = { podSelector: { matchLabels: side.labels } };
  return side.namespace === own.namespace ? pods : { namespaceSelector: { matchLabels: { [NAME_LABEL]: side.namespace } }, ...pods };
}

/** Rules of one direction: peers with the same ports share a rule. */
function rulesOf(own: Selectable, links: readonly Link[], direction: 'ingress' | 'egress'): object[] {
  const other = (link: Link): Selectable | string => (direction === 'ingress' ? link.from : link.to);
  const byPeer = new Map<string, { peer: object; ports: Set<string> }>();
  for (const link of links) {
    if ((direction === 'ingress' ? link.to : link.from) !== own) continue;
    const peer = peerOf(other(link), own);
    const known = byPeer.get(JSON.stringify(peer)) ?? { peer, ports: new Set<string>() };
    known.ports.add(`${link.protocol} ${String(link.port).padStart(5)}`);
    byPeer.set(JSON.stringify(peer), known);
  }
  const byPorts = Map.groupBy(byPeer.values(), ({ ports }) => [...ports].toSorted().join());
  return [...byPorts].map(([ports, peers]) => ({
    [direction === 'ingress' ? 'from' : 'to']: peers.map((one) => one.peer),
    ports: ports.split(',').map((one) => ({ protocol: one.slice(0, one.indexOf(' ')), port: Number(one.slice(one.indexOf(' '))) })),
  }));
}

/** A name for a policy, after its workload; numbers keep names apart. */
function namer(): (group: Selectable) => string {
  const used = new Map<string, number>();
  return ({ names, namespace }) => {
    const plain = `allow-${names[0]!.replace(/^[^/]*\//, '').replace(/\[\w+\]$/, '')}`.slice(0, 240);
    const count = (used.get(`${namespace}/${plain}`) ?? 0) + 1;
    used.set(`${namespace}/${plain}`, count);
    return count === 1 ? plain : `${plain}-${count}`;
  };
}

/** What is missing for workloads to ask a DNS server. */
function dnsLinks(server: Selectable, seen: readonly Selectable[], links: readonly Link[]): Link[] {
  const wanted = seen.filter((group) => group !== server).flatMap((from) => DNS_PORTS.map(([protocol, port]): Link => ({ from, to: server, protocol, port })));
  return wanted.filter((one) => !links.some((link) => link.from === one.from && link.to === server && link.protocol === one.protocol && link.port === one.port));
}

/** The policies for flows. With `dns` every workload may ask the DNS servers of the input, seen or not. */
export function generate(engine: Engine, flows: readonly Flow[], dns: boolean): Generated {
  const groups = selectables(engine.state.world);
  const left: string[] = [];
  const links = linksOf(new Asker(engine), flows, groups, left);
  const seen = groups.filter((group) => links.some((link) => link.from === group || link.to === group));
  for (const server of dns ? groups.filter(isDns) : []) links.push(...dnsLinks(server, seen, links));
  const touched = groups.filter((group) => links.some((link) => link.from === group || link.to === group));
  const name = namer();
  const policies = touched.map((group): MadePolicy => ({
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: name(group), namespace: group.namespace },
    spec: { podSelector: { matchLabels: group.labels }, policyTypes: ['Ingress', 'Egress'], ingress: rulesOf(group, links, 'ingress'), egress: rulesOf(group, links, 'egress') },
  }));
  return { policies, links, unseen: groups.filter((group) => !touched.includes(group)).flatMap((group) => group.names), left };
}
