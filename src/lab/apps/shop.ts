/** The demo applications as Kubernetes objects: a shop in three tiers, a long-lived stream, an intruder and a job. */
import type { KubeObject } from '../../cluster/objects.ts';
import { SHOP } from '../images/other-images.ts';

/** Seconds a pod goes on serving after it was told to end, so that every node has withdrawn its endpoint by then. */
const DRAIN_SECONDS = 5;
/** Longer than draining plus the three seconds for requests in flight (cmd/shop). */
const GRACE_SECONDS = 15;

export const HTTP_PORT = 8080;
export const STREAM_PORT = 7000;

export interface Workload {
  namespace: string;
  name: string;
  /** First argument of cmd/shop. */
  role: 'web' | 'catalog' | 'ledger' | 'stream-server' | 'stream-client' | 'job';
  replicas: number;
  env?: Readonly<Record<string, string>>;
  /** Name of a workload whose nodes this one avoids where it can. */
  awayFrom?: string;
}

const labels = (name: string): Record<string, string> => ({ app: name });

export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/**
 * A Deployment of cmd/shop. Replicas never share a node as long as two nodes take pods (a cordoned node is not
 * counted, so that a drain is never stuck), and an update starts the new pod before it ends an old one.
 */
export function deployment(workload: Workload): KubeObject {
  const { name, replicas } = workload;
  const spread = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor', labelSelector: { matchLabels: labels(name) } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: workload.namespace, labels: labels(name) },
    spec: {
      replicas,
      selector: { matchLabels: labels(name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: labels(name) },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          securityContext: { runAsNonRoot: true },
          ...(replicas > 1 && { topologySpreadConstraints: [spread] }),
          ...(workload.awayFrom !== undefined && { affinity: avoid(workload.awayFrom) }),
          containers: [container(workload)],
        },
      },
    },
  };
}

function avoid(name: string): object {
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels(name) } };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] } };
}

function container(workload: Workload): object {
  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const probe = (path: string, rest: object): object => ({ httpGet: { path, port: 'http' }, ...rest });
  const ports = [{ name: 'http', containerPort: HTTP_PORT }, ...(workload.role === 'stream-server' ? [{ name: 'stream', containerPort: STREAM_PORT }] : [])];
  return {
    name: workload.role,
    image: SHOP,
    imagePullPolicy: 'IfNotPresent',
    args: [workload.role],
    env: [
      field('POD_NAME', 'metadata.name'),
      field('NODE_NAME', 'spec.nodeName'),
      { name: 'DRAIN_SECONDS', value: String(DRAIN_SECONDS) },
      ...Object.entries(workload.env ?? {}).map(([name, value]) => ({ name, value })),
    ],
    ports,
    readinessProbe: probe('/readyz', { periodSeconds: 1, failureThreshold: 2 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }),
    resources: { requests: { cpu: '10m', memory: '16Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
}

/** A Service in front of a workload; with `nodePort` it is reached from outside at every node's address. */
export function service(workload: Workload, options: { nodePort?: number } = {}): KubeObject {
  const http = { name: 'http', port: HTTP_PORT, targetPort: 'http', ...(options.nodePort !== undefined && { nodePort: options.nodePort }) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: workload.name, namespace: workload.namespace, labels: labels(workload.name) },
    spec: {
      type: options.nodePort === undefined ? 'ClusterIP' : 'NodePort',
      selector: labels(workload.name),
      ports: [workload.role === 'stream-server' ? { name: 'stream', port: STREAM_PORT, targetPort: 'stream' } : http],
    },
  };
}

/** One replica at least stays while nodes are drained. Only for workloads with two or more: otherwise no drain would ever end. */
export function disruptionBudget(workload: Workload): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: workload.name, namespace: workload.namespace },
    spec: { minAvailable: 1, selector: { matchLabels: labels(workload.name) } },
  };
}

/** Denies all ingress to the pods of a namespace that no other policy allows. */
export function denyIngress(namespaceName: string): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny-ingress', namespace: namespaceName },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  };
}

/** Allows one TCP port of a workload, from the pods of `from` in the same namespace or, without it, from everywhere. */
export function allowIngress(to: Workload, port: number, from?: Workload): KubeObject {
  const peers = from === undefined ? {} : { from: [{ podSelector: { matchLabels: labels(from.name) } }] };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `allow-${from?.name ?? 'everyone'}-to-${to.name}`, namespace: to.namespace },
    spec: { podSelector: { matchLabels: labels(to.name) }, policyTypes: ['Ingress'], ingress: [{ ...peers, ports: [{ protocol: 'TCP', port }] }] },
  };
}
