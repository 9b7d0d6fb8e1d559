/** Faults of the MLOps stack, and what would stop a change. */
import type { Change, TrialFault } from '../fault.ts';
import { clusterObject, idle, listener, object, pod, policy, ready, service, TRIAL } from '../objects.ts';

const agent = (env: Readonly<Record<string, string>>): object => idle('agent', { image: 'docker.io/seldonio/seldon-agent:2.10.1', env: Object.entries(env).map(([name, value]) => ({ name, value })) });
const mlserver = (env: Readonly<Record<string, string>>, more: object = {}): object => idle('mlserver', { image: 'docker.io/seldonio/mlserver:1.7.0', env: Object.entries(env).map(([name, value]) => ({ name, value })), ...more });
const RIGHT = { SELDON_SCHEDULER_PORT: '9005', SELDON_SERVER_GRPC_PORT: '9500', SELDON_SERVER_HTTP_PORT: '9000' };
const SERVER = { MLSERVER_GRPC_PORT: '9500', MLSERVER_HTTP_PORT: '9000' };
const server = (containers: readonly object[]): Change => ({ apply: [pod('mlserver-0', '{agent-1}', { labels: { 'seldon-server-name': 'mlserver' }, containers })] });
const monitor = (name: string, spec: object): Change => ({ apply: [object('monitoring.coreos.com/v1', 'ServiceMonitor', name, { spec }, 'shop')] });

export const STACK: readonly TrialFault[] = [
  { id: 'agent-dials-9004', lab: 'flannel', what: 'Seldon\'s agent dials 9004 of the scheduler', rule: 'FL-ML-001', subject: `Pod ${TRIAL}/mlserver-0`, quick: true, changes: [server([agent({ ...RIGHT, SELDON_SCHEDULER_PORT: '9004' }), mlserver(SERVER)]), ready('mlserver-0')] },
  { id: 'ports-disagree', lab: 'flannel', what: 'the agent dials gRPC at 9500, and MLServer opens its default', rule: 'FL-ML-002', subject: `Pod ${TRIAL}/mlserver-0`, changes: [server([agent(RIGHT), mlserver({ MLSERVER_HTTP_PORT: '9000' })]), ready('mlserver-0')] },
  {
    id: 'server-does-not-start', lab: 'flannel', what: 'MLServer ends as soon as it starts', rule: 'FL-ML-004', subject: `Pod ${TRIAL}/mlserver-0`,
    changes: [server([agent(RIGHT), mlserver(SERVER, { command: ['/bin/false'] })]), { wait: { kind: 'pod', name: 'mlserver-0', namespace: TRIAL }, until: 'jsonpath={.status.containerStatuses[?(@.name=="mlserver")].state.waiting.reason}=CrashLoopBackOff' }],
  },
  { id: 'model-without-server', lab: 'flannel', what: 'a Model that is not ready, in a namespace without a Server', rule: 'FL-ML-005', subject: `Model ${TRIAL}/iris`, changes: [{ apply: [object('mlops.seldon.io/v1alpha1', 'Model', 'iris', { spec: { storageUri: 'gs://models/iris', requirements: ['sklearn'] }, status: { conditions: [{ type: 'ModelReady', status: 'False', reason: 'ScheduleFailed', message: 'Failed to schedule model as no matching servers are available' }] } })] }] },
  { id: 'monitor-port-slip', lab: 'flannel', what: 'a ServiceMonitor for port metrics, which the Service does not have', rule: 'FL-ML-006', subject: 'ServiceMonitor shop/web', changes: [monitor('web', { selector: { matchLabels: { app: 'web' } }, endpoints: [{ port: 'metrics' }] })] },
  { id: 'monitor-of-nothing', lab: 'flannel', what: 'a ServiceMonitor that selects no Service', rule: 'FL-ML-006', subject: 'ServiceMonitor shop/orders', changes: [monitor('orders', { selector: { matchLabels: { app: 'orders' } }, endpoints: [{ port: 'http' }] })] },
  {
    id: 'seldon-cut-off', lab: 'calico', what: 'a policy for DNS alone cuts servers off from Seldon\'s scheduler', rule: 'FL-ML-003', subject: `NetworkPolicy ${TRIAL}/deny`,
    changes: [
      { apply: [pod('seldon-scheduler-0', '{agent-2}', { labels: { 'app.kubernetes.io/name': 'seldon-scheduler' }, containers: [idle('scheduler', { image: 'docker.io/seldonio/seldon-scheduler:2.10.1' })] }), policy('deny', { podSelector: {}, policyTypes: ['Ingress'] }, TRIAL)] },
      server([agent(RIGHT), mlserver(SERVER)]), ready('seldon-scheduler-0'), ready('mlserver-0'),
    ],
  },
  {
    id: 'mlflow-closed', lab: 'calico', what: 'a policy closes MLflow to everybody', rule: 'FL-ML-007', subject: `Service ${TRIAL}/mlflow`,
    changes: [{ apply: [pod('mlflow', '{agent-1}', { containers: [listener('0.0.0.0', 5000)] }), service('mlflow', { selector: { app: 'mlflow' }, ports: [{ port: 5000, targetPort: 'http' }] }), policy('mlflow', { podSelector: { matchLabels: { app: 'mlflow' } }, policyTypes: ['Ingress'] }, TRIAL)] }, ready('mlflow')],
  },
  { id: 'budget-without-slack', lab: 'flannel', what: 'a budget that allows no eviction', rule: 'FL-RISK-001', subject: 'PodDisruptionBudget shop/stream', changes: [{ apply: [object('policy/v1', 'PodDisruptionBudget', 'stream', { spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'stream-server' } } } }, 'shop')] }] },
  {
    id: 'volume-on-one-node', lab: 'flannel', what: 'a pod with a volume on a node\'s own disk', rule: 'FL-RISK-003', subject: `Pod ${TRIAL}/store`,
    changes: [{ apply: [
      clusterObject('v1', 'PersistentVolume', 'trial', { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Retain', storageClassName: 'trial', claimRef: { namespace: TRIAL, name: 'store' }, hostPath: { path: '/var/lib/trial', type: 'DirectoryOrCreate' } } }),
      object('v1', 'PersistentVolumeClaim', 'store', { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'trial', volumeName: 'trial', resources: { requests: { storage: '1Gi' } } } }),
    ] }, { wait: { kind: 'pvc', name: 'store', namespace: TRIAL }, until: 'jsonpath={.status.phase}=Bound' }, { apply: [pod('store', '{agent-1}', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'store' } }] }, containers: [idle('store', { volumeMounts: [{ name: 'data', mountPath: '/data' }] })] })] }, ready('store')],
  },
  {
    id: 'webhook-down', lab: 'flannel', what: 'a webhook for pods that must answer, whose Service has no pod', rule: 'FL-RISK-005', subject: 'ValidatingWebhookConfiguration trial', also: { 'FL-SVC-001': 'the Service of the webhook has no endpoint' },
    changes: [{ apply: [service('guard', { selector: { app: 'guard' } }), clusterObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'trial', { webhooks: [{ name: 'guard.trial.example', failurePolicy: 'Fail', sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1, clientConfig: { service: { namespace: TRIAL, name: 'guard' } }, rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }], namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': TRIAL } } }] })] }],
  },
  { id: 'gitops-owns-the-network', lab: 'flannel', what: 'an Application of Argo CD that keeps Calico in shape', rule: 'FL-RISK-007', subject: `Application ${TRIAL}/network`, changes: [{ apply: [object('argoproj.io/v1alpha1', 'Application', 'network', { spec: { source: { chart: 'tigera-operator', repoURL: 'https://charts.example.com' }, syncPolicy: { automated: { selfHeal: true } } } })] }] },
];
