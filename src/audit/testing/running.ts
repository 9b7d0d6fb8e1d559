/** Manifests as a cluster that runs them shows them: pods that are ready, endpoints, addresses of Services and of load balancers, budgets with their figures. */
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import { object } from '../examples.ts';
import type { Example } from '../rule.ts';

type Value = Readonly<Record<string, unknown>>;
interface Port { name?: string; containerPort: number; protocol?: string }
interface Container { name: string; image: string; ports?: Port[]; restartPolicy?: string }
interface PodSpec { hostNetwork?: boolean; containers: Container[]; initContainers?: Container[] }
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: { replicas?: number; template?: { metadata?: { labels?: Record<string, string> }; spec: PodSpec }; selector?: Record<string, string> & { matchLabels?: Record<string, string> }; type?: string; clusterIP?: string; minAvailable?: number | string; maxUnavailable?: number | string };
}

/** The objects of a file of manifests. */
export function readManifests(file: string): Manifest[] {
  return loadAll(readFileSync(file, 'utf8')) as Manifest[];
}

/** Nodes of the healthy cluster that the pods are spread over. */
const NODES = 3;

export interface Running {
  objects: Example;
  /** What the hosts read in the network namespaces of these pods, by node. */
  pods: ReadonlyMap<string, NonNullable<HostFacts['pods']>>;
}

/** The manifests with everything that controllers and kubelets add. Pods are on n1, n2 and n3 in turn and listen on the ports that they declare. */
export function running(manifests: readonly Manifest[]): Running {
  const made: Value[] = [];
  const sockets = new Map<string, NonNullable<HostFacts['pods']>>();
  const all: { namespace: string; labels: Record<string, string>; name: string; ip: string; node: string; ports: Port[] }[] = [];
  let last = 100;
  for (const { kind, metadata, spec } of manifests) {
    if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind) || spec?.template === undefined) continue;
    const { template } = spec;
    const count = kind === 'DaemonSet' ? NODES : (spec.replicas ?? 1);
    for (let at = 0; at < count; at++) {
      last++;
      const number = last % NODES + 1;
      const where = kind === 'DaemonSet' ? at + 1 : number;
      const host = template.spec.hostNetwork === true;
      const ip = host ? `192.168.10.1${where}` : `10.42.${where}.${last}`;
      const labels = { ...template.metadata?.labels, ...(kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': `${metadata.name}-${at}` } : {}) };
      const stays = [...template.spec.containers, ...(template.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')];
      const one = { namespace: metadata.namespace ?? '', labels, name: `${metadata.name}-${at}`, ip, node: `n${where}`, ports: stays.flatMap(({ ports = [] }) => ports) };
      all.push(one);
      made.push(object('v1', 'Pod', one.name, {
        spec: { nodeName: one.node, ...template.spec },
        status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: stays.map(({ name }) => ({ name, ready: true, restartCount: 0, state: { running: {} } })) },
      }, one.namespace, { labels, annotations: host ? {} : { 'cni.projectcalico.org/podIP': `${ip}/32` }, ownerReferences: [{ apiVersion: 'apps/v1', kind: kind === 'Deployment' ? 'ReplicaSet' : kind, name: metadata.name, uid: `${kind}-${metadata.name}`, controller: true }] }));
      if (!host) sockets.set(one.node, [...(sockets.get(one.node) ?? []), { addresses: [ip], loopbackUp: true, mtu: 1450, routes: [{ family: 4, type: 'unicast', dst: 'default', table: 'main', protocol: 'boot', onlink: false, gateway: '169.254.1.1', device: 'eth0' }], sockets: one.ports.map(({ containerPort, protocol = 'TCP' }) => ({ protocol: protocol === 'UDP' ? 'udp' as const : 'tcp' as const, address: '*', port: containerPort })) }]);
    }
  }
  const selected = (namespace: string | undefined, selector: Record<string, string> | undefined): typeof all => (selector === undefined ? [] : all.filter((one) => one.namespace === namespace && Object.entries(selector).every(([key, value]) => one.labels[key] === value)));
  let address = 10;
  const objects = manifests.map((one): Value => {
    const { kind, metadata, spec } = one;
    if (kind === 'Service' && spec?.type !== 'ExternalName') {
      address++;
      const type = spec?.type ?? 'ClusterIP';
      return { ...one, spec: { ...spec, type, clusterIP: spec?.clusterIP ?? `10.43.20.${address}` }, ...(type === 'LoadBalancer' ? { status: { loadBalancer: { ingress: [{ ip: `192.168.10.2${address % 20}`.replace(/\.2(\d)$/, '.20$1') }] } } } : {}) };
    }
    if (kind === 'PodDisruptionBudget') {
      const pods = selected(metadata.namespace, spec?.selector?.matchLabels).length;
      const part = (value: number | string): number => (typeof value === 'string' ? Math.ceil((pods * Number.parseInt(value, 10)) / 100) : value);
      const wanted = spec?.minAvailable === undefined ? pods - part(spec?.maxUnavailable ?? 1) : part(spec.minAvailable);
      return { ...one, status: { disruptionsAllowed: Math.max(0, pods - wanted), currentHealthy: pods, desiredHealthy: wanted, expectedPods: pods } };
    }
    return { ...one };
  });
  for (const { kind, metadata, spec } of manifests) {
    const pods = kind === 'Service' ? selected(metadata.namespace, spec?.selector) : [];
    if (pods.length > 0) made.push(object('discovery.k8s.io/v1', 'EndpointSlice', `${metadata.name}-x`, { addressType: 'IPv4', ports: [], endpoints: pods.map(({ ip, node, name }) => ({ addresses: [ip], nodeName: node, conditions: { ready: true }, targetRef: { kind: 'Pod', namespace: metadata.namespace, name } })) }, metadata.namespace ?? '', { labels: { 'kubernetes.io/service-name': metadata.name } }));
  }
  return { objects: [...objects, ...made], pods: sockets };
}
