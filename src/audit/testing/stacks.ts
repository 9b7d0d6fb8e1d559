/** Ten application stacks of the shapes that people run, healthy, to be put on a healthy cluster: whatever the audit says about them beyond `info` is a false positive. */
import { configMap, object, pod, policy, service, workload } from '../examples.ts';
import type { Example } from '../rule.ts';

type Value = Readonly<Record<string, unknown>>;

let last = 100;
/** Two ready pods of an application on two nodes, with the annotation of the CNI that serves them. */
function pods(name: string, namespace: string, more: { labels?: Value; ports?: readonly Value[]; spec?: Value; container?: Value; owner?: string; image?: string; count?: number } = {}): Value[] {
  return Array.from({ length: more.count ?? 2 }, (_, at) => {
    const ip = more.spec?.['hostNetwork'] === true ? `192.168.10.1${at + 1}` : `10.42.${at + 1}.${++last % 250}`;
    return pod(`${name}-${at}`, { namespace, node: `n${at + 1}`, ip, annotations: { 'cni.projectcalico.org/podIP': `${ip}/32` }, labels: more.labels ?? { app: name }, owner: more.owner ?? 'ReplicaSet', ...(more.spec === undefined ? {} : { spec: more.spec }), containers: [{ name, image: more.image ?? `${name}:1`, ports: more.ports ?? [], ...more.container }] });
  });
}

const namespace = (name: string): Value => object('v1', 'Namespace', name, {}, null, { labels: { 'kubernetes.io/metadata.name': name } });
const http = [{ name: 'http', containerPort: 8080 }];
const dns: Value = { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] };
const from = (name: string): Value => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });

export const STACKS: Readonly<Record<string, () => Example>> = {
  'Traefik with an application behind it': () => [
    namespace('traefik'), namespace('blog'),
    ...pods('traefik', 'traefik', { ports: [{ name: 'web', containerPort: 8000 }, { name: 'websecure', containerPort: 8443 }], count: 3 }),
    service('traefik', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', clusterIP: '10.43.9.1', selector: { app: 'traefik' }, ports: [{ name: 'web', port: 80, targetPort: 'web' }, { name: 'websecure', port: 443, targetPort: 'websecure' }] }, { namespace: 'traefik', status: { loadBalancer: { ingress: [{ ip: '192.168.10.201' }] } } }),
    ...pods('blog', 'blog', { ports: http }), service('blog', { clusterIP: '10.43.9.2', selector: { app: 'blog' }, ports: [{ port: 80, targetPort: 'http' }] }, { namespace: 'blog' }),
    policy('from-traefik', { podSelector: { matchLabels: { app: 'blog' } }, ingress: [{ from: [from('traefik')], ports: [{ port: 'http' }] }] }, 'blog'),
  ],
  'PostgreSQL by an operator': () => [
    namespace('pg'), ...pods('pg', 'pg', { owner: 'Cluster', ports: [{ name: 'postgresql', containerPort: 5432 }] }),
    service('pg-rw', { clusterIP: '10.43.9.3', selector: { app: 'pg' }, ports: [{ port: 5432, targetPort: 5432 }] }, { namespace: 'pg' }),
    service('pg-any', { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'pg' }, ports: [{ port: 5432 }] }, { namespace: 'pg' }),
    service('outside-db', { clusterIP: '10.43.9.4', selector: {}, ports: [{ port: 5432 }] }, { namespace: 'pg' }),
    object('policy/v1', 'PodDisruptionBudget', 'pg', { spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'pg' } } }, status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 } }, 'pg'),
  ],
  'Kafka with policies by named ports': () => [
    namespace('kafka'), ...pods('kafka', 'kafka', { owner: 'StrimziPodSet', ports: [{ name: 'tcp-clients', containerPort: 9092 }, { name: 'tcp-replication', containerPort: 9091 }], count: 3 }),
    service('kafka-brokers', { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'kafka' }, ports: [{ name: 'tcp-clients', port: 9092, targetPort: 9092 }] }, { namespace: 'kafka' }),
    policy('kafka', { podSelector: { matchLabels: { app: 'kafka' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'kafka' } } }], ports: [{ port: 'tcp-replication' }] }, { ports: [{ port: 'tcp-clients' }] }] }, 'kafka'),
  ],
  'kube-prometheus': () => [
    ...pods('node-exporter', 'monitoring', { owner: 'DaemonSet', ports: [{ name: 'metrics', containerPort: 9100, hostPort: 9100 }], spec: { hostNetwork: true }, count: 3 }),
    service('node-exporter', { clusterIP: 'None', selector: { app: 'node-exporter' }, ports: [{ name: 'metrics', port: 9100, targetPort: 'metrics' }] }, { namespace: 'monitoring', labels: { app: 'node-exporter' } }),
    object('monitoring.coreos.com/v1', 'ServiceMonitor', 'node-exporter', { spec: { selector: { matchLabels: { app: 'node-exporter' } }, endpoints: [{ port: 'metrics' }] } }, 'monitoring'),
    ...pods('alertmanager', 'monitoring', { owner: 'StatefulSet', ports: [{ name: 'web', containerPort: 9093 }] }),
    service('alertmanager', { clusterIP: '10.43.9.6', selector: { app: 'alertmanager' }, ports: [{ name: 'web', port: 9093, targetPort: 'web' }] }, { namespace: 'monitoring' }),
    policy('alertmanager', { podSelector: { matchLabels: { app: 'alertmanager' } }, policyTypes: ['Egress', 'Ingress'], egress: [{}], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'prometheus' } } }], ports: [{ port: 9093, protocol: 'TCP' }] }] }, 'monitoring'),
  ],
  'Argo CD, which keeps applications': () => [
    namespace('argocd'), ...pods('argocd-server', 'argocd', { ports: http }), ...pods('argocd-redis', 'argocd', { ports: [{ name: 'redis', containerPort: 6379 }] }),
    service('argocd-server', { clusterIP: '10.43.9.7', selector: { app: 'argocd-server' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] }, { namespace: 'argocd' }),
    policy('argocd-redis', { podSelector: { matchLabels: { app: 'argocd-redis' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'argocd-server' } } }], ports: [{ port: 6379, protocol: 'TCP' }] }] }, 'argocd'),
    object('argoproj.io/v1alpha1', 'Application', 'blog', { spec: { source: { path: 'apps/blog' }, syncPolicy: { automated: { selfHeal: true } } }, status: { resources: [{ kind: 'Deployment', name: 'blog' }] } }, 'argocd'),
  ],
  'cert-manager with its webhook': () => [
    namespace('cert-manager'), ...pods('webhook', 'cert-manager', { ports: [{ name: 'https', containerPort: 10250 }] }),
    service('cert-manager-webhook', { clusterIP: '10.43.9.8', selector: { app: 'webhook' }, ports: [{ name: 'https', port: 443, targetPort: 'https' }] }, { namespace: 'cert-manager' }),
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'cert-manager-webhook', { webhooks: [{ name: 'webhook.cert-manager.io', failurePolicy: 'Fail', clientConfig: { service: { namespace: 'cert-manager', name: 'cert-manager-webhook' } }, rules: [{ resources: ['certificates', 'issuers'] }] }] }, null),
  ],
  'Seldon Core with policies': () => [
    namespace('seldon'), ...pods('seldon-scheduler', 'seldon', { owner: 'StatefulSet', count: 1, labels: { 'app.kubernetes.io/name': 'seldon-scheduler' }, image: 'docker.io/seldonio/seldon-scheduler:2.10.1' }),
    ...pods('seldon-envoy', 'seldon', { owner: 'StatefulSet', count: 1, labels: { 'app.kubernetes.io/name': 'seldon-envoy' }, image: 'docker.io/seldonio/seldon-envoy:2.10.1', ports: [{ name: 'http', containerPort: 9000 }] }),
    pod('mlserver-0', { namespace: 'seldon', node: 'n1', ip: '10.42.1.90', owner: 'StatefulSet', annotations: { 'cni.projectcalico.org/podIP': '10.42.1.90/32' }, labels: { 'seldon-server-name': 'mlserver' }, containers: [
      { name: 'agent', image: 'docker.io/seldonio/seldon-agent:2.10.1', env: [{ name: 'SELDON_SCHEDULER_PORT', value: '9005' }, { name: 'SELDON_SERVER_GRPC_PORT', value: '9500' }] },
      { name: 'mlserver', image: 'docker.io/seldonio/mlserver:1.7.0', env: [{ name: 'MLSERVER_GRPC_PORT', value: '9500' }] },
    ], status: { containerStatuses: [{ name: 'agent', ready: true, restartCount: 0 }, { name: 'mlserver', ready: true, restartCount: 1, state: { running: {} } }] } }),
    service('seldon-mesh', { clusterIP: '10.43.9.9', selector: { 'app.kubernetes.io/name': 'seldon-envoy' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }, { namespace: 'seldon' }),
    policy('inside', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }, from('shop')] }], egress: [{ to: [{ podSelector: {} }] }, dns] }, 'seldon'),
  ],
  'MLflow and MinIO, for two namespaces': () => [
    namespace('mlops'), ...pods('mlflow', 'mlops', { image: 'ghcr.io/mlflow/mlflow:v3', ports: [{ name: 'http', containerPort: 5000 }] }), ...pods('minio', 'mlops', { owner: 'StatefulSet', image: 'quay.io/minio/minio:1', ports: [{ name: 'api', containerPort: 9000 }] }),
    service('mlflow', { clusterIP: '10.43.9.10', selector: { app: 'mlflow' }, ports: [{ port: 5000, targetPort: 'http' }] }, { namespace: 'mlops' }), service('minio', { clusterIP: '10.43.9.11', selector: { app: 'minio' }, ports: [{ port: 9000, targetPort: 'api' }] }, { namespace: 'mlops' }),
    policy('users', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }, from('shop')] }] }, 'mlops'),
  ],
  'batch: Jobs that ended, a Service of a workload that is scaled to 0, a name outside': () => [
    namespace('batch'), object('batch/v1', 'CronJob', 'nightly', { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { metadata: { labels: { job: 'nightly' } }, spec: { containers: [{ name: 'c', image: 'job:1' }] } } } } } }, 'batch'),
    pod('nightly-1', { namespace: 'batch', node: 'n1', ip: '10.42.1.21', owner: 'Job', labels: { job: 'nightly' }, status: { phase: 'Succeeded' } }),
    workload('Deployment', 'idle', 'idle:1', { namespace: 'batch', replicas: 0 }), service('idle', { clusterIP: '10.43.9.12', selector: { app: 'idle' } }, { namespace: 'batch' }),
    service('mail', { type: 'ExternalName', externalName: 'mail.example.com', selector: {}, ports: [] }, { namespace: 'batch' }),
    policy('nightly', { podSelector: { matchLabels: { job: 'nightly' } }, policyTypes: ['Egress'], egress: [dns, { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } }] }] }, 'batch'),
  ],
  'a service mesh and stub zones': () => [
    namespace('mesh'), ...pods('api', 'mesh', { ports: http, container: { readinessProbe: { httpGet: { port: 'http', path: '/ready' } } } }),
    service('api', { clusterIP: '10.43.9.13', selector: { app: 'api' }, ports: [{ name: 'grpc', port: 9090, targetPort: 'http' }] }, { namespace: 'mesh' }),
    configMap('coredns-custom', { 'corp.server': 'corp.example:53 {\n    forward . 192.168.10.53\n}\n' }),
    policy('api', { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8000, endPort: 8100 }] }], egress: [dns, { to: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }] }, 'mesh'),
  ],
};
