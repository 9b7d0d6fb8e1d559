/** What is kept of pods and of everything that makes pods. */
import { keepArguments } from './argument.ts';
import type { KindSpec } from './catalogue.ts';
import { annotations, env, fields, labelSelector, list, map, presence, special, str, tree } from './shape.ts';

/** Without its query, where tokens stand. */
const path = special((value) => (typeof value === 'string' ? value.split(/[?#]/)[0]?.slice(0, 256) : undefined));
const handler = { httpGet: fields('port* host scheme', { path }), tcpSocket: fields('port* host'), grpc: fields('port#'), exec: presence };
const probe = fields('initialDelaySeconds# periodSeconds# timeoutSeconds# failureThreshold#', handler);
const container = fields('name image restartPolicy', {
  ports: list(fields('name containerPort# hostPort# hostIP protocol')),
  env,
  args: special((value) => keepArguments(value, false)),
  command: special((value) => keepArguments(value, true)),
  readinessProbe: probe, livenessProbe: probe, startupProbe: probe,
  lifecycle: fields('', { preStop: fields('', handler), postStart: fields('', handler) }),
  securityContext: fields('privileged?'),
  volumeMounts: list(fields('name mountPath')),
});
const volume = fields('name', { hostPath: fields('path type'), persistentVolumeClaim: fields('claimName'), emptyDir: presence });

/** `affinity` and the like are all labels and names. */
const podSpec = fields('nodeName hostNetwork? hostPID? dnsPolicy subdomain hostname priorityClassName terminationGracePeriodSeconds# serviceAccountName', {
  containers: list(container), initContainers: list(container), volumes: list(volume),
  nodeSelector: map(str), affinity: tree, tolerations: tree, topologySpreadConstraints: tree,
  dnsConfig: fields('', { nameservers: list(str), searches: list(str), options: list(fields('name value')) }),
  hostAliases: list(fields('ip', { hostnames: list(str) })),
  readinessGates: list(fields('conditionType')),
});

const metadata = fields('', { labels: map(str), annotations });
const template = fields('', { metadata, spec: podSpec });
const selector = labelSelector;

const state = fields('', {
  running: fields('startedAt'),
  waiting: fields('reason'),
  terminated: fields('reason exitCode# startedAt finishedAt'),
});
const containerStatus = fields('name ready? restartCount# started?', { state, lastState: state });
const conditions = list(fields('type status reason lastTransitionTime'));

const apps = (kind: string, scalars: string, status: string): KindSpec => ({
  group: 'apps', kind, versions: ['v1'],
  keep: { spec: fields(scalars, { selector, template, strategy: tree, updateStrategy: tree }), status: fields(status, { conditions }) },
});

export const POD_KINDS: readonly KindSpec[] = [
  {
    group: '', kind: 'Pod', versions: ['v1'],
    keep: {
      spec: podSpec,
      status: fields('phase podIP hostIP startTime qosClass reason', {
        podIPs: list(fields('ip')), conditions, containerStatuses: list(containerStatus), initContainerStatuses: list(containerStatus),
      }),
    },
  },
  apps('Deployment', 'replicas# minReadySeconds# paused?', 'replicas# readyReplicas# availableReplicas# unavailableReplicas# updatedReplicas#'),
  apps('StatefulSet', 'replicas# serviceName podManagementPolicy', 'replicas# readyReplicas# currentReplicas#'),
  apps('DaemonSet', 'minReadySeconds#', 'currentNumberScheduled# desiredNumberScheduled# numberReady# numberUnavailable# numberAvailable# updatedNumberScheduled#'),
  apps('ReplicaSet', 'replicas#', 'replicas# readyReplicas#'),
  { group: 'batch', kind: 'Job', versions: ['v1'], keep: { spec: fields('parallelism# completions# suspend?', { selector, template }), status: fields('active# succeeded# failed#') } },
  { group: 'batch', kind: 'CronJob', versions: ['v1'], keep: { spec: fields('schedule suspend? concurrencyPolicy', { jobTemplate: fields('', { spec: fields('', { template }) }) }) } },
  {
    group: 'policy', kind: 'PodDisruptionBudget', versions: ['v1'],
    keep: { spec: fields('minAvailable* maxUnavailable* unhealthyPodEvictionPolicy', { selector }), status: fields('disruptionsAllowed# currentHealthy# desiredHealthy# expectedPods#') },
  },
];
