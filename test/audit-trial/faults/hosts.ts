/** Faults of hosts: tunnels, MTUs, forwarding, packet filters, bridges, what the kernel answers for pods. */
import type { Change, TrialFault } from '../fault.ts';
import { pod, ready } from '../objects.ts';

const node = (name: string): { kind: string; name: string } => ({ kind: 'node', name });
const annotation = (name: string, key: string, to: string, back: string): Change => ({ patch: node(name), to: { metadata: { annotations: { [key]: to } } }, back: { metadata: { annotations: { [key]: back } } } });
/** Enters the network of a container that was started with these words. */
const inPod = (name: string, command: string): string => `pid=$(pgrep -f "^/bin/sleep ${name}" | head -n 1) && nsenter -t "$pid" -n ${command}`;
const marked = (name: string, seconds: string, on: string): Change[] => [{ apply: [pod(name, on, { containers: [{ name: 'idle', image: 'ghcr.io/fairlead/shop:dev', imagePullPolicy: 'IfNotPresent', command: ['/bin/sleep', seconds] }] })] }, ready(name)];
const notRunning = 'the chain belongs to a controller that does not run in this lab';
const caliPorts = (setting: string): string => `for d in /proc/sys/net/ipv4/conf/cali*; do ${setting}; done`;

export const HOSTS: readonly TrialFault[] = [
  { id: 'card-too-small', lab: 'flannel', what: 'the network card of an agent carries 1400 bytes', rule: 'FL-MTU-001', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'ip link set eth0 mtu 1400', undo: 'ip link set eth0 mtu 1500' }] },
  { id: 'tunnels-differ', lab: 'flannel', what: 'lab fault mtu-small: flannel.1 of an agent has MTU 1300', rule: 'FL-MTU-002', subject: 'Node {agent-1}', changes: [{ labFault: 'mtu-small', words: ['--node', 'agent-1'] }] },
  { id: 'calico-card-too-small', lab: 'calico', what: 'the network card of an agent carries 1420 bytes', rule: 'FL-MTU-001', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'ip link set eth0 mtu 1420', undo: 'ip link set eth0 mtu 1500' }], also: { 'FL-MTU-003': 'the MTU that calico-config has does not fit this card', 'FL-MTU-002': 'Calico gives its device on this node the MTU that fits' } },
  { id: 'wrong-vtep-mac', lab: 'flannel', what: 'lab fault wrong-vtep-mac: flannel.1 has another MAC address than was announced', rule: 'FL-VXLAN-003', subject: 'Node {agent-1}', quick: true, changes: [{ labFault: 'wrong-vtep-mac', words: ['--node', 'agent-1'] }] },
  { id: 'two-tunnels-one-port', lab: 'flannel', what: 'a device cilium_vxlan with port 8472', rule: 'FL-VXLAN-001', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'ip link add cilium_vxlan type vxlan id 2 dstport 8472 dev eth0', undo: 'ip link del cilium_vxlan' }], also: { 'FL-CNI-007': 'Cilium does not run, and its device is there' } },
  { id: 'backends-differ', lab: 'flannel', what: 'a node announces the backend host-gw, the others vxlan', rule: 'FL-VXLAN-002', subject: 'Node {agent-2}', changes: [annotation('{agent-2}', 'flannel.alpha.coreos.com/backend-type', 'host-gw', 'vxlan')] },
  { id: 'no-forwarding', lab: 'flannel', what: 'net.ipv4.ip_forward = 0', rule: 'FL-HOST-001', subject: 'Node {agent-1}', quick: true, changes: [{ on: '{agent-1}', run: 'sysctl -qw net.ipv4.ip_forward=0', undo: 'sysctl -qw net.ipv4.ip_forward=1' }] },
  {
    id: 'firewall-on', lab: 'flannel', what: 'a service called ufw is active', rule: 'FL-HOST-003', subject: 'Node {agent-2}',
    // Of a unit that is not there the lab's systemctl says nothing on standard output, where systemd says `inactive`: all that an audit asks for are there.
    changes: [{ on: '{agent-2}', run: 'for unit in firewalld ufw NetworkManager docker nftables; do printf "[Service]\\nType=exec\\nExecStart=/bin/sleep 1000000\\n" > /etc/systemd/system/$unit.service; done && systemctl daemon-reload && systemctl start ufw', undo: 'systemctl stop ufw; cd /etc/systemd/system && rm -f firewalld.service ufw.service NetworkManager.service docker.service nftables.service; systemctl daemon-reload' }],
  },
  {
    id: 'forward-drop', lab: 'calico', what: 'FORWARD drops by default, and Calico\'s chain is not called from it', rule: 'FL-HOST-002', subject: 'Node {agent-2}',
    changes: [{ on: '{agent-2}', run: 'iptables -S FORWARD > /run/trial-forward && iptables -P FORWARD DROP && grep -e "-j cali-FORWARD" /run/trial-forward | sed "s/^-A/-D/" | xargs -L1 iptables', undo: 'iptables -P FORWARD ACCEPT; grep -e "-j cali-FORWARD" /run/trial-forward | sed "s/^-A FORWARD/-I FORWARD 1/" | xargs -L1 iptables' }],
  },
  { id: 'bridge-past-filter', lab: 'flannel', what: 'net.bridge.bridge-nf-call-iptables = 0', rule: 'FL-HOST-004', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'sysctl -qw net.bridge.bridge-nf-call-iptables=0', undo: 'sysctl -qw net.bridge.bridge-nf-call-iptables=1' }] },
  { id: 'both-iptables', lab: 'flannel', what: 'a chain KUBE-SERVICES in the legacy tables of a node that uses nft', rule: 'FL-HOST-007', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'iptables-legacy -N KUBE-SERVICES', undo: 'iptables-legacy -X KUBE-SERVICES' }] },
  {
    id: 'input-drop', lab: 'flannel', what: 'INPUT drops by default behind KUBE-ROUTER-INPUT', rule: 'FL-HOST-008', subject: 'Node {agent-2}', also: { 'FL-CNI-008': notRunning },
    changes: [{
      on: '{agent-2}',
      run: 'iptables -N KUBE-ROUTER-INPUT && iptables -A INPUT -j KUBE-ROUTER-INPUT && iptables -A INPUT -i lo -j ACCEPT && iptables -A INPUT -s 192.168.77.0/24 -j ACCEPT && iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT && iptables -P INPUT DROP',
      undo: 'iptables -P INPUT ACCEPT; iptables -D INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -D INPUT -s 192.168.77.0/24 -j ACCEPT; iptables -D INPUT -i lo -j ACCEPT; iptables -D INPUT -j KUBE-ROUTER-INPUT; iptables -X KUBE-ROUTER-INPUT',
    }],
  },
  { id: 'no-hairpin', lab: 'flannel', what: 'hairpin mode is off on the ports of cni0', rule: 'FL-HOST-014', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: 'for p in /sys/class/net/cni0/brif/*; do echo 0 > "$p/hairpin_mode"; done', undo: 'for p in /sys/class/net/cni0/brif/*; do echo 1 > "$p/hairpin_mode"; done' }] },
  { id: 'flannel-same-address', lab: 'flannel', what: 'two nodes tell the others the same address, as with Vagrant\'s 10.0.2.15', rule: 'FL-HOST-012', subject: 'Node {agent-2}', changes: [annotation('{agent-2}', 'flannel.alpha.coreos.com/public-ip', '{agent-1.address}', '{agent-2.address}')] },
  { id: 'pod-loopback-down', lab: 'flannel', what: 'the loopback device of a pod is down', rule: 'FL-HOST-015', subject: 'Node {agent-1}', changes: [...marked('silent', '1000015', '{agent-1}'), { on: '{agent-1}', run: inPod('1000015', 'ip link set lo down'), undo: 'true' }] },
  { id: 'gateway-not-answered', lab: 'calico', what: 'proxy_arp = 0 on the devices of pods', rule: 'FL-ARP-001', subject: 'Node {agent-1}', changes: [{ on: '{agent-1}', run: caliPorts('echo 0 > $d/proxy_arp'), undo: caliPorts('echo 1 > $d/proxy_arp') }] },
  { id: 'gateway-without-route', lab: 'calico', what: 'a node without a default route', rule: 'FL-ARP-002', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'ip route show default > /run/trial-default && ip route del default', undo: 'ip route add $(cat /run/trial-default)' }] },
  { id: 'gateway-answers-late', lab: 'calico', what: 'proxy_delay = 80 on the devices of pods', rule: 'FL-ARP-003', subject: 'Node {agent-2}', changes: [{ on: '{agent-2}', run: 'for d in /proc/sys/net/ipv4/neigh/cali*; do echo 80 > $d/proxy_delay; done', undo: 'for d in /proc/sys/net/ipv4/neigh/cali*; do echo 0 > $d/proxy_delay; done' }] },
  { id: 'pod-without-route', lab: 'calico', what: 'a pod whose default route is gone', rule: 'FL-ARP-004', subject: 'Node {agent-1}', changes: [...marked('stranded', '1000016', '{agent-1}'), { on: '{agent-1}', run: inPod('1000016', 'ip route del default'), undo: 'true' }] },
  { id: 'calico-address-of-docker', lab: 'calico', what: 'Calico has written docker0\'s address to a node', rule: 'FL-HOST-013', subject: 'Node {agent-2}', changes: [annotation('{agent-2}', 'projectcalico.org/IPv4Address', '172.17.0.1/16', '{agent-2.address}/32')] },
];
