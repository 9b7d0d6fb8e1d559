import { describe, expect, it } from 'vitest';
import { judgeProxy } from './service-proxy.ts';

const iptables = '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 192.0.2.17:9\nCOMMIT\n';
const nft = 'table ip kube-proxy {\n  map service-ips { elements = { 10.43.0.10 . tcp . 53 : goto service-X } }\n  chain endpoint-Y { dnat to 192.0.2.17:9 }\n}\n';
const ipvs = 'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\nTCP  0A2B0001:0009 rr\n  -> C0000211:0009      Masq    1      0          0\n';

describe('judgeProxy', () => {
  it.each([['iptables', iptables], ['nftables', nft], ['IPVS', ipvs]])('finds an endpoint in the rules of mode %s', (_mode, rules) => {
    expect(judgeProxy(rules, '192.0.2.17')).toBe('knows');
    expect(judgeProxy(rules, '192.0.2.18')).toBe('behind');
  });

  it('takes no address for another that contains it', () => {
    expect(judgeProxy(iptables, '192.0.2.1')).toBe('behind');
    expect(judgeProxy(iptables, '92.0.2.17')).toBe('behind');
  });

  it('says when there is no proxy', () => {
    expect(judgeProxy('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n', '192.0.2.17')).toBe('absent');
  });
});
