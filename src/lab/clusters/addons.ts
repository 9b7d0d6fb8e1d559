/** What a cluster comes with: CoreDNS, and Flannel's access or DaemonSet, as their projects publish them. */
import type { KubeObject } from '../../cluster/objects.ts';

const rbac = 'rbac.authorization.k8s.io';

function clusterRole(name: string, rules: object[]): KubeObject {
  return { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

function binding(role: string, subject: object): KubeObject {
  return { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: role }, roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role }, subjects: [subject] };
}

const flannelRules = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
];

/** Access of the Flannel that runs inside the node's service, by its client certificate. */
export function flannelAccess(): KubeObject[] {
  return [clusterRole('flannel', flannelRules), binding('flannel', { apiGroup: rbac, kind: 'User', name: 'flannel' })];
}

export interface CoreDnsOptions {
  domain: string;
  address: string;
  replicas: number;
  /** kubeadm's Corefile lets CoreDNS answer for 5 s after it was told to end; K3s' does not. */
  lameduck: boolean;
  nodes: { name: string; address: string }[];
}

function corefile(options: CoreDnsOptions): string {
  return `.:53 {
    errors
    health${options.lameduck ? ' {\n        lameduck 5s\n    }' : ''}
    ready
    kubernetes ${options.domain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
        ttl 60
        reload 15s
        fallthrough
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;
}

/** CoreDNS behind the Service `kube-dns`, after the manifests that K3s and kubeadm deploy. */
export function coreDns(options: CoreDnsOptions): KubeObject[] {
  const namespace = 'kube-system';
  const labels = { 'k8s-app': 'kube-dns' };
  const probe = (path: string, port: number): object => ({ httpGet: { path, port, scheme: 'HTTP' } });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace } },
    clusterRole('system:coredns', [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    binding('system:coredns', { kind: 'ServiceAccount', name: 'coredns', namespace }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns', namespace }, data: { Corefile: corefile(options), NodeHosts: options.nodes.map((node) => `${node.address} ${node.name}\n`).join('') } },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace, labels },
      spec: {
        replicas: options.replicas,
        revisionHistoryLimit: 0,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            priorityClassName: 'system-cluster-critical',
            serviceAccountName: 'coredns',
            dnsPolicy: 'Default',
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }, { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
            topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: options.replicas > 1 ? 'ScheduleAnyway' : 'DoNotSchedule', labelSelector: { matchLabels: labels } }],
            containers: [{
              name: 'coredns',
              image: 'docker.io/coredns/coredns:1.12.4',
              imagePullPolicy: 'IfNotPresent',
              args: ['-conf', '/etc/coredns/Corefile'],
              resources: { requests: { cpu: '50m', memory: '50Mi' }, limits: { memory: '170Mi' } },
              volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
              ports: [{ containerPort: 53, name: 'dns', protocol: 'UDP' }, { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' }, { containerPort: 9153, name: 'metrics', protocol: 'TCP' }],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['NET_BIND_SERVICE'], drop: ['all'] }, readOnlyRootFilesystem: true },
              livenessProbe: { ...probe('/health', 8080), initialDelaySeconds: 60, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 },
              readinessProbe: { ...probe('/ready', 8181), periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3 },
            }],
            volumes: [{ name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }, { key: 'NodeHosts', path: 'NodeHosts' }] } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace, labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' } },
      spec: { selector: labels, clusterIP: options.address, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, protocol: 'TCP' }, { name: 'metrics', port: 9153, protocol: 'TCP' }] },
    },
  ];
}

/** Flannel as its own manifest deploys it on kubeadm clusters: DaemonSet `kube-flannel-ds` in namespace `kube-flannel`. */
export function flannelDaemonSet(options: { clusterCidr: string; backend: string }): KubeObject[] {
  const namespace = 'kube-flannel';
  const labels = { tier: 'node', app: 'flannel', 'k8s-app': 'flannel' };
  const conflist = {
    name: 'cbr0', cniVersion: '0.3.1',
    plugins: [{ type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } }, { type: 'portmap', capabilities: { portMappings: true } }],
  };
  const image = 'ghcr.io/flannel-io/flannel:v0.28.10';
  const copy = (name: string, from: string, args: string[], volumeMounts: object[]): object => ({ name, image: from, imagePullPolicy: 'IfNotPresent', command: ['cp'], args, volumeMounts });
  const directory = (name: string, path: string): object => ({ name, hostPath: { path, type: 'DirectoryOrCreate' } });
  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'k8s-app': 'flannel', 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'flannel', namespace } },
    clusterRole('flannel', flannelRules),
    binding('flannel', { kind: 'ServiceAccount', name: 'flannel', namespace }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-flannel-cfg', namespace, labels }, data: { 'cni-conf.json': JSON.stringify(conflist, null, 2), 'net-conf.json': JSON.stringify({ Network: options.clusterCidr, EnableNFTables: false, Backend: { Type: options.backend } }, null, 2) } },
    {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'kube-flannel-ds', namespace, labels },
      spec: {
        selector: { matchLabels: { app: 'flannel', 'k8s-app': 'flannel' } },
        template: {
          metadata: { labels },
          spec: {
            affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }] } } },
            hostNetwork: true,
            priorityClassName: 'system-node-critical',
            tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
            serviceAccountName: 'flannel',
            initContainers: [
              copy('install-cni-plugin', 'ghcr.io/flannel-io/flannel-cni-plugin:v1.7.1-flannel1', ['-f', '/flannel', '/opt/cni/bin/flannel'], [{ name: 'cni-plugin', mountPath: '/opt/cni/bin' }]),
              copy('install-cni', image, ['-f', '/etc/kube-flannel/cni-conf.json', '/etc/cni/net.d/10-flannel.conflist'], [{ name: 'cni', mountPath: '/etc/cni/net.d' }, { name: 'flannel-cfg', mountPath: '/etc/kube-flannel/' }]),
            ],
            containers: [{
              name: 'kube-flannel', image, imagePullPolicy: 'IfNotPresent', command: ['/opt/bin/flanneld'], args: ['--ip-masq', '--kube-subnet-mgr'],
              resources: { requests: { cpu: '100m', memory: '50Mi' } },
              securityContext: { privileged: false, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
              env: [field('POD_NAME', 'metadata.name'), field('POD_NAMESPACE', 'metadata.namespace'), { name: 'EVENT_QUEUE_DEPTH', value: '5000' }, { name: 'CONT_WHEN_CACHE_NOT_READY', value: 'false' }],
              volumeMounts: [{ name: 'run', mountPath: '/run/flannel' }, { name: 'flannel-cfg', mountPath: '/etc/kube-flannel/' }, { name: 'xtables-lock', mountPath: '/run/xtables.lock' }],
            }],
            volumes: [directory('run', '/run/flannel'), directory('cni-plugin', '/opt/cni/bin'), directory('cni', '/etc/cni/net.d'), { name: 'flannel-cfg', configMap: { name: 'kube-flannel-cfg' } }, { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } }],
          },
        },
      },
    },
  ];
}
