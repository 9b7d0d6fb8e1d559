/**
 * Stands in for K3s' own NetworkPolicy controller, which cannot be had for a lab: lays rules as kube-router lays them
 * (pkg/controllers/netpol: chain names, comments, marks, sets, jumps first in INPUT, FORWARD and OUTPUT), once, and
 * nobody maintains them. They enforce what the probe agents' own policy says, their canary port is closed, on any pod
 * of the node: kube-router would name the address of each pod and follow when it changes.
 */
import { MESH_PORTS } from '../../../src/probe/mesh/manifests.ts';
import { runOrThrow, type NodeShell } from '../../../src/node/shell.ts';

const POD_FW = 'KUBE-POD-FW-STANDINSTANDIN22';
const POLICY = 'KUBE-NWPLCY-STANDINSTANDIN22';
const SET = 'KUBE-DST-STANDINSTANDIN2222';

function rules(podCidr: string, serviceCidr: string): string {
  const canary = `-p tcp -m tcp --dport ${MESH_PORTS.canary}`;
  const accept = (protocol: 'tcp' | 'udp', port: number): string => `-A ${POLICY} -p ${protocol} -m comment --comment "rule to ACCEPT traffic from all sources to dest pods selected by policy name: fairlead-agent-canary namespace fairlead-system" -m set --match-set ${SET} dst -m ${protocol} --dport ${port} -j MARK --set-xmark 0x10000/0x10000`;
  return [
    '*filter',
    ...['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD', 'KUBE-ROUTER-OUTPUT', 'KUBE-NWPLCY-DEFAULT', POLICY, POD_FW].map((chain) => `:${chain} - [0:0]`),
    '-I INPUT 1 -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT',
    '-I FORWARD 1 -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD',
    '-I OUTPUT 1 -m comment --comment "kube-router netpol - VEAAIY32XVBHCSCY" -j KUBE-ROUTER-OUTPUT',
    `-A KUBE-ROUTER-INPUT -d ${serviceCidr} -m comment --comment "allow traffic to primary/secondary cluster IP range - TZZOAXOCHPHEHX7M" -j RETURN`,
    '-A KUBE-ROUTER-INPUT -p tcp -m comment --comment "allow LOCAL TCP traffic to node ports - LR7XO7NXDBGQJD2M" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN',
    ...['FORWARD', 'OUTPUT'].flatMap((chain) => [
      `-A KUBE-ROUTER-${chain} -d ${podCidr} -m comment --comment "rule to jump traffic destined to POD name:stand-in namespace: fairlead-system to chain ${POD_FW}" ${canary} -j ${POD_FW}`,
      `-A KUBE-ROUTER-${chain} -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT`,
    ]),
    `-A ${POD_FW} -m comment --comment "rule for stateful firewall for pod" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${POD_FW} -d ${podCidr} -m comment --comment "rule to permit the traffic traffic to pods when source is the pod's local node" -m addrtype --src-type LOCAL -j ACCEPT`,
    `-A ${POD_FW} -m comment --comment "run through nw policy fairlead-agent-canary" -j ${POLICY}`,
    `-A ${POD_FW} -m comment --comment "rule to REJECT traffic destined for POD name:stand-in namespace: fairlead-system" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable`,
    `-A ${POD_FW} -j MARK --set-xmark 0x0/0x10000`,
    `-A ${POD_FW} -m comment --comment "set mark to ACCEPT traffic that comply to network policies" -j MARK --set-xmark 0x20000/0x20000`,
    accept('udp', MESH_PORTS.udp), accept('tcp', MESH_PORTS.tcp), accept('tcp', MESH_PORTS.control),
    `-A ${POLICY} -m mark --mark 0x10000/0x10000 -j RETURN`,
    '-A KUBE-NWPLCY-DEFAULT -m comment --comment "rule to mark traffic matching a network policy" -j MARK --set-xmark 0x10000/0x10000',
    'COMMIT', '',
  ].join('\n');
}

/** Lays the stand-in rules on a node. */
export async function layStandInRules(shell: NodeShell, podCidr: string, serviceCidr: string): Promise<void> {
  await runOrThrow(shell, ['ipset', 'restore', '-exist'], { stdin: `create ${SET} hash:ip family inet timeout 0\nadd ${SET} ${podCidr}\n` });
  await runOrThrow(shell, ['iptables-restore', '--noflush', '--wait', '5'], { stdin: rules(podCidr, serviceCidr) });
}
