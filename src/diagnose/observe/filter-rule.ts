/** Whether a rule of the packet filter that counted during a probe can have counted that probe, and whose rule it is. Pure. */
import { chainOf } from '../../node/facts/iptables.ts';
import { textContains } from '../../net/range.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { clientPod, fact, unseen, type Scene } from './scene.ts';

/** The connection that was tried. Addresses that are not known are left out, and then fit every rule. */
export interface Probed { from?: string; to: readonly string[]; ports: readonly number[]; protocol: 'TCP' | 'UDP'; /** An end is a node itself: its packets go through INPUT and OUTPUT. */ onNode: boolean; /** Both ends are nodes. */ nodesOnly: boolean }

/** Whose chains begin like that (kube-router: pkg/controllers/netpol; kube-proxy: pkg/proxy/iptables; Felix: ChainNamePrefix; Cilium: pkg/datapath/iptables). */
const OWNERS: readonly (readonly [owner: string, chains: RegExp, who: string])[] = [
  ['kube-router', /^KUBE-(?:ROUTER-|POD-FW-|NWPLCY-)/, " of K3s' policy controller"],
  ['kube-proxy', /^KUBE-/, ' of kube-proxy'],
  ['calico', /^cali-/, ' of Felix'],
  ['cilium', /^(?:OLD_)?CILIUM_/, ' of Cilium'],
];

/** The value of a flag, and whether it is negated. */
function flag(rule: string, pattern: string): { not: boolean; value: string } | undefined {
  const match = new RegExp(String.raw`(! )?(?:${pattern}) (\S+)`).exec(rule);
  return match === null ? undefined : { not: match[1] !== undefined, value: match[2] ?? '' };
}

type Flag = ReturnType<typeof flag>;
/** Some address is in the range, or outside of it where that is asked. */
const hasAddress = (found: Flag, addresses: readonly string[]): boolean => found === undefined || addresses.length === 0 || addresses.some((one) => textContains(found.value, one) !== found.not);
/** Ports of clients: below are those of servers (RFC 6335, §6; Linux: ip_local_port_range begins at 1024 or later). */
const EPHEMERAL: Ports = [[1024, 65_535]];
type Ports = readonly (readonly [first: number, last: number])[];
const hasPort = (found: Flag, ports: Ports): boolean => found === undefined || ports.length === 0 || ports.some(([low, high]) => {
  const listed = found.value.split(',').map((part) => { const [first = '', last = first] = part.split(':'); return [Number(first), Number(last)] as const; });
  return found.not ? !listed.some(([first, last]) => first <= low && high <= last) : listed.some(([first, last]) => first <= high && low <= last);
});

/** Whether the rule can match packets of the connection, there or back. A part of the rule that is not understood is taken to match. */
export function canCount(rule: string, { from, to, ports, protocol, onNode, nodesOnly }: Probed): boolean {
  // A comment may say anything.
  const bare = rule.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const chain = chainOf(bare);
  // Between pods packets are forwarded on both nodes; what counts in INPUT there is the tunnel or somebody else.
  if ((chain === 'INPUT' || chain === 'OUTPUT') && !onNode) return false;
  if (chain === 'FORWARD' && nodesOnly) return false;
  const of = flag(bare, '-p');
  if (of !== undefined && (of.value === 'all' || of.value === protocol.toLowerCase()) === of.not) return false;
  const client = from === undefined ? [] : [from];
  const served = ports.map((port) => [port, port] as const);
  const [source, target, sport, dport] = [flag(bare, '-s'), flag(bare, '-d'), flag(bare, '--sports?'), flag(bare, '--dports?')];
  return (hasAddress(source, client) && hasAddress(target, to) && hasPort(sport, EPHEMERAL) && hasPort(dport, served)) || (hasAddress(source, to) && hasAddress(target, client) && hasPort(sport, served) && hasPort(dport, EPHEMERAL));
}

function probedOf(scene: Scene): Probed {
  const { ends } = scene;
  const client = clientPod(scene);
  const clientOnNode = client === undefined || client.spec?.hostNetwork === true;
  const targetOnNode = ends.node !== undefined || ends.pods.some(({ spec }) => spec?.hostNetwork === true);
  const given = ends.service?.spec?.clusterIP;
  return {
    ...(clientOnNode || client.status?.podIP === undefined ? {} : { from: client.status.podIP }), to: [...new Set([ends.address, given === 'None' ? undefined : given, ...ends.pods.map(({ status }) => status?.podIP)].filter((one) => one !== undefined))],
    ports: [...new Set([...(ends.port === undefined ? [] : [ends.port]), ...ends.ports.values()])], protocol: ends.protocol, onNode: clientOnNode || targetOnNode, nodesOnly: clientOnNode && targetOnNode,
  };
}

/** Whether a rule can match packets of the connection that was tried. */
export const matchesProbe = (scene: Scene, rule: string): boolean => canCount(rule, probedOf(scene));

/** Whose rule it is, and in words: `other` is none of Kubernetes or a CNI. */
export function ownerOf(rule: string): { owner: string; who: string } {
  const [owner, , who] = OWNERS.find(([, chains]) => chains.test(chainOf(rule))) ?? ['other', undefined, ', which is none of Kubernetes or a CNI'];
  return { owner, who };
}

/** What a counter that rose says of this connection: nothing where its rule cannot match it. The rule is the evidence's excerpt. */
export function sifted(scene: Scene, counted: Fact): [ObservationId, Fact][] {
  const [evidence] = counted.value === undefined || counted.value === 'still' ? [] : counted.evidence;
  if (evidence === undefined) return [['filter-counter', counted]];
  const rule = evidence.excerpt;
  if (!matchesProbe(scene, rule)) return [['filter-counter', unseen(`a rule counted during the probe that cannot match it: ${rule}`)]];
  const { owner, who } = ownerOf(rule);
  return [['filter-counter', counted], ['filter-rule', fact(owner, `the rule that counted stands in chain ${chainOf(rule)}${who}`, evidence)]];
}
