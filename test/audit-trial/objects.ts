/** Objects that faults are made of: small pods of the lab's own images, Services, policies, and the kinds that MetalLB, Seldon and others bring. */
import type { KubeObject } from '../../src/cluster/objects.ts';
import { AGENT, SHOP } from '../../src/lab/images/other-images.ts';
import type { Change } from './fault.ts';

/** Namespace of what faults bring along; `shop` is the demo's. */
export const TRIAL = 'trial';

type More = Readonly<Record<string, unknown>>;

export function object(apiVersion: string, kind: string, name: string, rest: More = {}, namespace: string | undefined = TRIAL): KubeObject {
  const { labels, annotations, ...body } = rest;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) }, ...body } as KubeObject;
}

/** An object of no namespace. */
export function clusterObject(apiVersion: string, kind: string, name: string, rest: More = {}): KubeObject {
  const { metadata: { namespace: _none, ...metadata }, ...body } = object(apiVersion, kind, name, rest);
  return { ...body, metadata };
}

/** A container that does nothing but be there. */
export function idle(name: string, more: More = {}): object {
  return { name, image: SHOP, imagePullPolicy: 'IfNotPresent', command: ['/bin/sleep', '1000000'], ...more };
}

/** A pod that is bound to a node without the scheduler; it has nothing to listen with unless `containers` say so. */
export function pod(name: string, node: string, more: { namespace?: string; labels?: More; containers?: readonly object[]; spec?: More } = {}): KubeObject {
  return object('v1', 'Pod', name, {
    labels: more.labels ?? { app: name },
    spec: { nodeName: node, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, tolerations: [{ operator: 'Exists' }], containers: more.containers ?? [idle('idle')], ...more.spec },
  }, more.namespace ?? TRIAL);
}

/** A container with Node.js that listens. */
export function listener(address: string, port: number): object {
  return { name: 'listener', image: AGENT, imagePullPolicy: 'IfNotPresent', command: ['/usr/local/bin/node', '-e', `require('node:net').createServer().listen(${port}, '${address}')`], ports: [{ name: 'http', containerPort: port }] };
}

export const ready = (name: string, namespace = TRIAL): Change => ({ wait: { kind: 'pod', name, namespace }, until: 'condition=Ready' });

export function service(name: string, spec: More, more: { namespace?: string; annotations?: More; labels?: More } = {}): KubeObject {
  return object('v1', 'Service', name, { ...(more.annotations === undefined ? {} : { annotations: more.annotations }), ...(more.labels === undefined ? {} : { labels: more.labels }), spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec } }, more.namespace ?? TRIAL);
}

/** A LoadBalancer Service before the demo's web pods. */
export function balancer(name: string, more: { annotations?: More; spec?: More } = {}): KubeObject {
  return service(name, { type: 'LoadBalancer', selector: { app: 'web' }, ...more.spec }, { namespace: 'shop', ...(more.annotations === undefined ? {} : { annotations: more.annotations }) });
}

/** The address that a load balancer has given to a Service. */
export const given = (name: string, ip: string): Change => ({ status: { kind: 'service', name, namespace: 'shop' }, to: { loadBalancer: { ingress: [{ ip }] } } });

export function policy(name: string, spec: More, namespace = 'shop'): KubeObject {
  return object('networking.k8s.io/v1', 'NetworkPolicy', name, { spec }, namespace);
}

const METALLB = 'metallb-system';
export const pool = (name: string, addresses: readonly string[]): KubeObject => object('metallb.io/v1beta1', 'IPAddressPool', name, { spec: { addresses } }, METALLB);
export const announced = (name: string): KubeObject => object('metallb.io/v1beta1', 'L2Advertisement', name, { spec: { ipAddressPools: [name] } }, METALLB);

function definition(group: string, version: string, kind: string, plural: string, scope: 'Namespaced' | 'Cluster' = 'Namespaced'): KubeObject {
  return clusterObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.${group}`, {
    spec: { group, scope, names: { kind, plural, singular: kind.toLowerCase() }, versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] },
  });
}

/** Kinds that operators bring; the operators themselves are not needed for what an audit looks at. */
export const DEFINITIONS: readonly KubeObject[] = [
  definition('metallb.io', 'v1beta1', 'IPAddressPool', 'ipaddresspools'),
  definition('metallb.io', 'v1beta1', 'L2Advertisement', 'l2advertisements'),
  definition('metallb.io', 'v1beta2', 'BGPPeer', 'bgppeers'),
  definition('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'),
  definition('mlops.seldon.io', 'v1alpha1', 'Model', 'models'),
  definition('mlops.seldon.io', 'v1alpha1', 'Server', 'servers'),
  definition('argoproj.io', 'v1alpha1', 'Application', 'applications'),
  definition('operator.tigera.io', 'v1', 'TigeraStatus', 'tigerastatuses', 'Cluster'),
];

/** Names under which the nodes also have the image of the demo application, so that pods are what rules take them for. */
export const ALIASES: readonly string[] = ['docker.io/seldonio/seldon-agent:2.10.1', 'docker.io/seldonio/mlserver:1.7.0', 'docker.io/seldonio/seldon-scheduler:2.10.1'];
