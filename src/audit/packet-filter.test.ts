/** A recorded packet filter decides as the kernel would, or says that it is not certain. test/lab/audit-hosts.test.ts asks a kernel. */
import { describe, expect, it } from 'vitest';
import { parseIptablesSave } from '../node/facts/iptables.ts';
import { summarizeTable } from '../node/facts/filter-summary.ts';
import { verdictOf, type Packet, type Verdict } from './packet-filter.ts';

const packet: Packet = { protocol: 'udp', port: 8472, source: '192.168.10.12', device: 'eth0' };

/** The verdict of INPUT for a table as iptables-save prints it. */
function judged(rules: string, more: Partial<Packet> = {}, policy = 'ACCEPT'): Verdict {
  const chains = [...new Set([...rules.matchAll(/-[jg] ([a-z][\w-]*)/g)].map((match) => match[1] ?? ''))];
  const text = `*filter\n:INPUT ${policy} [0:0]\n${chains.map((name) => `:${name} - [0:0]\n`).join('')}${rules}\nCOMMIT\n`;
  const [table] = parseIptablesSave(text);
  if (table === undefined) throw new Error('no table');
  return verdictOf(summarizeTable(table), 'INPUT', { ...packet, ...more });
}

/** What ufw makes of `default deny incoming` and `allow 22/tcp`, shortened. */
const UFW = [
  '-A INPUT -j ufw-before-logging-input', '-A INPUT -j ufw-before-input', '-A INPUT -j ufw-after-input', '-A INPUT -j ufw-reject-input',
  '-A ufw-before-input -i lo -j ACCEPT', '-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny', '-A ufw-before-input -m conntrack --ctstate INVALID -j DROP',
  '-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT', '-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT', '-A ufw-before-input -j ufw-not-local', '-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT', '-A ufw-before-input -j ufw-user-input',
  '-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN', '-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN', '-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny', '-A ufw-not-local -j DROP',
  '-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "', '-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT',
].join('\n');

describe('verdicts', () => {
  it.each([
    ['the policy', '', 'DROP', 'drop'],
    ['an open filter', '', 'ACCEPT', 'accept'],
    ['ufw that lets SSH in alone', UFW, 'DROP', 'drop'],
    ['ufw that lets the overlay in', `${UFW}\n-A ufw-user-input -s 192.168.10.0/24 -p udp -m udp --dport 8472 -j ACCEPT`, 'DROP', 'accept'],
    ['ufw that lets another network in', `${UFW}\n-A ufw-user-input -s 10.0.0.0/8 -p udp -m multiport --dports 53,8000:9000 -j ACCEPT`, 'DROP', 'drop'],
    ['a rejection after what is let in', '-A INPUT -p udp -m udp --dport 8000:9000 -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited', 'ACCEPT', 'accept'],
    ['a rejection', '-A INPUT -m comment --comment "never -j ACCEPT" -j REJECT --reject-with icmp-host-prohibited', 'ACCEPT', 'drop'],
    ['a negated source', '-A INPUT ! -s 192.168.10.0/24 -j DROP', 'ACCEPT', 'accept'],
    ['a negated device', '-A INPUT ! -i lo -j DROP', 'ACCEPT', 'drop'],
    ['devices by their beginning', '-A INPUT -i eth+ -j ACCEPT', 'DROP', 'accept'],
    ['a set that may hold the sender', '-A INPUT -m set --match-set nodes src -j ACCEPT', 'DROP', 'undecided'],
    ['a set that may hold it, and a certain rule before', '-A INPUT -p udp -j DROP\n-A INPUT -m set --match-set nodes src -j ACCEPT', 'ACCEPT', 'drop'],
    ['a mark that may be set', '-A INPUT -m mark --mark 0x8000/0x8000 -j DROP', 'ACCEPT', 'undecided'],
    ['a return to a chain that drops', '-A INPUT -j own\n-A INPUT -j DROP\n-A own -s 192.168.10.12/32 -j RETURN\n-A own -j ACCEPT', 'ACCEPT', 'drop'],
    ['a chain that is entered for others', '-A INPUT -p tcp -j own\n-A own -j DROP', 'ACCEPT', 'accept'],
  ] as const)('%s', (_what, rules, policy, verdict) => expect(judged(rules, {}, policy).verdict).toBe(verdict));

  it('name the rule that decides', () => {
    expect(judged('-A INPUT -p udp -j DROP').by).toBe('-A INPUT -p udp -j DROP');
    expect(judged(UFW, {}, 'DROP').by).toBe('policy DROP of INPUT');
  });

  it('are not given where the device is not known, or the chain is not kept', () => {
    const { device: _device, ...anywhere } = packet;
    const [table] = parseIptablesSave('*filter\n:INPUT DROP [0:0]\n-A INPUT -i eth1 -j ACCEPT\nCOMMIT\n');
    expect(table && verdictOf(summarizeTable(table), 'INPUT', anywhere).verdict).toBe('undecided');
    expect(judged('-A INPUT -j KUBE-POD-FW-AAAABBBBCCCC1111', {}, 'DROP').verdict).toBe('undecided');
  });

  it('of tunnels without ports', () => {
    expect(judged('-A INPUT -p ipencap -j ACCEPT', { protocol: 'ipencap' }, 'DROP').verdict).toBe('accept');
    expect(judged('-A INPUT -p 4 -j ACCEPT', { protocol: 'ipencap' }, 'DROP').verdict).toBe('accept');
  });
});
