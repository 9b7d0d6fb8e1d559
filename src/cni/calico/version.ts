/** The Calico release that Fairlead installs: its published manifests are in ./manifests. */

export const calicoVersion = 'v3.31.0';

/** Upstream's image names (manifests/calico.yaml of the release, in their docker.io home). */
export const calicoImages = {
  node: `docker.io/calico/node:${calicoVersion}`,
  cni: `docker.io/calico/cni:${calicoVersion}`,
  kubeControllers: `docker.io/calico/kube-controllers:${calicoVersion}`,
} as const;

/** Where upstream's manifests put everything. */
export const calicoNamespace = 'kube-system';
/** API group and version of Calico's CRDs. */
export const calicoApi = 'crd.projectcalico.org/v1';
/** The tunnel device that Felix makes (felix/dataplane/linux/vxlan_mgr.go). */
export const vxlanDevice = 'vxlan.calico';
/** Prefix of the host side of workload links (felix: InterfacePrefix). */
export const workloadPrefix = 'cali';
/** Routing protocol number of Felix' routes: fixed for blackholes (felix/dataplane/linux/dataplanedefs), configured for the others (DeviceRouteProtocol). */
export const routeProtocol = 80;
/** Calico's default name for its CNI conf (cni-plugin/pkg/install). */
export const conflistName = '10-calico.conflist';
/** Node label that upstream's own Flannel migration uses to say which CNI a node runs. */
export const migrationLabel = 'projectcalico.org/node-network-during-migration';
/** Prefix of Felix' chains in iptables (felix/rules/rule_defs.go). */
export const chainPrefix = 'cali-';
/** Prefix of the comment that Felix puts on its rules in other chains. */
export const ruleCommentPrefix = 'cali:';
/** Prefix of Felix' address sets: cali40…, cali60…. */
export const ipsetName = /^cali[46]0/;
/** Tables of Felix' nftables data plane, as `family name`. */
export const nftTables = ['ip calico', 'ip6 calico'];
