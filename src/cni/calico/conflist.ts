/** Calico's CNI configuration, as ConfigMap template and as it stands on a node. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { CalicoSettings } from './settings.ts';
import { calicoNamespace } from './version.ts';

/** Name of the CNI network, and with it of host-local's directory of leases: /var/lib/cni/networks/<name>. */
export const networkName = 'k8s-pod-network';

/** Upstream's conflist with two changes: host-local IPAM from the node's podCIDR, and IP forwarding allowed in pods. The words between underscores are filled in on the node by upstream's installer. */
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
