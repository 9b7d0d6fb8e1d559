/** Calico's CNI configuration, as ConfigMap template and as it stands on a node. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { CalicoSettings } from './settings.ts';
import { calicoNamespace } from './version.ts';

/** Name of the CNI network, and with it of host-local's directory of leases: /var/lib/cni/networks/<name>. */
export const networkName = 'k8s-pod-network';

/** How long a pod's start waits for Felix at most; it goes on then all the same (Calico v3.31, cni-plugin/pkg/k8s/k8s.go). Without it a pod runs before its policies are there. */
const POLICY_SETUP_SECONDS = 10;

/** Upstream's conflist with three changes: host-local IPAM from the node's podCIDR, IP forwarding allowed in pods, and pods that wait until Felix lets them in and out. The words between underscores are filled in on the node by upstream's installer. */
function conflistTemplate(mtu: number): string {
  const conflist = {
    name: networkName,
    cniVersion: '0.3.1',
    plugins: [
      {
        type: 'calico',
        log_level: 'info',
        log_file_path: '/var/log/calico/cni/cni.log',
        datastore_type: 'kubernetes',
        nodename: '__KUBERNETES_NODE_NAME__',
        mtu,
        ipam: { type: 'host-local', subnet: 'usePodCidr' },
        // K3s' ServiceLB pods forward packets (docs.k3s.io, basic network options, custom CNI).
        container_settings: { allow_ip_forwarding: true },
        policy: { type: 'k8s' },
        // Felix writes the file that this waits for (its default EndpointStatusPathPrefix) once the pod's own policies are in place; other nodes' Felixes learn of the pod at the same time.
        policy_setup_timeout_seconds: POLICY_SETUP_SECONDS,
        kubernetes: { kubeconfig: '__KUBECONFIG_FILEPATH__' },
      },
      { type: 'portmap', snat: true, capabilities: { portMappings: true } },
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ],
  };
  return JSON.stringify(conflist, null, 2);
}

/** ConfigMap `calico-config` with the keys that upstream's manifest refers to. */
export function configMap(settings: CalicoSettings): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'calico-config', namespace: calicoNamespace },
    data: {
      typha_service_name: 'none',
      calico_backend: 'vxlan',
      veth_mtu: String(settings.mtu),
      cni_network_config: conflistTemplate(settings.mtu),
    },
  };
}
