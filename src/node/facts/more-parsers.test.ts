/** Recorded with iproute2 6.1, conntrack-tools 1.4.7, ethtool 6.1 and util-linux 2.38. */
import { describe, expect, it } from 'vitest';
import { parseHairpin } from './bridge-ports.ts';
import { parseConntrackStats } from './conntrack.ts';
import { summarizeTable } from './filter-summary.ts';
import { parseIptablesSave } from './iptables.ts';
import { parseSnmp } from './kernel.ts';
import { parseOffloads } from './offloads.ts';
import { parseSockets } from './sockets.ts';

describe('recorded outputs', () => {
  it('ss', () => {
    const text = [
      'tcp LISTEN 0      4096   127.0.0.1:37149 0.0.0.0:* users:(("relay",pid=8912,fd=5))',
      'tcp LISTEN 0      128      0.0.0.0:2024  0.0.0.0:*                                ',
      'udp UNCONN 0      0      127.0.0.53%lo:53      0.0.0.0:* users:(("systemd-resolve",pid=1,fd=13),("x",pid=2,fd=1))',
      'tcp LISTEN 0      4096               *:10250            *:* users:(("kubelet",pid=9,fd=22))',
      'tcp LISTEN 0      4096            [::1]:6010         [::]:*',
      'tcp LISTEN 0      4096             [::]:7000         [::]:* users:(("my "app"",pid=9,fd=22))',
      'nl  UNCONN 0 0 rtnl:kernel *',
    ].join('\n');
    expect(parseSockets(text)).toEqual([
      { protocol: 'tcp', address: '127.0.0.1', port: 37149, process: 'relay' },
      { protocol: 'tcp', address: '0.0.0.0', port: 2024 },
      { protocol: 'udp', address: '127.0.0.53', port: 53, process: 'systemd-resolve' },
      { protocol: 'tcp', address: '*', port: 10250, process: 'kubelet' },
      { protocol: 'tcp', address: '::1', port: 6010 },
      { protocol: 'tcp', address: '::', port: 7000, process: 'my "app"' },
    ]);
  });

  it('conntrack -S, summed over processors', () => {
    const line = (cpu: number, failed: number): string => `cpu=${cpu}   \tfound=0 invalid=4 insert=0 insert_failed=${failed} drop=1 early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n`;
    expect(parseConntrackStats(line(0, 7) + line(1, 3))).toEqual({ insertFailed: 10, drop: 2, earlyDrop: 0 });
  });

  it('ethtool -k', () => {
    const text = 'Features for flannel.1:\nrx-checksumming: on\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: on\nscatter-gather: on\n';
    expect(parseOffloads(text)).toEqual({ 'rx-checksumming': true, 'tx-checksumming': true, 'tx-checksum-ipv4': false, 'tx-checksum-ip-generic': true });
  });

  it('/proc/net/snmp', () => {
    const text = 'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\nUdp: 692396 2025 0 694679 0 0 17 0 0\nUdpLite: InDatagrams\nUdpLite: 0\n';
    expect(parseSnmp(text, 'Udp', 'InCsumErrors')).toBe(17);
    expect(parseSnmp(text, 'Udp', 'Nonsense')).toBeUndefined();
    expect(parseSnmp('', 'Udp', 'InCsumErrors')).toBeUndefined();
  });

  it('bridge -d -j link show', () => {
    expect(parseHairpin('[{"ifindex":5,"ifname":"veth1","flags":["UP"],"mtu":1450,"master":"cni0","state":"forwarding","hairpin":true},{"ifindex":6,"ifname":"veth2","master":"cni0","hairpin":false},{"ifname":"eth0"}]')).toEqual({ veth1: true, veth2: false });
  });
});

describe('packet filters', () => {
  it('count what is made for one Service, endpoint or pod, and keep the rest', () => {
    const text = [
      '*nat', ':PREROUTING ACCEPT [0:0]', ':POSTROUTING DROP [0:0]', ':KUBE-SERVICES - [0:0]', ':KUBE-EXTERNAL-SERVICES - [0:0]', ':FLANNEL-POSTRTG - [0:0]', ':cali-nat-outgoing - [0:0]',
      ':KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]', ':KUBE-SEP-6E7XQMQ4RAYOWTTM - [0:0]', ':KUBE-SEP-AAAAQMQ4RAYOWTT2 - [0:0]', ':CNI-DN-0123456789abcdef01234 - [0:0]', ':cali-tw-cali0ef24b1e7a1 - [0:0]', ':cali-pi-_nVB3-x9aZ_0qL2 - [0:0]',
      '-A PREROUTING -j KUBE-SERVICES', '-A KUBE-SVC-TCOU7JCQXEZGVUNU -j KUBE-SEP-6E7XQMQ4RAYOWTTM', '-A POSTROUTING -j FLANNEL-POSTRTG', 'COMMIT', '',
    ].join('\n');
    const [table] = parseIptablesSave(text);
    expect(table && summarizeTable(table)).toEqual({
      name: 'nat',
      policies: { PREROUTING: 'ACCEPT', POSTROUTING: 'DROP' },
      chains: ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'FLANNEL-POSTRTG', 'cali-nat-outgoing'],
      counted: { 'KUBE-SVC-': 1, 'KUBE-SEP-': 2, 'CNI-DN-': 1, 'cali-tw-': 1, 'cali-pi-': 1 },
      rules: ['-A PREROUTING -j KUBE-SERVICES', '-A POSTROUTING -j FLANNEL-POSTRTG'],
      dropped: 0,
    });
  });

  it('are bounded, and say so', () => {
    const table = { name: 'filter', chains: { INPUT: 'ACCEPT' }, rules: Array.from({ length: 2_100 }, (_, at) => `-A INPUT -s 10.0.0.${at % 250} -j DROP`) };
    expect(summarizeTable(table)).toMatchObject({ dropped: 100, rules: { length: 2_000 } });
  });
});
