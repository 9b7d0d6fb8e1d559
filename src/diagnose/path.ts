/** The way from the client to the other end, hop by hop, with what is known of each. Pure. */
import type { Ends } from './ends.ts';
import type { Fact, Facts, ObservationId } from './fact.ts';
import type { Layer, Target } from './faults/fault.ts';
import type { Judgement } from './rank.ts';

export type HopState = 'ok' | 'broken' | 'unknown';
/** `part`: which part of the way it is, for faults to be put there. */
export interface Hop { part: 'client' | 'names' | 'gateway' | 'service' | 'policy' | 'node' | 'between' | 'target' | 'process'; label: string; state: HopState; why: string }

const podName = ({ metadata, spec }: Ends['pods'][number]): string => `Pod ${metadata.namespace ?? 'default'}/${metadata.name}${spec?.nodeName === undefined ? '' : ` on ${spec.nodeName}`}`;

/** The state that an observation gives a hop. */
function of(facts: Facts, at: ObservationId, ok: readonly string[], broken: readonly string[]): { state: HopState; why: string } | undefined {
  const fact: Fact | undefined = facts.get(at);
  if (fact?.value === undefined) return undefined;
  const state = ok.includes(fact.value) ? 'ok' : broken.includes(fact.value) ? 'broken' : undefined;
  return state === undefined ? undefined : { state, why: fact.says };
}

const LOST = ['timeout', 'no-route', 'net-unreachable'];
/** A refusal is an answer: whatever it came through works. */
const ANSWERED = ['ok', 'refused', 'reset'];

/** The first that says broken, else the first that says ok. */
function judged(...seen: readonly ({ state: HopState; why: string } | undefined)[]): { state: HopState; why: string } {
  return seen.find((one) => one?.state === 'broken') ?? seen.find((one) => one?.state === 'ok') ?? { state: 'unknown', why: 'not looked at' };
}

/** Where the pods answer at their own addresses and not through the Service, the Service's way to them is broken. */
function serviceWay(facts: Facts): { state: HopState; why: string } | undefined {
  const [asked, direct] = [of(facts, 'connect-client', [], [...LOST, 'refused', 'reset']), of(facts, 'connect-direct', ['ok'], [])];
  return asked === undefined || direct === undefined ? undefined : { state: 'broken', why: `${asked.why}, and ${direct.why}` };
}

/** Where what comes out of the tunnel gets no answer from a pod that answers its own node, that node is where it is broken. */
function lastStretch(facts: Facts): { state: HopState; why: string } | undefined {
  const [tunnel, node, own] = [of(facts, 'tunnel', ['arrives'], []), of(facts, 'connect-client-node', [], LOST), of(facts, 'connect-target-node', ANSWERED, [])];
  return tunnel === undefined || node === undefined || own === undefined ? undefined : { state: 'broken', why: `${tunnel.why}, and ${own.why}; but ${node.why}` };
}

/** Where the pod itself is lost and its node is not, something between the two is broken, unless policies or a filter of the node say so. */
function ownWay(facts: Facts): { state: HopState; why: string } | undefined {
  const [pod, node] = [of(facts, 'connect-direct', [], LOST), of(facts, 'connect-client-node', ANSWERED, [])];
  const stopped = facts.get('policy')?.value !== 'allows' || facts.get('filter-counter')?.value?.startsWith('counts') === true;
  return pod === undefined || node === undefined || stopped ? undefined : { state: 'broken', why: `${pod.why}, and ${node.why}` };
}

const REMOTE: readonly Target[] = ['pod', 'service', 'dns', 'load-balancer', 'api-server', 'node', 'outside', 'nothing', 'name'];

/** The hops. Empty where nothing is known of the other end. */
export function hopsOf(ends: Ends, facts: Facts): Hop[] {
  const { target, from, pods, service, node, address, name, port } = ends;
  if (target === undefined) return [];
  const client = from === undefined ? 'the client, which is not known' : 'pod' in from ? podName(from.pod) : `node ${from.node}`;
  const process: Hop = { part: 'process', label: `a process that listens on port ${port ?? '?'}`, ...judged(of(facts, 'listener', ['there'], ['none', 'loopback-only', 'other-address']), of(facts, 'connect-inside', ['ok'], ['refused'])) };
  if (!REMOTE.includes(target)) return [{ part: 'client', label: client, ...judged(of(facts, 'client-state', ['ready', 'starting'], [])) }, { part: 'gateway', label: `lo, inside of the pod: ${address ?? 'its own address'}`, ...judged(of(facts, 'loopback', [], ['down']), of(facts, 'connect-inside', [], LOST), of(facts, 'loopback', ['up'], [])) }, process];
  const hops: Hop[] = [{ part: 'client', label: client, ...judged(of(facts, 'client-state', ['ready'], ['sandbox'])) }];
  if (name !== undefined) hops.push({ part: 'names', label: `the name ${name}`, ...judged(of(facts, 'name', ['service'], ['no-such-service', 'no-such-namespace', 'other-namespace']), of(facts, 'name-answer', ['answered'], ['no-such-name', 'server-failure', 'refused', 'silent'])) });
  if (from === undefined || 'pod' in from) hops.push({ part: 'gateway', label: "the pod's own route and gateway", ...judged(of(facts, 'pod-route', [], ['missing']), of(facts, 'endpoint-rules', [], ['missing-client']), ownWay(facts), of(facts, 'gateway-neighbour', ['reachable'], ['failed']), of(facts, 'pod-route', ['there'], [])) });
  if (service !== undefined) hops.push({ part: 'service', label: `Service ${service.metadata.namespace ?? ''}/${service.metadata.name} port ${port ?? '?'}`, ...judged(of(facts, 'service-port', [], ['missing', 'name-missing']), of(facts, 'service-rules', [], ['missing', 'stale']), serviceWay(facts), of(facts, 'endpoints', ['ready'], ['none-selected', 'none-ready'])) });
  hops.push({ part: 'policy', label: 'policies', ...judged(of(facts, 'policy', ['allows'], ['denies'])) });
  if (facts.get('placement')?.value !== 'same' && pods.length > 0) {
    const own = facts.get('connect-target-node')?.value;
    const arrives = own !== undefined && ANSWERED.includes(own);
    hops.push({ part: 'node', label: "the client's node: its route to the pod", ...judged(of(facts, 'route', ['there'], ['missing', 'unreachable', 'diverted'])) });
    // What comes out of the tunnel in both directions is stopped elsewhere, whatever else the nodes do not answer each other.
    const tunnel = of(facts, 'tunnel', ['arrives'], ['lost', 'dropped', 'no-port', 'not-taken', 'bad-checksum', 'unsent']);
    const between = tunnel?.state === 'ok' ? tunnel : judged(of(facts, 'node-neighbour', [], ['other-card']), of(facts, 'connect-nodes', [], LOST), tunnel, of(facts, 'tunnel-entry', [], ['wrong-node', 'wrong-mac', 'missing']), of(facts, 'connect-client-node', ANSWERED, arrives ? LOST : []), of(facts, 'connect-direct', ANSWERED, []));
    hops.push({ part: 'between', label: 'from node to node', ...between });
  }
  if (pods.length > 0) {
    const label = pods.length === 1 && pods[0] !== undefined ? podName(pods[0]) : `${pods.length} pods`;
    hops.push({ part: 'target', label, ...judged(of(facts, 'endpoint-rules', [], ['missing-target']), lastStretch(facts), of(facts, 'connect-target-node', ANSWERED, LOST), of(facts, 'target-state', ['ready'], ['crash-loop', 'oom-killed', 'image', 'pending', 'sandbox', 'config-error', 'gone', 'completed']), of(facts, 'target-namespace', [], ['not-there'])) }, process);
  } else hops.push({ part: 'target', label: node === undefined ? address ?? name ?? 'the other end' : `Node ${node.metadata.name}`, ...judged(of(facts, 'nodes', ['ready'], ['not-ready'])) });
  return hops;
}

/** Where faults of a layer break the way. */
const PART: Readonly<Record<Layer, Hop['part'] | undefined>> = {
  application: 'process', configuration: undefined, pod: 'gateway', cni: undefined, address: 'between', overlay: 'between', mtu: 'between', host: undefined, policy: 'policy', service: 'service', dns: 'names', 'load-balancer': 'service',
};

/** Which parts of the way a fault of a host, or of a CNI on it, breaks: those on the nodes that its findings and counters name. */
function partsOn({ for: fors }: Judgement, ends: Ends, hops: readonly Hop[]): Hop['part'][] {
  const sources = fors.filter(({ at }) => at.startsWith('rule:') || at === 'filter-counter').flatMap(({ evidence }) => evidence.map(({ source }) => source));
  const named = (node: string | undefined): boolean => node !== undefined && sources.some((source) => source.split(/[\s:,]+/).includes(node));
  const client = ends.from === undefined ? undefined : 'pod' in ends.from ? ends.from.pod.spec?.nodeName : ends.from.node;
  const here = hops.some(({ part }) => part === 'node') ? 'node' : 'gateway';
  return [...(named(client) ? [here] as const : []), ...(ends.pods.some(({ spec }) => spec?.nodeName !== client && named(spec?.nodeName)) ? ['target'] as const : [])];
}

/** Marks what proved causes break, where the way has a hop for them. */
export function marked(hops: readonly Hop[], causes: readonly Judgement[], ends: Ends): Hop[] {
  const broken = new Map(causes.filter(({ certainty }) => certainty === 'proved').toReversed().flatMap((one) => {
    const part = PART[one.fault.layer];
    return (part === undefined ? partsOn(one, ends, hops) : [part]).map((where) => [where, one.fault] as const);
  }));
  return hops.map((hop) => { const fault = broken.get(hop.part); return fault === undefined || hop.state === 'broken' ? hop : { ...hop, state: 'broken' as const, why: `${fault.id}: ${fault.title}` }; });
}

const MARK: Readonly<Record<HopState, string>> = { ok: ' ok ', broken: ' XX ', unknown: '  ? ' };

/** The way as lines of text. */
export function drawPath(hops: readonly Hop[]): string[] {
  return hops.flatMap(({ label, state, why }, at) => [...(at === 0 ? [] : ['   |']), `[${MARK[state]}] ${label}${state === 'broken' ? `   <-- ${why}` : ''}`]);
}
