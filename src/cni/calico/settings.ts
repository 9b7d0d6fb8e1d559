/** What Calico is told, all of it read from the CNI that it takes over from. */

export interface CalicoSettings {
  /** The cluster's pod range, for instance 10.42.0.0/16. */
  clusterCidr: string;
  /** VXLAN network identifier of the tunnel. */
  vni: number;
  /** UDP port of the tunnel. */
  port: number;
  /** MTU of pods and of the tunnel device. */
  mtu: number;
  /** Directory of CNI confs that the nodes' containerd reads. */
  cniConfDir: string;
  /** Directory of CNI plugins that the nodes' containerd uses. */
  cniBinDir: string;
  /** Labels of the nodes on which Calico runs; absent: on every Linux node. */
  nodeSelector?: Record<string, string>;
}
