/** Faults of the state of CNIs: configurations, plugins, leftovers of others. */
import type { Change, TrialFault } from '../fault.ts';
import { clusterObject, idle, object, pod, ready, TRIAL } from '../objects.ts';
import { bridgeConf, K3S_CONFS, otherFirst } from './addresses.ts';

const PLUGINS = '/var/lib/rancher/k3s/data/cni';
const away = (node: string, plugin: string): Change => ({ on: node, run: `mv ${PLUGINS}/${plugin} ${PLUGINS}/.${plugin}.trial`, undo: `mv ${PLUGINS}/.${plugin}.trial ${PLUGINS}/${plugin}` });
const calicoNode: Change = {
  apply: [object('apps/v1', 'DaemonSet', 'calico-node', {
    labels: { 'k8s-app': 'calico-node' },
    spec: { selector: { matchLabels: { 'k8s-app': 'calico-node' } }, template: { metadata: { labels: { 'k8s-app': 'calico-node' } }, spec: { hostNetwork: true, tolerations: [{ operator: 'Exists' }], containers: [{ name: 'calico-node', image: 'quay.io/calico/node:v3.31.0', imagePullPolicy: 'Never', env: [{ name: 'IP_AUTODETECTION_METHOD', value: 'kubernetes-internal-ip' }] }] } } },
  }, 'kube-system')],
};
/** Changes a variable of calico-node without a restart of what runs. */
const calicoVariable = (name: string, to: string, back: string): Change => {
  const env = (value: string): object => ({ spec: { template: { spec: { containers: [{ name: 'calico-node', env: [{ name, value }] }] } } } });
  return { patch: { kind: 'daemonset', name: 'calico-node', namespace: 'kube-system' }, to: env(to), back: env(back) };
};

export const CNI: readonly TrialFault[] = [
  { id: 'foreign-conf-first', lab: 'flannel', what: 'a configuration of another plugin comes first in K3s\' directory', rule: 'FL-CNI-002', subject: 'Node {agent-1}', quick: true, changes: [bridgeConf('{agent-1}', K3S_CONFS, '10.88.0.0/16')] },
  { id: 'stale-flannel-conf', lab: 'calico', what: 'Flannel\'s configuration came back, before Calico\'s', rule: 'FL-CNI-002', subject: 'Node {agent-2}', also: { 'FL-CNI-004': 'the plugin flannel, which it calls, is not installed' }, changes: [{ on: '{agent-2}', run: `echo '{"cniVersion":"0.3.1","name":"cbr0","plugins":[{"type":"flannel","delegate":{"hairpinMode":true}}]}' > /etc/cni/net.d/05-flannel.conflist`, undo: 'rm -f /etc/cni/net.d/05-flannel.conflist' }] },
  {
    id: 'conf-in-other-directory', lab: 'flannel', what: 'the configuration lies in /etc/cni/net.d, where K3s\' containerd does not look', rule: 'FL-CNI-003', subject: 'Node {agent-2}',
    // Moved back, containerd would not notice it (FL-CNI-018).
    changes: [{ on: '{agent-2}', run: `mkdir -p /etc/cni/net.d && mv ${K3S_CONFS}/10-flannel.conflist /etc/cni/net.d/`, undo: `cp /etc/cni/net.d/10-flannel.conflist ${K3S_CONFS}/ && rm /etc/cni/net.d/10-flannel.conflist` }],
  },
  { id: 'loopback-plugin-gone', lab: 'flannel', what: 'the plugin loopback is not where containerd looks', rule: 'FL-CNI-004', subject: 'Node {agent-1}', changes: [away('{agent-1}', 'loopback')] },
  {
    id: 'sandbox-fails', lab: 'flannel', what: 'a pod that gets no network, because the plugin portmap is gone', rule: 'FL-CNI-015', subject: `Pod ${TRIAL}/waiting`, also: { 'FL-CNI-004': 'the plugin is missing, which is the cause' },
    changes: [away('{agent-2}', 'portmap'), { apply: [pod('waiting', '{agent-2}')] }],
  },
  { id: 'multus-put-away', lab: 'flannel', what: 'Cilium has renamed the configuration of Multus', rule: 'FL-CNI-005', subject: 'Node {server-1}', changes: [{ on: '{server-1}', run: `echo '{}' > ${K3S_CONFS}/00-multus.conf.cilium_bak`, undo: `rm -f ${K3S_CONFS}/00-multus.conf.cilium_bak` }] },
  { id: 'calico-device-left', lab: 'flannel', what: 'a device vxlan.calico, without Calico', rule: 'FL-CNI-007', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'ip link add vxlan.calico type vxlan id 4096 dstport 4789 dev eth0', undo: 'ip link del vxlan.calico' }] },
  { id: 'flannel-device-left', lab: 'calico', what: 'a device flannel.1 with a route for pods, without Flannel', rule: 'FL-CNI-007', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'ip link add flannel.1 type vxlan id 1 dstport 8472 dev eth0 nolearning && ip link set flannel.1 mtu 1450 up && ip route add 10.42.200.0/24 dev flannel.1', undo: 'ip link del flannel.1' }] },
  { id: 'kube-router-chains-left', lab: 'flannel', what: 'chains of K3s\' policy controller, which is turned off', rule: 'FL-CNI-008', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'iptables -N KUBE-ROUTER-FORWARD && iptables -A FORWARD -j KUBE-ROUTER-FORWARD', undo: 'iptables -D FORWARD -j KUBE-ROUTER-FORWARD; iptables -X KUBE-ROUTER-FORWARD' }] },
  { id: 'calico-chains-left', lab: 'flannel', what: 'a chain of Calico\'s, without Calico', rule: 'FL-CNI-008', subject: 'Node {server-1}', changes: [{ on: '{server-1}', run: 'iptables -t nat -N cali-PREROUTING', undo: 'iptables -t nat -X cali-PREROUTING' }] },
  { id: 'flannel-chains-left', lab: 'calico', what: 'Flannel\'s masquerading, without Flannel', rule: 'FL-CNI-008', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'iptables -t nat -N FLANNEL-POSTRTG && iptables -t nat -A POSTROUTING -j FLANNEL-POSTRTG', undo: 'iptables -t nat -D POSTROUTING -j FLANNEL-POSTRTG; iptables -t nat -X FLANNEL-POSTRTG' }] },
  { id: 'address-on-two-devices', lab: 'flannel', what: 'a device flannel-wg with the address of flannel.1', rule: 'FL-CNI-009', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'ip link add flannel-wg type veth peer name wg-far && ip addr add {agent-1.podPrefix}.0/32 dev flannel-wg', undo: 'ip link del flannel-wg' }] },
  { id: 'two-cnis', lab: 'flannel', what: 'a DaemonSet calico-node beside K3s\' Flannel', rule: 'FL-CNI-001', subject: 'DaemonSet kube-system/calico-node', changes: [calicoNode], also: { 'FL-CNI-010': 'no pod of Flannel\'s has been made by Calico' } },
  { id: 'pod-not-by-calico', lab: 'calico', what: 'a pod that was made while a bridge configuration came first; it is on 10.42, but not Calico\'s', rule: 'FL-CNI-010', subject: `Pod ${TRIAL}/stranger`, also: { 'FL-CNI-002': otherFirst, 'FL-CIDR-005': 'the bridge brings a route into the range of pods' }, changes: [bridgeConf('{agent-1}', '/etc/cni/net.d', '10.42.222.0/24'), { apply: [pod('stranger', '{agent-1}')] }, ready('stranger')] },
  { id: 'token-not-renewed', lab: 'calico', what: 'CALICO_MANAGE_CNI is false', rule: 'FL-CNI-006', subject: 'DaemonSet kube-system/calico-node', changes: [calicoVariable('CALICO_MANAGE_CNI', 'false', 'true')] },
  { id: 'first-found', lab: 'calico', what: 'Calico takes the first address that it finds, and a host has a bridge of Docker\'s', rule: 'FL-CNI-013', subject: 'Node {agent-1}', changes: [calicoVariable('IP_AUTODETECTION_METHOD', 'first-found', 'kubernetes-internal-ip'), { on: '{agent-1}', run: 'ip link add br-0123456789ab type bridge && ip link set br-0123456789ab up', undo: 'ip link del br-0123456789ab' }] },
  { id: 'operator-degraded', lab: 'calico', what: 'a TigeraStatus that is degraded: its pool is outside of kubeadm\'s range', rule: 'FL-CNI-014', subject: 'TigeraStatus calico', changes: [{ apply: [clusterObject('operator.tigera.io/v1', 'TigeraStatus', 'calico', { status: { conditions: [{ type: 'Degraded', status: 'True', reason: 'InvalidConfigurationError', message: 'Could not resolve CalicoNetwork IPPool and kubeadm configuration: IPPool 192.168.0.0/16 is not within the platform\'s configured pod network CIDR(s) [10.42.0.0/16]' }] } })] }] },
  { id: 'calico-told-too-large', lab: 'calico', what: 'veth_mtu 1500 in calico-config, with VXLAN over a card of 1500', rule: 'FL-MTU-003', subject: 'ConfigMap kube-system/calico-config', changes: [{ edit: { kind: 'configmap', name: 'calico-config', namespace: 'kube-system' }, key: 'veth_mtu', from: '1450', to: '1500' }] },
  { id: 'two-bgp-speakers', lab: 'calico', what: 'Calico and MetalLB both peer with 192.168.77.1', rule: 'FL-LB-009', subject: 'BGPPeer trial', changes: [{ apply: [clusterObject('crd.projectcalico.org/v1', 'BGPPeer', 'trial', { spec: { peerIP: '192.168.77.1', asNumber: 64_512 } }), object('metallb.io/v1beta2', 'BGPPeer', 'router', { spec: { myASN: 64_513, peerASN: 64_512, peerAddress: '192.168.77.1' } }, 'metallb-system')] }] },
  { id: 'no-address-left', lab: 'flannel', what: 'the sandbox of a pod finds no address: its node\'s range is held by leases', rule: 'FL-IPAM-003', subject: 'Node {agent-1}', also: { 'FL-CNI-015': 'the pod that gets no address is the consequence' }, changes: [{ on: '{agent-1}', run: 'cd /var/lib/cni/networks/cbr0 && for n in $(seq 2 254); do [ -e {agent-1.podPrefix}.$n ] || echo trial-leak > {agent-1.podPrefix}.$n; done', undo: 'cd /var/lib/cni/networks/cbr0 && grep -l trial-leak {agent-1.podPrefix}.* | xargs -r rm' }, { apply: [pod('hungry', '{agent-1}', { containers: [idle('idle')] })] }] },
];
