/** What kube-proxy has told the kernel of a node about one Service, against its EndpointSlices. Pure. */
import { chainOf, targetOf } from '../../node/facts/iptables.ts';
import type { Fact } from '../fact.ts';
import { isReady } from './pod-state.ts';
import { clientNode, fact, nameOf, unseen, type Scene } from './scene.ts';

/** The Service and its port, and where it leads by its EndpointSlices: `address:port`, sorted. `since`: when that was last seen to change, ms since 1970. */
export interface Wanted { name: string; node: string; address: string; port: number; protocol: 'TCP' | 'UDP'; endpoints: readonly string[]; since: number | undefined }

/** kube-proxy writes changes within a second, and all of them once a minute at least after a failure (KubeProxyConfiguration: minSyncPeriod, syncPeriod 30 s): younger ones may be under way. */
const OLD_MS = 60_000;

const time = (text: string | undefined): number[] => { const at = Date.parse(text ?? ''); return Number.isNaN(at) ? [] : [at]; };

/** What the rules of the client's node should say; undefined where the complaint is about no Service's own address, or its endpoints are not known. */
export function wantedOf(scene: Scene): Wanted | undefined {
  const { view, ends: { service, servicePort, target, address: asked, pods, protocol } } = scene;
  const node = clientNode(scene);
  if (service === undefined || servicePort === undefined || node === undefined || (target !== 'service' && target !== 'dns' && target !== 'api-server')) return undefined;
  const own = [...(service.spec?.clusterIPs ?? []), ...(service.spec?.clusterIP === undefined ? [] : [service.spec.clusterIP])].filter((one) => /^[\d.]+$/.test(one));
  const address = asked ?? own[0];
  // With a policy for traffic or hints, a node has some of the endpoints on purpose.
  if (address === undefined || !own.includes(address) || service.spec?.internalTrafficPolicy === 'Local') return undefined;
  const slices = view.slices(service).filter(({ addressType }) => addressType === undefined || addressType === 'IPv4');
  const endpoints = slices.flatMap(({ endpoints: all = [], ports = [] }) => {
    const port = ports.find((one) => (one.name ?? '') === (servicePort.name ?? ''))?.port;
    return port === undefined ? [] : all.filter(({ conditions }) => conditions?.ready !== false).flatMap(({ addresses = [] }) => addresses.map((one) => `${one}:${port}`));
  });
  if (endpoints.length === 0) return undefined;
  const changes = slices.flatMap(({ metadata }) => [...time(metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']), ...time(metadata.creationTimestamp)]);
  const ready = pods.filter(isReady).flatMap(({ status }) => status?.conditions?.filter(({ type }) => type === 'Ready').flatMap((one) => time((one as { lastTransitionTime?: string }).lastTransitionTime)) ?? []);
  return { name: nameOf(service), node, address, port: servicePort.port, protocol, endpoints: [...new Set(endpoints)].toSorted(), since: changes.length === 0 ? undefined : Math.max(...changes, ...ready) };
}

const flag = (rule: string, name: string): string | undefined => new RegExp(String.raw`(?:^| )${name} (\S+)`).exec(rule)?.[1];

/** Where rules of kube-proxy's iptables mode lead (pkg/proxy/iptables: KUBE-SERVICES, KUBE-SVC-…, KUBE-SEP-…). Undefined without its chains, `missing` where the Service has none. */
function inIptables(text: string, { address, port, protocol }: Wanted): string[] | 'missing' | undefined {
  const rules = text.split('\n').filter((line) => line.startsWith('-A KUBE-'));
  if (!/^:KUBE-SERVICES /m.test(text)) return undefined;
  const entry = rules.find((rule) => chainOf(rule) === 'KUBE-SERVICES' && flag(rule, '-d')?.replace(/\/32$/, '') === address && flag(rule, '-p') === protocol.toLowerCase() && flag(rule, '--dport') === String(port) && /^KUBE-SV[CL]-/.test(targetOf(rule) ?? ''));
  if (entry === undefined) return 'missing';
  const ends = new Set(rules.filter((rule) => chainOf(rule) === targetOf(entry)).flatMap((rule) => { const to = targetOf(rule); return to?.startsWith('KUBE-SEP-') === true ? [to] : []; }));
  return rules.filter((rule) => ends.has(chainOf(rule))).flatMap((rule) => flag(rule, '--to-destination') ?? []);
}

/** The same of its nftables mode (pkg/proxy/nftables: map service-ips, chains service-… and endpoint-…). */
function inNftables(text: string, { address, port, protocol }: Wanted): string[] | 'missing' | undefined {
  if (!/^table ip kube-proxy \{/m.test(text)) return undefined;
  const chains = new Map(text.split(/^\s*(?=(?:chain|map|set) )/m).flatMap((block) => { const name = /^chain (\S+) \{/.exec(block)?.[1]; return name === undefined ? [] : [[name, block] as const]; }));
  const goto = (block: string): string[] => [...block.matchAll(/\bgoto ([^\s,}]+)/g)].flatMap(([, name]) => name ?? []);
  const entry = new RegExp(String.raw`(?<![\d.])${address.replaceAll('.', String.raw`\.`)} \. ${protocol.toLowerCase()} \. ${port} : goto (service-[^\s,}]+)`).exec(text)?.[1];
  if (entry === undefined) return 'missing';
  return goto(chains.get(entry) ?? '').filter((name) => name.startsWith('endpoint-')).flatMap((name) => /\bdnat (?:ip )?to ([\d.]+:\d+)/.exec(chains.get(name) ?? '')?.[1] ?? []);
}

const fromHex = (text: string): string => { const [address = '', port = ''] = text.split(':'); return `${(address.match(/../g) ?? []).map((part) => Number.parseInt(part, 16)).join('.')}:${Number.parseInt(port, 16)}`; };

/** The same of IPVS, as /proc/net/ip_vs has it. */
function inIpvs(text: string, { address, port, protocol }: Wanted): string[] | 'missing' | undefined {
  // Somebody else may use IPVS as well: kube-proxy's have at least one server.
  const services = text.split(/^(?=(?:TCP|UDP|SCTP|FWM) )/m).filter((block) => /^(?:TCP|UDP) /.test(block));
  if (services.length === 0) return undefined;
  const own = services.find((block) => { const [kind, where = ''] = block.split(/\s+/); return kind === protocol && fromHex(where) === `${address}:${port}`; });
  return own === undefined ? 'missing' : [...own.matchAll(/-> ([0-9A-F]{8}:[0-9A-F]{4})/g)].map(([, where = '']) => fromHex(where));
}

/** What the rules of a node say of the Service. `text`: what `live/service-rules.ts` reads. */
export function judgeRules(text: string, wanted: Wanted, now: Date): Fact {
  const modes = [['iptables', inIptables(text, wanted)], ['nftables', inNftables(text, wanted)], ['IPVS', inIpvs(text, wanted)]] as const;
  const there = modes.filter(([, found]) => found !== undefined);
  const { name, node, endpoints } = wanted;
  const evidence = (excerpt: string): Parameters<typeof fact>[2] => ({ source: `nat rules of node ${node} for ${wanted.address}:${wanted.port}/${wanted.protocol}`, observedAt: now.toISOString(), excerpt, level: 'observed' });
  if (there.length === 0) return fact('none', `node ${node} has no rules of kube-proxy, in any of its modes`, evidence('no KUBE-SERVICES, no table kube-proxy, no virtual servers'));
  const [mode, found] = there.find(([, one]) => one !== 'missing') ?? there[0] ?? ['iptables', 'missing' as const];
  const young = wanted.since === undefined ? 'since when its endpoints are what they are is not known' : now.getTime() - wanted.since < OLD_MS ? `its endpoints changed ${Math.max(0, Math.round((now.getTime() - wanted.since) / 1000))} s ago, and kube-proxy may be about to follow` : undefined;
  const tell = (value: string, says: string, excerpt: string, weak?: 'one-of-several'): Fact => ({ ...fact(value, young === undefined ? says : `${says} (${young})`, evidence(excerpt)), ...(young !== undefined ? { weak: 'incomplete' as const } : weak === undefined ? {} : { weak }) });
  if (found === 'missing' || found === undefined) return tell('missing', `node ${node} has rules of kube-proxy (${mode}), and none for Service ${name}`, `no rule for ${wanted.address} port ${wanted.port}`);
  const known = found.filter((one) => endpoints.includes(one));
  const excerpt = `rules lead to ${found.toSorted().join(', ') || 'nobody'}; EndpointSlices have ${endpoints.join(', ')}`;
  if (known.length === 0) return tell('stale', `the rules of node ${node} for Service ${name} lead to ${found.length === 0 ? 'nobody' : 'addresses that are no endpoints of it'}`, excerpt);
  if (known.length < found.length) return tell('mixed', `some rules of node ${node} for Service ${name} lead to addresses that are no endpoints of it`, excerpt, 'one-of-several');
  return fact('there', `the rules of node ${node} for Service ${name} lead to its endpoints`, evidence(excerpt));
}

/** How a person would look. */
export const rulesCommand = ({ address, node }: Wanted): string => `iptables-save -t nat | grep -F ${address}; nft list table ip kube-proxy | grep -F ${address}   # on node ${node}, and the KUBE-SEP chains that follow`;

/** The rules of a Service that were not read, with the command that shows them. */
export function unreadRules(scene: Scene): Fact | undefined {
  const wanted = wantedOf(scene);
  return wanted === undefined ? undefined : unseen(`the nat rules of node ${wanted.node} were not read`, rulesCommand(wanted));
}
