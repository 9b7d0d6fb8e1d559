/** Observations of the cluster's objects alone: the cheapest there are. */
import type { NodeObject } from '../../cluster/objects.ts';
import { containersOf, targetOf } from '../../audit/service-ports.ts';
import { meaningOf } from '../ends.ts';
import { isWhole } from '../whole.ts';
import { isReady, podsFact, statusesOf } from './pod-state.ts';
import { clientNode, clientPod, fact, nameOf, ofNodes, unseen, type Observers, type Scene } from './scene.ts';

const TARGET_WORDS: Readonly<Record<string, string>> = {
  'loopback': 'the pod itself: packets to this address never leave its network namespace', 'own-pod': "the pod's own address: packets stay in its network namespace", 'pod': 'a pod', 'service': 'a Service',
  'api-server': 'the API server', 'dns': 'the DNS Service', 'node': 'a node', 'load-balancer': 'an address of a load balancer', 'outside': 'something outside the cluster',
  'nothing': 'an address of the cluster that nothing in it has', 'name': 'a name that no Service of the cluster has',
};

const isUp = (node: NodeObject): boolean => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

function target({ view, ends, symptom }: Scene): ReturnType<NonNullable<Observers['target']>> {
  const { target: kind, service, pods, node, address = '', name } = ends;
  if (kind === undefined) return undefined;
  const what = service !== undefined ? `Service ${nameOf(service)}` : kind === 'pod' || kind === 'own-pod' ? `Pod ${pods.map(nameOf).join(', ')}` : node !== undefined ? `Node ${node.metadata.name}` : name ?? address;
  const says = `${what} is ${TARGET_WORDS[kind] ?? kind}${ends.inferred === undefined ? '' : ` (${ends.inferred})`}`;
  const from = symptom === undefined ? view.derived('the ends that were asked for', `${what} ${ends.port ?? ''}`.trim()) : view.derived('error text', symptom.raw.slice(0, 300), 'observed');
  return fact(kind, says, from);
}

function placement(scene: Scene): ReturnType<NonNullable<Observers['placement']>> {
  const { ends } = scene;
  const node = clientNode(scene);
  const nodes = [...new Set(ends.node === undefined ? ends.pods.map(({ spec }) => spec?.nodeName) : [ends.node.metadata.name])];
  if (node === undefined || nodes.length === 0 || nodes.includes(undefined)) return unseen('it is not known where both ends are', 'name the client: --from NAMESPACE/POD');
  const [only] = nodes;
  if (nodes.length > 1) return nodes.includes(node) ? unseen(`pods at the other end are on ${nodes.join(', ')}, the client is on ${node}`) : fact('different', `the client is on ${node}, the other end on ${nodes.join(', ')}`);
  return fact(only === node ? 'same' : 'different', only === node ? `both ends are on node ${node}` : `the client is on node ${node}, the other end on ${only ?? '?'}`);
}

function endpoints({ view, ends: { service, pods } }: Scene): ReturnType<NonNullable<Observers['endpoints']>> {
  if (service === undefined) return undefined;
  const slices = view.slices(service);
  const all = slices.flatMap((slice) => slice.endpoints ?? []);
  const ready = all.filter(({ conditions }) => conditions?.ready !== false);
  const where = slices.length > 0 ? view.derived(`EndpointSlices of Service ${nameOf(service)}`, `${ready.length} of ${all.length} endpoints are ready`, 'observed') : view.seen(service, 'spec.selector', service.spec?.selector ?? {});
  if (slices.length > 0) {
    if (ready.length > 0) return fact('ready', `Service ${nameOf(service)} has ${ready.length} ready endpoint${ready.length === 1 ? '' : 's'}`, where);
    if (all.length > 0 && pods.some(isReady)) return unseen(`the EndpointSlices and the pods of Service ${nameOf(service)} contradict each other: they were read at different times`, 'kubectl get endpointslices -A');
    return all.length > 0 ? fact('none-ready', `none of the ${all.length} endpoints of Service ${nameOf(service)} is ready`, where) : emptyOf();
  }
  if (Object.keys(service.spec?.selector ?? {}).length === 0) return fact('no-selector', `Service ${nameOf(service)} has no selector, and nobody has made endpoints for it that are in the input`, where);
  const up = pods.filter(isReady);
  if (up.length > 0) return fact('ready', `${up.length} ready pod${up.length === 1 ? '' : 's'} behind Service ${nameOf(service)}`, where, ...up.slice(0, 2).map((pod) => view.seen(pod, 'status.conditions', 'Ready')));
  return emptyOf();

  /** No ready pod is in the input: whether none is in the cluster, only one that has all of them tells. */
  function emptyOf(): ReturnType<NonNullable<Observers['endpoints']>> {
    const name = service === undefined ? '' : nameOf(service);
    if (Object.keys(service?.spec?.selector ?? {}).length === 0) return fact('no-selector', 'the Service has no selector and no endpoints', where);
    if (slices.length === 0 && pods.length > 0 && service?.spec?.publishNotReadyAddresses === true) return unseen(`Service ${name} publishes pods that are not ready, too, and its EndpointSlices are not in the input`, 'kubectl get endpointslices -A');
    if (!isWhole(view, 'Pod', service?.metadata.namespace)) return view.pods.length === 0 ? unseen('pods are not in the input', 'kubectl get pods -A') : fact('none-in-input', `no ready pod of the input is behind Service ${name}; the input need not have all`, where);
    return pods.length > 0 ? fact('none-ready', `none of the ${pods.length} pods behind Service ${name} is ready`, where) : fact('none-selected', `no pod has the labels that Service ${name} selects`, where);
  }
}

function servicePort({ view, ends: { service, servicePort: found, pods, ports, port, protocol } }: Scene): ReturnType<NonNullable<Observers['service-port']>> {
  if (service === undefined || port === undefined) return undefined;
  const has = (service.spec?.ports ?? []).map((one) => `${one.port}/${one.protocol ?? 'TCP'}`).join(', ') || 'none';
  const where = view.seen(service, 'spec.ports', has);
  if (found === undefined) return (service.spec?.clusterIP === 'None') ? unseen('a headless Service has no ports of its own: clients dial the pods') : fact('missing', `Service ${nameOf(service)} has no port ${port}/${protocol}; it has ${has}`, where);
  if (pods.length > 0 && ports.size === 0 && pods.every((pod) => targetOf(found, pod) === undefined)) return fact('name-missing', `Service ${nameOf(service)} leads to the port named ${String(found.targetPort)}, which no container of its pods has`, where);
  return fact('there', `Service ${nameOf(service)} has port ${port}`, where);
}

/** Observations by id. */
export const OBJECTS: Observers = {
  target,
  placement,
  endpoints,
  'service-port': servicePort,
  'cni': ({ view: { picture, ...view } }) => {
    const { cni, cnis } = picture;
    const known = new Set(['flannel', 'calico', 'canal', 'cilium']);
    if (cni !== undefined) return fact(known.has(cni.name) ? cni.name : 'other', `the CNI is ${cni.name}`, { source: 'the cluster’s workloads', excerpt: cni.evidence, level: 'derived' });
    const running = cnis.filter(({ how, name }) => how !== 'trace' && name !== 'multus');
    if (running.length > 1) return fact('several', `several CNIs run: ${running.map(({ name }) => name).join(', ')}`, ...running.map(({ evidence }) => ({ source: 'the cluster’s workloads', excerpt: evidence, level: 'derived' as const })));
    return unseen(`no CNI was recognised in ${view.snapshot.from.join(', ')}`, 'kubectl get daemonsets -A');
  },
  'enforcer': ({ view: { picture: { enforcer } } }) => (enforcer === undefined ? unseen('it was not recognised who enforces policies') : fact(enforcer.value, enforcer.value === 'none' ? 'nobody enforces policies' : `${enforcer.value} enforces policies`, { source: 'the cluster’s configuration', excerpt: enforcer.evidence, level: 'derived' })),
  'proxy': ({ view: { picture: { serviceProxy } } }) => (serviceProxy === undefined ? unseen('it was not recognised how Services are implemented') : fact(serviceProxy.value, `Services are implemented by ${serviceProxy.value}`, { source: 'the cluster’s configuration', excerpt: serviceProxy.evidence, level: 'derived' })),
  'client-state': (scene) => {
    const pod = clientPod(scene);
    return pod === undefined ? undefined : podsFact(scene.view, [pod]);
  },
  'target-state': ({ view, ends: { target: kind, pods } }) => (kind === undefined || pods.length === 0 || kind === 'node' ? undefined : podsFact(view, pods)),
  'target-restarts': ({ view, ends: { pods, target: kind } }) => {
    if (kind === undefined || pods.every((pod) => statusesOf(pod).length === 0)) return undefined;
    const most = pods.flatMap((pod) => statusesOf(pod).map((status) => ({ pod, status }))).toSorted((a, b) => (b.status.restartCount ?? 0) - (a.status.restartCount ?? 0))[0];
    const count = most?.status.restartCount ?? 0;
    return most === undefined ? undefined : fact(count === 0 ? 'none' : count < 3 ? 'some' : 'many', `container ${most.status.name} of ${nameOf(most.pod)} was restarted ${count} times`, view.seen(most.pod, 'status.containerStatuses', `${most.status.name}: restartCount ${count}`));
  },
  'container-port': ({ view, ends: { pods, ports, target: kind } }) => {
    const [pod] = pods;
    const port = pod === undefined ? undefined : ports.get(pod);
    if (pod === undefined || port === undefined || kind === 'node') return undefined;
    const declared = containersOf(pod).flatMap(({ ports: own = [] }) => own.map(({ containerPort }) => containerPort));
    if (declared.length === 0) return unseen('its containers declare no ports, which they need not');
    return fact(declared.includes(port) ? 'declared' : 'not-declared', declared.includes(port) ? `a container of ${nameOf(pod)} declares port ${port}` : `no container of ${nameOf(pod)} declares port ${port}; declared are ${declared.join(', ')}`, view.seen(pod, 'spec.containers.ports', declared.join(', ')));
  },
  'name': (scene) => {
    const name = scene.ends.name ?? scene.symptom?.name;
    if (name === undefined) return undefined;
    const { kind, service } = meaningOf(scene.view, name, clientPod(scene));
    const words = { 'service': `${name} is Service ${service === undefined ? '' : nameOf(service)}`, 'other-namespace': `${name} is a Service of namespace ${service?.metadata.namespace ?? '?'}, and the client is in another`, 'no-such-service': `no Service is called ${name}`, 'no-such-namespace': `${name} names a namespace that there is not`, 'not-in-input': `no Service of the input is called ${name}`, 'outside': `${name} is no name of the cluster` };
    return fact(kind, words[kind], scene.view.derived('Services of the input', scene.view.services.map(nameOf).slice(0, 12).join(', ') || 'none'));
  },
  'dns-servers': ({ view }) => {
    const pods = view.pods.filter(({ metadata }) => metadata.namespace === 'kube-system' && metadata.labels?.['k8s-app'] === 'kube-dns');
    if (pods.length === 0) return view.index.complete('Pod') && view.snapshot.source === 'live' ? fact('none', 'there are no DNS pods') : unseen('the DNS pods are not in the input', 'kubectl -n kube-system get pods -l k8s-app=kube-dns');
    const ready = pods.filter(isReady);
    if (ready.length === 0 && !isWhole(view, 'Pod', 'kube-system')) return unseen(`none of the ${pods.length} DNS pods of the input is ready; it need not have all`, 'kubectl -n kube-system get pods -l k8s-app=kube-dns');
    return fact(ready.length > 0 ? 'ready' : 'none-ready', `${ready.length} of ${pods.length} DNS pods are ready`, ...pods.slice(0, 3).map((pod) => view.seen(pod, 'status', pod.status?.phase ?? '?')));
  },
  'nodes': (scene) => {
    const { view, ends } = scene;
    const names = new Set([clientNode(scene), ends.node?.metadata.name, ...ends.pods.map(({ spec }) => spec?.nodeName)].filter((name) => name !== undefined));
    const nodes = view.nodes.filter(({ metadata }) => names.has(metadata.name));
    if (nodes.length === 0) return undefined;
    const down = nodes.filter((node) => !isUp(node));
    const [first] = down;
    return first === undefined ? fact('ready', `${nodes.length === 1 ? 'the node is' : 'the nodes of both ends are'} ready`, ...nodes.map((node) => view.seen(node, 'status.conditions', 'Ready'))) : ofNodes(scene, down.map(({ metadata }) => metadata.name), fact('not-ready', `node ${first.metadata.name} is not ready`, view.seen(first, 'status.conditions', first.status?.conditions ?? [])));
  },
};
