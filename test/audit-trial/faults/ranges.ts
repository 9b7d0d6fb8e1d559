/** Faults of address ranges. */
import type { Change, TrialFault } from '../fault.ts';
import { announced, clusterObject, object, pool } from '../objects.ts';

const DROP_IN = '/etc/rancher/k3s/config.yaml.d/90-trial.yaml';
/** A setting in a file of K3s' own, which its next start will follow. */
export const k3sSetting = (line: string): Change => ({ on: '{server-1}', run: `mkdir -p /etc/rancher/k3s/config.yaml.d && echo '${line}' > ${DROP_IN}`, undo: `rm -f ${DROP_IN}` });

const servicesThere = 'the Services that are there keep addresses of the old range';
const nodesThere = 'the nodes keep ranges of the old cluster CIDR';

export const RANGES: readonly TrialFault[] = [
  { id: 'cluster-cidr-of-a-guide', lab: 'flannel', what: 'config.yaml.d of the K3s server says cluster-cidr 10.244.0.0/16; the cluster has 10.42.0.0/16', rule: 'FL-CIDR-011', subject: 'Node {agent-1}', changes: [k3sSetting('cluster-cidr: 10.244.0.0/16')] },
  { id: 'services-inside-pods', lab: 'flannel', what: 'config.yaml.d: service-cidr 10.42.0.0/17, inside the pods\' range', rule: 'FL-CIDR-003', subject: 'cluster', changes: [k3sSetting('service-cidr: 10.42.0.0/17')], also: { 'FL-SVC-006': servicesThere } },
  { id: 'service-cidr-changed', lab: 'flannel', what: 'config.yaml.d: service-cidr 10.96.0.0/12', rule: 'FL-SVC-006', subject: 'Service kube-system/kube-dns', changes: [k3sSetting('service-cidr: 10.96.0.0/12')] },
  { id: 'nodes-inside-services', lab: 'flannel', what: 'config.yaml.d: service-cidr 192.168.64.0/18, in which the nodes are', rule: 'FL-CIDR-004', subject: 'Node {agent-2}', changes: [k3sSetting('service-cidr: 192.168.64.0/18')], also: { 'FL-SVC-006': servicesThere, 'FL-CIDR-005': 'the route to the network of the nodes lies in the range, too' } },
  { id: 'vpn-route-into-pods', lab: 'flannel', what: 'a device wg0 on one agent with a route to 10.42.128.0/18', rule: 'FL-CIDR-005', subject: 'Node {agent-1}', quick: true, changes: [{ on: '{agent-1}', run: 'ip link add wg0 type veth peer name wg0-far && ip link set wg0 up && ip route add 10.42.128.0/18 dev wg0', undo: 'ip link del wg0' }] },
  { id: 'pool-over-nodes', lab: 'flannel', what: 'an IPAddressPool that holds the nodes\' addresses', rule: 'FL-CIDR-006', subject: 'IPAddressPool metallb-system/lan', changes: [{ apply: [pool('lan', ['192.168.77.10-192.168.77.40']), announced('lan')] }] },
  { id: 'pool-over-pods', lab: 'flannel', what: 'an IPAddressPool inside the pods\' range', rule: 'FL-CIDR-006', subject: 'IPAddressPool metallb-system/lan', changes: [{ apply: [pool('lan', ['10.42.200.0/24']), announced('lan')] }] },
  { id: 'pools-overlap', lab: 'calico', what: 'two IPAddressPools with addresses in common', rule: 'FL-CIDR-006', subject: 'IPAddressPool metallb-system/lan', changes: [{ apply: [pool('lan', ['192.168.77.200-192.168.77.220']), announced('lan'), pool('dmz', ['192.168.77.216/29']), announced('dmz')] }] },
  { id: 'node-range-twice', lab: 'flannel', what: 'a second Node object with the podCIDR of an agent, as a cloned machine leaves it', rule: 'FL-CIDR-009', subject: 'Node {agent-1}', changes: [{ apply: [clusterObject('v1', 'Node', 'trial-clone', { spec: { podCIDR: '{agent-1.podCidr}', podCIDRs: ['{agent-1.podCidr}'], taints: [{ key: 'trial', effect: 'NoSchedule' }] } })] }] },
  { id: 'no-range-left', lab: 'flannel', what: 'config.yaml.d: cluster-cidr 10.42.0.0/23, two ranges for three nodes', rule: 'FL-CIDR-010', subject: 'cluster', changes: [k3sSetting('cluster-cidr: 10.42.0.0/23')], also: { 'FL-CIDR-011': nodesThere } },
  { id: 'public-pod-range', lab: 'flannel', what: 'config.yaml.d: cluster-cidr 172.168.0.0/16, a slip for 172.16', rule: 'FL-CIDR-012', subject: 'cluster', changes: [k3sSetting('cluster-cidr: 172.168.0.0/16')], also: { 'FL-CIDR-011': nodesThere } },
  { id: 'kube-proxy-of-kubeadm', lab: 'flannel', what: 'a ConfigMap kube-proxy with clusterCIDR 10.244.0.0/16', rule: 'FL-CIDR-002', subject: 'cluster', changes: [{ apply: [object('v1', 'ConfigMap', 'kube-proxy', { data: { 'config.conf': 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\nmode: ""\n' } }, 'kube-system')] }] },
  { id: 'calico-pool-outside', lab: 'calico', what: 'an IPPool 10.244.0.0/16 on a cluster of 10.42.0.0/16', rule: 'FL-CIDR-001', subject: 'IPPool trial', changes: [{ apply: [clusterObject('crd.projectcalico.org/v1', 'IPPool', 'trial', { spec: { cidr: '10.244.0.0/16', blockSize: 26, vxlanMode: 'Always', ipipMode: 'Never', natOutgoing: true, nodeSelector: "kubernetes.io/hostname == 'nobody'" } })] }] },
];
