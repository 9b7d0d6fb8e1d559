/** Observations of what was read on hosts: sockets and routes in pods, routes of nodes, tables that fill up. */
import { takes, socketsOf } from '../../audit/service-ports.ts';
import { foreignRoutes } from '../../audit/foreign-route.ts';
import type { View } from '../../audit/view.ts';
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import type { Pod } from '../../cluster/snapshot/typed.ts';
import { parseRange, textContains } from '../../net/range.ts';
import type { Fact } from '../fact.ts';
import { clientNode, clientPod, fact, nameOf, ofNodes, unseen, type Observers, type Scene } from './scene.ts';

type PodFacts = NonNullable<HostFacts['pods']>[number];

const HOW = 'read the hosts, too: --via pod, ssh or lab:NAME';
const entered = (view: View, pod: Pod): PodFacts | undefined => view.index.host(pod.spec?.nodeName ?? '')?.pods?.find(({ addresses }) => addresses.includes(pod.status?.podIP ?? ''));

function listener({ view, ends: { pods, ports, protocol, target, address } }: Scene): Fact | undefined {
  if (target === undefined || pods.length === 0 || target === 'node') return undefined;
  const [pod] = pods;
  const port = pod === undefined ? undefined : ports.get(pod);
  if (pod === undefined || port === undefined) return unseen('the port at the other end is not known', 'name it: --port');
  const looked = pods.flatMap((one) => { const all = socketsOf(view, one); return all === undefined ? [] : [{ pod: one, all }]; });
  const command = `kubectl -n ${pod.metadata.namespace ?? 'default'} exec ${pod.metadata.name} -- ss -lnt   # or on node ${pod.spec?.nodeName ?? '?'}: nsenter --net=/proc/PID/ns/net ss -lnt`;
  if (looked.length === 0) return unseen(`who listens in ${nameOf(pod)} was not read`, command);
  const judgements = looked.map(({ pod: one, all }) => ({ one, all, there: all.filter((socket) => socket.protocol === protocol.toLowerCase() && socket.port === (ports.get(one) ?? port)) }));
  const ip = target === 'loopback' ? (address === '::1' ? '::1' : '127.0.0.1') : pod.status?.podIP ?? '';
  const loop = (text: string): boolean => text.startsWith('127.') || text === '::1';
  const good = ({ there }: (typeof judgements)[number]): boolean => there.some((socket) => (target === 'loopback' ? loop(socket.address) || takes(socket, ip) : takes(socket, ip)));
  const bad = judgements.find((one) => !good(one));
  const say = ({ one, all }: (typeof judgements)[number]): Parameters<typeof fact>[2] => view.derived(`sockets of Pod ${nameOf(one)} (ss -lntup in its network namespace)`, all.map((socket) => `${socket.protocol} ${socket.address}:${socket.port}${socket.process === undefined ? '' : ` ${socket.process}`}`).join(', ') || 'nobody listens', 'observed');
  if (bad === undefined) {
    const [one] = judgements;
    return one === undefined || looked.length < pods.length ? unseen('who listens was read in some of the pods alone', command) : fact('there', `${nameOf(one.one)} listens on port ${port}`, say(one));
  }
  if (bad.there.length === 0) return fact('none', `nobody listens on ${protocol} ${ports.get(bad.one) ?? port} in ${nameOf(bad.one)}`, say(bad));
  return fact(bad.there.every((socket) => loop(socket.address)) ? 'loopback-only' : 'other-address', `${nameOf(bad.one)} listens on ${bad.there.map((socket) => socket.address).join(', ')} alone`, say(bad));
}

/** The most particular route of a table to an address. */
export function routeTo(routes: NonNullable<HostFacts['routes']>, ip: string): NonNullable<HostFacts['routes']>[number] | undefined {
  const wide = ip.includes(':') ? '::/0' : '0.0.0.0/0';
  const length = (dst: string): number => (dst === 'default' ? 0 : Number(dst.split('/')[1] ?? (ip.includes(':') ? 128 : 32)));
  return routes.filter(({ dst, table }) => table === 'main' && textContains(dst === 'default' ? wide : dst, ip)).toSorted((a, b) => length(b.dst) - length(a.dst))[0];
}

function route(scene: Scene): Fact | undefined {
  const { view, ends: { pods, target } } = scene;
  const ip = pods[0]?.status?.podIP;
  const node = clientNode(scene);
  if (target === undefined || target === 'loopback' || target === 'own-pod' || target === 'node' || ip === undefined || pods[0]?.spec?.hostNetwork === true || node === undefined) return undefined;
  const host = view.index.host(node);
  const command = `ip route get ${ip}   # on node ${node}`;
  if (host?.routes === undefined) return unseen(`the routes of node ${node} were not read`, command);
  // Cilium keeps the ways of packets in BPF maps, and one route for all of them.
  if (view.picture.cni?.name === 'cilium') return unseen("Cilium's ways are in BPF maps, which are not read", `cilium-dbg bpf ipcache get ${ip}`);
  const found = routeTo(host.routes, ip);
  if (found === undefined) return fact('missing', `node ${node} has no route to ${ip}`, view.onHost(host, 'ip route', 'no route covers it'));
  const text = [found.type === 'unicast' ? '' : found.type, found.dst, found.gateway === undefined ? '' : `via ${found.gateway}`, found.device === undefined ? '' : `dev ${found.device}`, `proto ${found.protocol}`].filter((part) => part !== '').join(' ');
  if (found.type !== 'unicast' && found.type !== 'local') return fact('unreachable', `node ${node} has a route of type ${found.type} for ${ip}`, view.onHost(host, 'ip route', text));
  const range = view.podRanges().find((one) => textContains(one, ip));
  if (found.dst === 'default' && range !== undefined) return fact('missing', `node ${node} has no route to ${ip} but its default route, although the address is one of pods (${range})`, view.onHost(host, 'ip route', text));
  if (range !== undefined && foreignRoutes(view)(found)) return fact('diverted', `the most particular route of node ${node} to ${ip} is none of the CNI: it leads to ${found.device ?? found.gateway ?? 'elsewhere'}`, view.onHost(host, 'ip route', text));
  return fact('there', `node ${node} has a route to ${ip}`, view.onHost(host, 'ip route', text));
}

/** A fact of the client pod's network namespace. */
function inClient(scene: Scene, look: (facts: PodFacts, pod: Pod) => Fact | undefined): Fact | undefined {
  const pod = clientPod(scene);
  if (pod === undefined || pod.spec?.hostNetwork === true) return undefined;
  const facts = entered(scene.view, pod);
  return facts === undefined ? unseen(`the network namespace of ${nameOf(pod)} was not entered`, HOW) : look(facts, pod);
}

const inNamespace = (view: View, pod: Pod, what: string, excerpt: string): Parameters<typeof fact>[2] => view.derived(`network namespace of Pod ${nameOf(pod)}: ${what}`, excerpt, 'observed');

/** Of kube-proxy, in K3s of the service that it is a part of (kubernetes.io: KubeProxyConfiguration, healthzBindAddress). */
const HEALTH = 10_256;

/** Nearly full: the kernel drops new entries soon, or has begun to. */
const FULL = 0.95;

function tables(scene: Scene, look: (host: HostFacts) => { value: 'ok' | 'full'; says: string; excerpt: string } | undefined, what: string): Fact | undefined {
  const { view, ends } = scene;
  const names = new Set([clientNode(scene), ...ends.pods.map(({ spec }) => spec?.nodeName)].filter((one) => one !== undefined));
  const hosts = names.size === 0 ? view.hosts : view.hosts.filter(({ node }) => names.has(node));
  const all = hosts.flatMap((host) => { const seen = look(host); return seen === undefined ? [] : [{ host, ...seen }]; });
  const full = all.filter(({ value }) => value === 'full');
  const [first] = full;
  if (first !== undefined) return ofNodes(scene, full.map(({ host }) => host.node), fact('full', first.says, view.onHost(first.host, what, first.excerpt)));
  return all.length === 0 || all.length < names.size ? unseen(`${what} was not read`, HOW) : fact('ok', `${what} has room on ${all.map(({ host }) => host.node).join(', ')}`, ...all.slice(0, 2).map(({ host, excerpt }) => view.onHost(host, what, excerpt)));
}

/** Observations by id. */
export const HOSTS: Observers = {
  listener,
  route,
  'target-namespace': ({ view, ends: { pods, target } }) => {
    const [pod] = pods;
    const ip = pod?.status?.podIP;
    if (pod === undefined || ip === undefined || pod.spec?.hostNetwork === true || target === 'loopback') return undefined;
    const host = view.index.host(pod.spec?.nodeName ?? '');
    // Namespaces may have been denied or left out: then a missing one says nothing.
    if (host?.pods === undefined || (host.unknown ?? []).some(({ what }) => what.includes('namespace'))) return unseen(`not all network namespaces of node ${pod.spec?.nodeName ?? '?'} were entered`, HOW);
    // Facts that were shortened by hand have a namespace or two; a node that was read has its pods'.
    const own = view.netPods.filter((one) => one.spec?.nodeName === pod.spec?.nodeName && one.status?.podIP !== undefined);
    if (host.pods.length < own.length / 2) return unseen(`most network namespaces of node ${pod.spec?.nodeName ?? '?'} are not in the input`, HOW);
    return host.pods.some(({ addresses }) => addresses.includes(ip)) ? fact('there', `a network namespace on ${host.node} has ${ip}`, view.onHost(host, 'network namespaces', ip)) : fact('not-there', `no network namespace on node ${host.node} has ${ip}, which the API says pod ${nameOf(pod)} has there`, view.onHost(host, 'network namespaces', host.pods.map(({ addresses }) => addresses.join(' ')).join(', ')));
  },
  'pod-route': (scene) => inClient(scene, ({ routes }, pod) => {
    const family = pod.status?.podIP?.includes(':') === true ? 6 : 4;
    if (routes === undefined) return unseen(`the routes in ${nameOf(pod)} were not read`, HOW);
    const has = routes.some((one) => one.family === family && (one.dst === 'default' || parseRange(one.dst)?.first === 0n));
    const text = routes.map(({ dst, gateway, device }) => `${dst}${gateway === undefined ? '' : ` via ${gateway}`} dev ${device ?? '?'}`).join('; ') || 'none';
    return fact(has ? 'there' : 'missing', has ? `${nameOf(pod)} has a default route` : `${nameOf(pod)} has no default route`, inNamespace(scene.view, pod, 'ip route', text));
  }),
  'gateway-neighbour': (scene) => inClient(scene, ({ routes, neighbours }, pod) => {
    const gateway = routes?.find(({ dst, gateway: via }) => dst === 'default' && via !== undefined)?.gateway;
    if (gateway === undefined || neighbours === undefined) return undefined;
    const entry = neighbours.find(({ address }) => address === gateway);
    const text = entry === undefined ? `no entry for ${gateway}` : `${entry.address} ${entry.mac ?? ''} ${entry.state}`;
    const value = entry === undefined ? 'none' : /FAILED|INCOMPLETE/.test(entry.state) ? 'failed' : 'reachable';
    return fact(value, value === 'failed' ? `the gateway ${gateway} does not answer ${nameOf(pod)}` : value === 'none' ? `${nameOf(pod)} has not asked for its gateway lately` : `${nameOf(pod)} has the MAC address of its gateway`, inNamespace(scene.view, pod, 'ip neigh', text));
  }),
  'loopback': (scene) => {
    const seen = inClient(scene, ({ loopbackUp }, pod) => (loopbackUp === undefined ? undefined : fact(loopbackUp ? 'up' : 'down', `lo is ${loopbackUp ? 'up' : 'down'} in ${nameOf(pod)}`, inNamespace(scene.view, pod, 'ip link show lo', loopbackUp ? 'UP' : 'DOWN'))));
    return seen;
  },
  'proxy-listens': (scene) => {
    const [node, { view }] = [clientNode(scene), scene];
    const proxy = view.picture.serviceProxy?.value;
    const host = view.index.host(node ?? '');
    if (scene.ends.service === undefined || node === undefined || proxy === undefined || proxy === 'cilium' || proxy === 'none') return undefined;
    if (host?.sockets === undefined) return unseen(`who listens on node ${node} was not read`, `ss -lnt 'sport = :${HEALTH}'   # on node ${node}; in K3s k3s itself has it`);
    const found = host.sockets.find(({ protocol, port }) => protocol === 'tcp' && port === HEALTH);
    return fact(found === undefined ? 'no' : 'yes', found === undefined ? `nobody on node ${node} listens on port ${HEALTH}, as kube-proxy does unless it is told not to` : `${found.process ?? 'a process'} listens on kube-proxy's health port of node ${node}`, view.onHost(host, 'ss -lnt', found === undefined ? `no port ${HEALTH}` : `${found.address}:${HEALTH}`));
  },
  'conntrack': (scene) => tables(scene, ({ node, conntrack }) => (conntrack === undefined ? undefined : {
    value: conntrack.count / conntrack.max > FULL ? 'full' : 'ok', says: `connection tracking of node ${node} is full: ${conntrack.count} of ${conntrack.max}`, excerpt: `nf_conntrack_count ${conntrack.count}, nf_conntrack_max ${conntrack.max}`,
  }), 'connection tracking'),
  'neighbour-table': (scene) => tables(scene, ({ node, neighbourTable, neighbourCount, sysctls }) => {
    const limit = Number(sysctls?.['net.ipv4.neigh.default.gc_thresh3']);
    const count = neighbourTable?.entries ?? neighbourCount;
    if (count === undefined || !Number.isFinite(limit) || limit <= 0) return undefined;
    return { value: count / limit > FULL ? 'full' : 'ok', says: `the neighbour table of node ${node} is full: ${count} of ${limit}`, excerpt: `${count} entries, gc_thresh3 ${limit}` };
  }, 'the neighbour table'),
};
