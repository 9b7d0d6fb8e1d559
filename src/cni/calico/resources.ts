/** Calico's own resources: what Felix is told, and the pool of pod addresses. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { CalicoSettings } from './settings.ts';
import { calicoApi, routeProtocol } from './version.ts';

/** FelixConfiguration `default`: the tunnel exactly as it is now, so that Felix adopts the device instead of making it anew. */
export function felixConfiguration(settings: CalicoSettings): KubeObject {
  return {
    apiVersion: calicoApi,
    kind: 'FelixConfiguration',
    metadata: { name: 'default' },
    spec: {
      vxlanEnabled: true,
      vxlanVNI: settings.vni,
      vxlanPort: settings.port,
      vxlanMTU: settings.mtu,
      // Felix' default is that of routes made by hand, and of those of the CNI before: they could not be told apart.
      deviceRouteProtocol: routeProtocol,
      iptablesBackend: 'Auto',
      // XDP would need the BPF file system, which calico-node is not given.
      xdpEnabled: false,
    },
  };
}

/** The pool over the whole cluster range: it makes Felix route between nodes by VXLAN and masquerade what leaves the range. host-local hands out the addresses. */
export function ipPool(settings: CalicoSettings): KubeObject {
  return {
    apiVersion: calicoApi,
    kind: 'IPPool',
    metadata: { name: 'default-ipv4-ippool' },
    spec: {
      cidr: settings.clusterCidr,
      blockSize: 26,
      vxlanMode: 'Always',
      ipipMode: 'Never',
      natOutgoing: true,
      nodeSelector: 'all()',
      allowedUses: ['Workload', 'Tunnel'],
    },
  };
}
