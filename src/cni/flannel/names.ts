/** What Flannel calls the things it makes (flannel v0.28: pkg/backend, pkg/trafficmngr, pkg/subnet/kube, Documentation/kube-flannel.yml). */

/** Devices of all backends: flannel.<vni>, flannel-v6.<vni>, flannel-wg, flannel-wg-v6, flannel.ipip, flannel0. */
export const deviceName = /^(flannel\.(\d+|ipip)|flannel-v6\.\d+|flannel-wg(-v6)?|flannel0)$/;
/** The bridge that Flannel's CNI plugin puts pods on, unless its conf names another. */
export const bridgeName = 'cni0';
/** Name of the CNI network in the confs of K3s and of upstream's manifest. */
export const networkName = 'cbr0';
/** File name of the CNI conf, in K3s and in upstream's manifest. */
export const conflistName = '10-flannel.conflist';
/** Chains of the iptables backend of its traffic manager. */
export const chainName = /^FLANNEL-(POSTRTG|FWD)$/;
/** Comments of its rules; releases before 0.22 had them without chains of their own. */
export const ruleComment = /^flanneld (masq|forward)$/;
/** Tables of the nftables backend, as `family name`. */
export const nftTables = ['ip flannel-ipv4', 'ip6 flannel-ipv6'];
/** Prefix of its Node annotations. */
export const annotationPrefix = 'flannel.alpha.coreos.com/';
/** What it tells its CNI plugin. */
export const subnetEnvPath = '/run/flannel/subnet.env';
