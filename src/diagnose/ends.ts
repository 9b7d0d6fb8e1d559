/** Finds in a snapshot who wanted whom: the ends that the user named, or that the error text tells. */
import type { NodeObject } from '../cluster/objects.ts';
import type { EndpointSliceObject, Pod, ServiceObject, ServicePort } from '../cluster/snapshot/typed.ts';
import { containersOf, targetOf } from '../audit/service-ports.ts';
import type { View } from '../audit/view.ts';
import { UsageError } from '../core/errors.ts';
import { textContains } from '../net/range.ts';
import type { Target } from './faults/fault.ts';
import { isOwn, type Symptom } from './symptom/symptom.ts';
import { isWhole } from './whole.ts';

/** What the user said on the command line. */
export interface Asked { from?: string; to?: string; port?: number; protocol?: 'TCP' | 'UDP' }

export interface Ends {
  from?: { pod: Pod } | { node: string };
  /** Why that end is taken for the client, where nobody said so. */
  inferred?: string;
  /** The client is a guess: others are possible. */
  guessed?: true;
  /** Undefined where nothing was said of the other end. */
  target?: Target;
  service?: ServiceObject;
  /** The port of the Service that was asked for. */
  servicePort?: ServicePort;
  /** Pods at the other end; for loopback the pod itself. */
  pods: Pod[];
  /** Where `pods` listen, by pod; what was asked for where there is no Service. */
  ports: ReadonlyMap<Pod, number>;
  node?: NodeObject;
  address?: string;
  name?: string;
  port?: number;
  protocol: 'TCP' | 'UDP';
}

const ipsOf = ({ status }: Pod): string[] => [...(status?.podIP === undefined ? [] : [status.podIP]), ...(status?.podIPs ?? []).flatMap(({ ip }) => ip ?? [])];
const clusterIps = ({ spec }: ServiceObject): string[] => [...(spec?.clusterIPs ?? []), ...(spec?.clusterIP === undefined ? [] : [spec.clusterIP])];
const outerIps = ({ spec, status }: ServiceObject): string[] => [...(spec?.externalIPs ?? []), ...(spec?.loadBalancerIP === undefined ? [] : [spec.loadBalancerIP]), ...(status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])];
const idOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;

/** `NAMESPACE/POD`, or the name of a pod or node that only one has. Errors: UsageError for what is not there, or is not one. */
function clientOf(view: View, text: string): NonNullable<Ends['from']> {
  const name = text.replace(/^pod[:/]/, '').replace(/^node[:/]/, '');
  if (!text.startsWith('node')) {
    const pods = view.pods.filter((pod) => idOf(pod) === name || (!name.includes('/') && pod.metadata.name === name) || ipsOf(pod).includes(name));
    const [pod] = pods;
    if (pods.length > 1 && pod?.spec?.hostNetwork !== true) throw new UsageError(`--from ${text}: ${pods.length} pods are called that: ${pods.slice(0, 4).map(idOf).join(', ')}`, { hint: 'name it NAMESPACE/POD' });
    if (pod !== undefined) return { pod };
    // A workload stands for its first pod.
    const [namespace = '', owner = ''] = name.split('/');
    const member = view.pods.find(({ metadata }) => metadata.namespace === namespace && owner !== '' && (metadata.ownerReferences ?? []).some((one) => one.name === owner || one.name.replace(/-[a-z0-9]{8,10}$/, '') === owner));
    if (member !== undefined) return { pod: member };
  }
  if (view.nodes.some(({ metadata }) => metadata.name === name)) return { node: name };
  throw new UsageError(`--from ${text}: no pod and no node of the input is called that`, { hint: 'name a pod as NAMESPACE/POD, or a node by its name' });
}

/** The Service that a name means for a pod of a namespace; `undefined` where it names none of the cluster's. */
function serviceByName(view: View, name: string, namespace: string | undefined): { service?: ServiceObject; kind: 'service' | 'other-namespace' | 'no-such-service' | 'no-such-namespace' | 'not-in-input' | 'outside' } {
  const parts = name.toLowerCase().replace(/\.(cluster\.local|svc)$/, '').replace(/\.svc$/, '').replace(/\.svc\.[a-z0-9.-]+$/, '').split('.');
  const inCluster = parts.length <= 2 || /\.svc(\.|$)/.test(name);
  if (!inCluster) return { kind: 'outside' };
  const [host = '', second] = parts.slice(-2).length === 2 ? parts.slice(-2) : parts;
  const wanted = second ?? namespace;
  const found = view.services.find(({ metadata }) => metadata.name === host && (wanted === undefined || metadata.namespace === wanted));
  if (found !== undefined) return { service: found, kind: 'service' };
  const namespaces = new Set(view.index.objects('Namespace').map(({ metadata }) => metadata.name));
  // Files may have been chosen: what is not among them may be in the cluster all the same.
  const whole = isWhole(view, 'Service', wanted);
  const elsewhere = view.services.find(({ metadata }) => metadata.name === host);
  if (elsewhere !== undefined && second === undefined) return whole ? { service: elsewhere, kind: 'other-namespace' } : { kind: 'not-in-input' };
  // A name of two parts may as well be one of the Internet's, unless its end is a namespace.
  if (second !== undefined && !namespaces.has(second)) return { kind: !/\.svc(\.|$)/.test(name) ? 'outside' : isWhole(view, 'Namespace') ? 'no-such-namespace' : 'not-in-input' };
  return { kind: whole ? 'no-such-service' : 'not-in-input' };
}

function ofService(view: View, service: ServiceObject, asked: number | undefined, protocol: 'TCP' | 'UDP', target: Target): Omit<Ends, 'protocol'> {
  const offered = (service.spec?.ports ?? []).filter((one) => (one.protocol ?? 'TCP') === protocol);
  // Nobody asks for another port of a Service that has one.
  const port = asked ?? (offered.length === 1 ? offered[0]?.port : undefined);
  const servicePort = offered.find((one) => one.port === port);
  const slices = view.slices(service);
  const selected = view.backends(service);
  const pods = selected.length > 0 ? selected : behind(view, slices);
  const dns = service.metadata.namespace === 'kube-system' && (service.metadata.name === 'kube-dns' || service.metadata.labels?.['k8s-app'] === 'kube-dns');
  const api = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes';
  const ports = new Map(pods.flatMap((pod) => { const at = servicePort === undefined ? undefined : targetOf(servicePort, pod); return at === undefined ? [] : [[pod, at] as const]; }));
  return { target: dns ? 'dns' : api ? 'api-server' : target, service, ...(servicePort === undefined ? {} : { servicePort }), pods, ports, ...(port === undefined ? {} : { port }) };
}

function behind(view: View, slices: readonly EndpointSliceObject[]): Pod[] {
  const named = new Set(slices.flatMap(({ endpoints = [] }) => endpoints.flatMap(({ targetRef }) => (targetRef?.kind === 'Pod' ? `${targetRef.namespace ?? ''}/${targetRef.name ?? ''}` : []))));
  return view.pods.filter((pod) => named.has(idOf(pod)));
}

const direct = (pods: Pod[], port: number | undefined): Pick<Ends, 'pods' | 'ports' | 'port'> => ({ pods, ports: new Map(port === undefined ? [] : pods.map((pod) => [pod, port] as const)), ...(port === undefined ? {} : { port }) });

function ofAddress(view: View, address: string, port: number | undefined, protocol: 'TCP' | 'UDP'): Omit<Ends, 'protocol'> {
  // Without a cluster nothing is known of an address.
  if (view.pods.length === 0 && view.services.length === 0 && view.nodes.length === 0) return { address, ...direct([], port) };
  const pod = view.netPods.find((one) => ipsOf(one).includes(address));
  if (pod !== undefined) return { target: 'pod', address, ...direct([pod], port) };
  const service = view.services.find((one) => clusterIps(one).includes(address));
  if (service !== undefined) return { ...ofService(view, service, port, protocol, 'service'), address };
  const outer = view.services.find((one) => outerIps(one).includes(address));
  if (outer !== undefined) return { ...ofService(view, outer, port, protocol, 'load-balancer'), address };
  const node = view.nodes.find((one) => view.addressOf(one) === address);
  if (node !== undefined) return { target: port === 6443 ? 'api-server' : 'node', node, address, ...direct(view.pods.filter(({ spec }) => spec?.hostNetwork === true && spec.nodeName === node.metadata.name), port) };
  const [services, pods] = [view.ranges('service'), view.ranges('pod')];
  // The API server is the first address of the Services' range.
  const first = services.some(({ range }) => range.split('/')[0]?.replace(/\.0$/, '.1') === address);
  if (first) return { target: 'api-server', address, ...direct([], port) };
  const inside = [...services, ...pods].some(({ range }) => textContains(range, address));
  // Of an input that lacks some, an address of the cluster may be anybody's.
  if (inside && !(isWhole(view, 'Service') && isWhole(view, 'Pod'))) return { address, ...direct([], port) };
  return { target: inside ? 'nothing' : 'outside', address, ...direct([], port) };
}

/** The pod whose loopback is meant, where only one has anything to do with the port. */
function ownerOfPort(view: View, port: number): { pod: Pod; why: string } | undefined {
  const with_ = view.netPods.filter((pod) => containersOf(pod).some(({ ports = [], env = [] }) => ports.some(({ containerPort }) => containerPort === port) || env.some(({ name, value }) => /PORT/.test(name) && value === String(port))));
  const [pod] = with_;
  return pod === undefined || with_.length > 1 ? undefined : { pod, why: `${idOf(pod)} is the only pod that has to do with port ${port}` };
}

/** The pod that dials a port, where one alone has it in a variable and does not serve it. */
function dialerOf(view: View, port: number): { pod: Pod; why: string } | undefined {
  const found = view.netPods.flatMap((pod) => {
    const containers = containersOf(pod);
    const variable = containers.flatMap(({ env = [] }) => env).find(({ name, value }) => name.includes('PORT') && value === String(port));
    return variable === undefined || containers.some(({ ports = [] }) => ports.some(({ containerPort }) => containerPort === port)) ? [] : [{ pod, variable: variable.name }];
  });
  const [one] = found;
  return one === undefined || found.length > 1 ? undefined : { pod: one.pod, why: `${idOf(one.pod)} is taken for the client: it is the only pod with port ${port} in a variable (${one.variable})` };
}

/** Resolves. `symptom` fills in what `asked` leaves open. Errors: UsageError for names that the input does not have. */
export function findEnds(view: View, asked: Asked, symptom?: Symptom): Ends {
  const protocol = asked.protocol ?? symptom?.protocol ?? 'TCP';
  const port = asked.port ?? symptom?.port;
  let from = asked.from === undefined ? undefined : clientOf(view, asked.from);
  let inferred: string | undefined;
  const source = symptom?.source;
  if (from === undefined && source !== undefined) {
    const pod = view.netPods.find((one) => ipsOf(one).includes(source));
    if (pod !== undefined) [from, inferred] = [{ pod }, `the text has its address ${source}`];
  }
  const own = isOwn(symptom?.address) && asked.to === undefined;
  if (own && from === undefined && port !== undefined) {
    const owner = ownerOfPort(view, port);
    if (owner !== undefined) [from, inferred] = [{ pod: owner.pod }, owner.why];
  }
  let guessed = false;
  if (!own && from === undefined && port !== undefined && symptom !== undefined && !symptom.kind.startsWith('name-')) {
    const one = dialerOf(view, port);
    if (one !== undefined) [from, inferred, guessed] = [{ pod: one.pod }, one.why, true];
  }
  const base = { ...(guessed ? { guessed: true as const } : {}), ...(from === undefined ? {} : { from }), ...(inferred === undefined ? {} : { inferred }), protocol };
  const fromPod = from !== undefined && 'pod' in from ? from.pod : undefined;
  if (own) return { ...base, target: 'loopback', ...direct(fromPod === undefined ? [] : [fromPod], port), ...(symptom?.address === undefined ? {} : { address: symptom.address }) };
  // The connection that failed is the one to the name server.
  if (asked.to === undefined && symptom !== undefined && (symptom.kind === 'name-timeout' || symptom.kind === 'name-unknown')) {
    const server = symptom.server ?? view.picture.dns.service?.spec?.clusterIP;
    const rest = server === undefined ? { pods: [], ports: new Map<Pod, number>() } : ofAddress(view, server, 53, 'UDP');
    return { ...base, ...rest, protocol: 'UDP', port: 53, ...(symptom.name === undefined ? {} : { name: symptom.name }) };
  }
  const to = asked.to ?? symptom?.address ?? symptom?.name;
  if (to === undefined) return { ...base, pods: [], ports: new Map(), ...(port === undefined ? {} : { port }) };
  const rest = resolved(view, to, port, protocol, fromPod, asked.to !== undefined);
  const self = rest.target === 'pod' && fromPod !== undefined && rest.pods[0] === fromPod;
  return { ...base, ...rest, ...(self ? { target: 'own-pod' as const } : {}) };
}

function resolved(view: View, to: string, port: number | undefined, protocol: 'TCP' | 'UDP', from: Pod | undefined, strict: boolean): Omit<Ends, 'protocol'> {
  if (/^[\d.]+$|:.*:/.test(to)) return ofAddress(view, to, port, protocol);
  const service = /^(?:service|svc)[:/](.+)$/.exec(to)?.[1];
  const plain = (service ?? to).replace(/^pod[:/]/, '');
  if (plain.includes('/')) {
    const pod = service === undefined ? view.pods.find((one) => idOf(one) === plain) : undefined;
    if (pod !== undefined) return { target: 'pod', ...direct([pod], port) };
    const found = view.services.find((one) => idOf(one) === plain);
    if (found !== undefined) return ofService(view, found, port, protocol, 'service');
    if (strict) throw new UsageError(`--to ${to}: no pod and no Service of the input is called that`, { hint: 'name a pod as NAMESPACE/POD, a Service as service:NAMESPACE/NAME, or an address' });
  }
  const node = view.nodes.find(({ metadata }) => metadata.name === plain);
  if (node !== undefined) return ofAddress(view, view.addressOf(node) ?? plain, port, protocol);
  if (view.services.length === 0) return { name: plain, ...direct([], port) };
  const meant = serviceByName(view, plain, from?.metadata.namespace);
  // A name that is asked from another namespace than the Service's leads nowhere.
  if (meant.service !== undefined && meant.kind === 'service') return { ...ofService(view, meant.service, port, protocol, 'service'), name: plain };
  if (meant.kind === 'not-in-input') return { name: plain, ...direct([], port) };
  return { target: meant.kind === 'outside' ? 'outside' : 'name', name: plain, ...direct([], port) };
}

/** What a name stands for, as observation `name` says it. */
export function meaningOf(view: View, name: string, from: Pod | undefined): ReturnType<typeof serviceByName> {
  return serviceByName(view, name, from?.metadata.namespace);
}
