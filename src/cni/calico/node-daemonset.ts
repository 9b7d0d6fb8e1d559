/** DaemonSet calico-node: upstream's, for VXLAN with the node's podCIDR and the iptables data plane. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { CalicoSettings } from './settings.ts';
import { calicoImages, calicoNamespace, conflistName } from './version.ts';

const nodeName = { valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
const fromConfig = (key: string) => ({ valueFrom: { configMapKeyRef: { name: 'calico-config', key } } });
/** Lets an administrator override the API server's address, as upstream does. */
const servicesEndpoint = [{ configMapRef: { name: 'kubernetes-services-endpoint', optional: true } }];

/**
 * Differences to upstream's manifest:
 * - no `upgrade-ipam`: addresses stay with host-local;
 * - no `ebpf-bootstrap` and no BPF mounts: the iptables data plane is the only one a takeover supports;
 * - no preStop `-shutdown`: it marks the Node NetworkUnavailable, a taint that would outlive a rollback, while
 *   the data plane goes on without calico-node;
 * - existing plugins stay as they are, so that taking Calico away again leaves the ones the pods were made with;
 * - readiness is probed every 2 s, because gates wait for it (the probe is one local HTTP request).
 */
export function nodeDaemonSet(settings: CalicoSettings): KubeObject {
  const labels = { 'k8s-app': 'calico-node' };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'calico-node', namespace: calicoNamespace, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux', ...settings.nodeSelector },
          hostNetwork: true,
          tolerations: [
            { effect: 'NoSchedule', operator: 'Exists' },
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { effect: 'NoExecute', operator: 'Exists' },
          ],
          serviceAccountName: 'calico-node',
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          terminationGracePeriodSeconds: 0,
          priorityClassName: 'system-node-critical',
          initContainers: [installCni(settings)],
          containers: [calicoNode()],
          volumes: volumes(settings),
        },
      },
    },
  };
}

function installCni(settings: CalicoSettings): object {
  return {
    name: 'install-cni',
    image: calicoImages.cni,
    imagePullPolicy: 'IfNotPresent',
    command: ['/opt/cni/bin/install'],
    envFrom: servicesEndpoint,
    env: [
      { name: 'CNI_CONF_NAME', value: conflistName },
      { name: 'CNI_NETWORK_CONFIG', ...fromConfig('cni_network_config') },
      // The host's path of the directory, which the plugin's kubeconfig is referred to by.
      { name: 'CNI_NET_DIR', value: settings.cniConfDir },
      { name: 'CNI_MTU', ...fromConfig('veth_mtu') },
      { name: 'KUBERNETES_NODE_NAME', ...nodeName },
      { name: 'UPDATE_CNI_BINARIES', value: 'false' },
      { name: 'SKIP_CNI_BINARIES', value: 'flannel' },
      { name: 'SLEEP', value: 'false' },
    ],
    volumeMounts: [
      { mountPath: '/host/opt/cni/bin', name: 'cni-bin-dir' },
      { mountPath: '/host/etc/cni/net.d', name: 'cni-net-dir' },
    ],
    securityContext: { privileged: true },
  };
}

function calicoNode(): object {
  const value = (name: string, text: string) => ({ name, value: text });
  return {
    name: 'calico-node',
    image: calicoImages.node,
    imagePullPolicy: 'IfNotPresent',
    envFrom: servicesEndpoint,
    env: [
      value('DATASTORE_TYPE', 'kubernetes'),
      value('WAIT_FOR_DATASTORE', 'true'),
      { name: 'NODENAME', ...nodeName },
      { name: 'CALICO_NETWORKING_BACKEND', ...fromConfig('calico_backend') },
      value('CLUSTER_TYPE', 'k8s'),
      // One block per node: its podCIDR (libcalico-go/lib/apiconfig, felixnodeprocessor).
      value('USE_POD_CIDR', 'true'),
      value('NO_DEFAULT_POOLS', 'true'),
      value('IP', 'autodetect'),
      // "First found" can pick a bridge or another CNI's device.
      value('IP_AUTODETECTION_METHOD', 'kubernetes-internal-ip'),
      value('CALICO_MANAGE_CNI', 'true'),
      value('CALICO_DISABLE_FILE_LOGGING', 'true'),
      value('FELIX_DEFAULTENDPOINTTOHOSTACTION', 'ACCEPT'),
      value('FELIX_IPV6SUPPORT', 'false'),
      value('FELIX_HEALTHENABLED', 'true'),
    ],
    securityContext: { privileged: true },
    resources: { requests: { cpu: '250m' } },
    livenessProbe: {
      exec: { command: ['/bin/calico-node', '-felix-live'] },
      periodSeconds: 10,
      initialDelaySeconds: 10,
      failureThreshold: 6,
      timeoutSeconds: 10,
    },
    readinessProbe: { exec: { command: ['/bin/calico-node', '-felix-ready'] }, periodSeconds: 2, timeoutSeconds: 10 },
    volumeMounts: [
      { mountPath: '/host/etc/cni/net.d', name: 'cni-net-dir' },
      { mountPath: '/lib/modules', name: 'lib-modules', readOnly: true },
      { mountPath: '/run/xtables.lock', name: 'xtables-lock' },
      { mountPath: '/var/run/calico', name: 'var-run-calico' },
      { mountPath: '/var/lib/calico', name: 'var-lib-calico' },
      { mountPath: '/var/run/nodeagent', name: 'policysync' },
      { mountPath: '/var/log/calico/cni', name: 'cni-log-dir', readOnly: true },
    ],
  };
}

function volumes(settings: CalicoSettings): object[] {
  const directory = (name: string, path: string) => ({ name, hostPath: { path, type: 'DirectoryOrCreate' } });
  return [
    { name: 'lib-modules', hostPath: { path: '/lib/modules' } },
    directory('var-run-calico', '/var/run/calico'),
    directory('var-lib-calico', '/var/lib/calico'),
    { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
    directory('cni-bin-dir', settings.cniBinDir),
    directory('cni-net-dir', settings.cniConfDir),
    directory('cni-log-dir', '/var/log/calico/cni'),
    directory('policysync', '/var/run/nodeagent'),
  ];
}
