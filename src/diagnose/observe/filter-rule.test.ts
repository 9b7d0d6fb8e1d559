/** Which rules can have counted a probe. */
import { describe, expect, it } from 'vitest';
import { canCount, ownerOf, type Probed } from './filter-rule.ts';

const PODS: Probed = { from: '10.42.1.7', to: ['10.43.3.2', '10.42.2.54'], ports: [5432], protocol: 'TCP', onNode: false, nodesOnly: false };
const NODE: Probed = { to: ['192.168.10.12'], ports: [10_250], protocol: 'TCP', onNode: true, nodesOnly: true };

describe('a rule that counted', () => {
  it.each<[string, Probed, boolean]>([
    ['-A FORWARD -s 10.42.0.0/16 -d 10.42.2.54/32 -p tcp -m tcp --dport 5432 -j DROP', PODS, true],
    ['-A FORWARD -j DROP', PODS, true],
    ['-A KUBE-POD-FW-ABC -m comment --comment "rule to REJECT -s 1.2.3.4 -p udp" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable', PODS, true],
    ['-A FORWARD -s 10.42.2.54/32 -p tcp -m tcp --sport 5432 -j DROP', PODS, true],
    ['-A FORWARD -p tcp -m multiport --dports 80,5000:6000 -j DROP', PODS, true],
    ['-A FORWARD ! -d 10.42.0.0/16 -j DROP', PODS, true],
    ['-A FORWARD -d 10.42.9.9/32 -j DROP', PODS, false],
    ['-A FORWARD -s 10.42.9.0/24 -j DROP', PODS, false],
    ['-A FORWARD ! -s 10.42.0.0/16 -j DROP', { ...PODS, to: ['10.42.2.54'] }, false],
    ['-A FORWARD -p udp -j DROP', PODS, false],
    ['-A FORWARD -p tcp -m tcp --dport 22 -j DROP', PODS, false],
    ['-A FORWARD -p tcp -m multiport --dports 80,443 -j REJECT', PODS, false],
    ['-A INPUT -j DROP', PODS, false],
    ['-A OUTPUT -d 10.42.2.54/32 -j DROP', PODS, false],
    ['-A INPUT -p tcp -m tcp --dport 10250 -j DROP', NODE, true],
    ['-A FORWARD -j DROP', NODE, false],
  ])('%s', (rule, probed, can) => expect(canCount(rule, probed)).toBe(can));
});

// Only what is nobody's of these proves a filter of the host's own (K11).
it.each([
  ['-A KUBE-POD-FW-ABC -j REJECT', 'kube-router'], ['-A KUBE-ROUTER-FORWARD -j DROP', 'kube-router'], ['-A KUBE-NWPLCY-DEFAULT -j DROP', 'kube-router'],
  ['-A KUBE-SERVICES -d 10.43.0.9/32 -p tcp -j REJECT', 'kube-proxy'], ['-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP', 'kube-proxy'],
  ['-A cali-tw-cali50cf5654ec0 -j DROP', 'calico'], ['-A CILIUM_FORWARD -j DROP', 'cilium'], ['-A FORWARD -p tcp --dport 8080 -j DROP', 'other'], ['-A ufw-user-forward -j DROP', 'other'],
])('%s is a rule of %s', (rule, owner) => expect(ownerOf(rule).owner).toBe(owner));
