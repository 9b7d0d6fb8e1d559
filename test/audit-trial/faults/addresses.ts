/** Faults of the addresses of pods. */
import type { Change, TrialFault } from '../fault.ts';
import { clusterObject, pod, ready, TRIAL } from '../objects.ts';

/** Where K3s keeps CNI configurations while its own Flannel is on. */
export const K3S_CONFS = '/var/lib/rancher/k3s/agent/etc/cni/net.d';
const LEASES = '/var/lib/cni/networks/cbr0';
/** What containerd's own packages install, as a file that comes first. */
export const bridgeConf = (node: string, dir: string, subnet: string): Change => ({
  on: node,
  run: `echo '{"cniVersion":"1.0.0","name":"trial-net","plugins":[{"type":"bridge","bridge":"br-trial","isGateway":true,"ipMasq":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"${subnet}"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}' > ${dir}/05-trial.conflist`,
  undo: `rm -f ${dir}/05-trial.conflist; ip link del br-trial 2>/dev/null; rm -rf /var/lib/cni/networks/trial-net`,
});
export const otherFirst = 'the foreign configuration comes first in the directory';

/** Gives the lowest address that a pod of the node holds a second time: its lease is out of the way, and the next to be given. */
const forgetLease = [
  `cd ${LEASES}`, `ip=$(ls | grep -E "^[0-9.]+$" | sort -t. -k4n | head -n 1)`, 'mkdir -p /run/trial', 'cp last_reserved_ip.0 /run/trial/last', 'echo "$ip" > /run/trial/ip', 'mv "$ip" /run/trial/lease',
  'printf %s "${ip%.*}.$((${ip##*.} - 1))" > last_reserved_ip.0',
].join(' && ');

export const ADDRESSES: readonly TrialFault[] = [
  {
    id: 'pod-of-another-network', lab: 'flannel', what: 'a pod that was made while containerd\'s own bridge configuration (10.88.0.0/16) came first', rule: 'FL-IPAM-001', subject: `Pod ${TRIAL}/stranger`,
    changes: [bridgeConf('{agent-1}', K3S_CONFS, '10.88.0.0/16'), { apply: [pod('stranger', '{agent-1}')] }, ready('stranger')], also: { 'FL-CNI-002': otherFirst },
  },
  {
    id: 'address-given-twice', lab: 'flannel', what: 'a lease of host-local is lost while its pod runs; the next pod gets the address', rule: 'FL-IPAM-002', subject: `Pod ${TRIAL}/twin`,
    changes: [{ on: '{agent-2}', run: forgetLease, undo: `cd ${LEASES} && mv /run/trial/lease "$(cat /run/trial/ip)" && cp /run/trial/last last_reserved_ip.0` }, { apply: [pod('twin', '{agent-2}')] }, { wait: { kind: 'pod', name: 'twin', namespace: TRIAL }, until: 'jsonpath={.status.podIP}' }],
  },
  {
    id: 'leases-left-behind', lab: 'flannel', what: '120 leases of pods that are gone', rule: 'FL-IPAM-003', subject: 'Node {agent-2}',
    changes: [{ on: '{agent-2}', run: `cd ${LEASES} && for n in $(seq 110 229); do [ -e {agent-2.podPrefix}.$n ] || echo trial-leak > {agent-2.podPrefix}.$n; done`, undo: `cd ${LEASES} && grep -l trial-leak {agent-2.podPrefix}.* | xargs -r rm` }],
  },
  {
    id: 'more-pods-than-addresses', lab: 'flannel', what: 'the kubelet of an agent takes 300 pods; its range has 254 addresses', rule: 'FL-IPAM-006', subject: 'Node {agent-2}',
    changes: [{ on: '{agent-2}', run: 'printf "apiVersion: kubelet.config.k8s.io/v1beta1\\nkind: KubeletConfiguration\\nmaxPods: 300\\n" > /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/60-trial.conf && systemctl restart k3s-agent', undo: 'rm -f /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/60-trial.conf && systemctl restart k3s-agent' }],
  },
  {
    id: 'calico-pool-used-up', lab: 'calico', what: 'an IPPool of one block, which a node has', rule: 'FL-IPAM-004', subject: 'IPPool trial',
    changes: [{ apply: [
      clusterObject('crd.projectcalico.org/v1', 'IPPool', 'trial', { spec: { cidr: '10.42.240.0/26', blockSize: 26, vxlanMode: 'Always', ipipMode: 'Never', natOutgoing: true, nodeSelector: "kubernetes.io/hostname == 'nobody'" } }),
      block('10-42-240-0-26', '10.42.240.0/26', '{agent-1}'),
    ] }],
  },
  {
    id: 'calico-block-of-no-node', lab: 'calico', what: 'an IPAMBlock of a node that does not exist', rule: 'FL-IPAM-005', subject: 'IPAMBlock 10-42-244-0-26',
    changes: [{ apply: [block('10-42-244-0-26', '10.42.244.0/26', 'trial-gone')] }],
  },
];

/** A block of which every address is held by one handle, as pods that are gone leave it. */
function block(name: string, cidr: string, node: string): ReturnType<typeof clusterObject> {
  return clusterObject('crd.projectcalico.org/v1', 'IPAMBlock', name, { spec: { cidr, affinity: `host:${node}`, allocations: Array.from({ length: 64 }, () => 0), unallocated: [], attributes: [{ handle_id: 'trial' }], strictAffinity: false, deleted: false } });
}
