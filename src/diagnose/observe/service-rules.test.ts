/** What a node's rules say of a Service, in the forms of kube-proxy's modes. */
import { describe, expect, it } from 'vitest';
import { judgeRules, type Wanted } from './service-rules.ts';

const NOW = new Date('2026-11-26T04:00:00Z');
const WANTED: Wanted = { name: 'shop/db', node: 'n1', address: '10.43.3.2', port: 5432, protocol: 'TCP', endpoints: ['10.42.1.54:5432', '10.42.2.54:5432'], since: NOW.getTime() - 600_000 };

/** As kube-proxy 1.33 writes them. */
const iptables = (...endpoints: string[]): string => `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-DB - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.43.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-DNS
${endpoints.length === 0 ? '' : `-A KUBE-SERVICES -d 10.43.3.2/32 -p tcp -m comment --comment "shop/db cluster IP" -m tcp --dport 5432 -j KUBE-SVC-DB
-A KUBE-SVC-DB ! -s 10.42.0.0/16 -d 10.43.3.2/32 -p tcp -m comment --comment "shop/db cluster IP" -m tcp --dport 5432 -j KUBE-MARK-MASQ
`}${endpoints.map((endpoint, at) => `-A KUBE-SEP-${at} -s ${endpoint.split(':')[0] ?? ''}/32 -m comment --comment "shop/db" -j KUBE-MARK-MASQ
-A KUBE-SEP-${at} -p tcp -m comment --comment "shop/db" -m tcp -j DNAT --to-destination ${endpoint}
-A KUBE-SVC-DB -m comment --comment "shop/db -> ${endpoint}" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-${at}
`).join('')}-A KUBE-SEP-DNS -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.42.1.54:5432
COMMIT
`;
const nftables = (...endpoints: string[]): string => `table ip kube-proxy {
\tmap service-ips {
\t\ttype ipv4_addr . inet_proto . inet_service : verdict
\t\telements = { 10.43.0.10 . udp . 53 : goto service-FY5PMXPG-kube-system/kube-dns/udp/dns${endpoints.length === 0 ? '' : `,
\t\t\t     10.43.3.2 . tcp . 5432 : goto service-ULMVA6XW-shop/db/tcp/` } }
\t}
\tchain service-ULMVA6XW-shop/db/tcp/ {
\t\tip daddr 10.43.3.2 tcp dport 5432 ip saddr != 10.42.0.0/16 jump mark-for-masquerade
\t\tnumgen random mod ${endpoints.length} vmap { ${endpoints.map((endpoint, at) => `${at} : goto endpoint-${at}-shop/db/tcp/__${endpoint.replace(':', '/')}`).join(', ')} }
\t}
${endpoints.map((endpoint, at) => `\tchain endpoint-${at}-shop/db/tcp/__${endpoint.replace(':', '/')} {
\t\tip saddr ${endpoint.split(':')[0] ?? ''} jump mark-for-masquerade
\t\tmeta l4proto tcp dnat to ${endpoint}
\t}
`).join('')}}
`;
const hex = (endpoint: string): string => { const [ip = '', port = ''] = endpoint.split(':'); return `${ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0')).join('').toUpperCase()}:${Number(port).toString(16).padStart(4, '0').toUpperCase()}`; };
const ipvs = (...endpoints: string[]): string => `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  0A2B000A:0035 rr
  -> 0A2A0105:0035      Masq    1      0          0
${endpoints.length === 0 ? '' : `TCP  ${hex('10.43.3.2:5432')} rr\n`}${endpoints.map((endpoint) => `  -> ${hex(endpoint)}      Masq    1      0          0\n`).join('')}`;

const value = (text: string, wanted: Partial<Wanted> = {}): [string | undefined, string | undefined] => { const seen = judgeRules(text, { ...WANTED, ...wanted }, NOW); return [seen.value, 'weak' in seen ? seen.weak : undefined]; };

describe.each([['iptables', iptables], ['nftables', nftables], ['IPVS', ipvs]] as const)('rules of %s', (_mode, rules) => {
  it('lead to the endpoints, or to some of them, as hints make it', () => {
    expect(value(rules('10.42.1.54:5432', '10.42.2.54:5432'))).toEqual(['there', undefined]);
    expect(value(rules('10.42.2.54:5432'))).toEqual(['there', undefined]);
  });
  it('are missing', () => expect(value(rules())).toEqual(['missing', undefined]));
  it('lead to addresses of former pods', () => expect(value(rules('10.42.1.99:5432'))).toEqual(['stale', undefined]));
  it('lead to another port of the pods', () => expect(value(rules('10.42.1.54:9999'))).toEqual(['stale', undefined]));
  it('lead to some who are gone, which not everybody meets', () => expect(value(rules('10.42.1.54:5432', '10.42.1.99:5432'))).toEqual(['mixed', 'one-of-several']));
  it('prove nothing while endpoints are young, or since when they are so is not known', () => {
    for (const text of [rules(), rules('10.42.1.99:5432')]) for (const since of [NOW.getTime() - 20_000, NOW.getTime() + 5_000, undefined]) expect(value(text, { since })[1]).toBe('incomplete');
  });
});

it('there is nothing of kube-proxy', () => expect(value('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n')).toEqual(['none', undefined]));
it('rules of a mode that was given up do not hide those of the other', () => {
  expect(value(iptables() + nftables('10.42.1.54:5432'))).toEqual(['there', undefined]);
  expect(value(iptables('10.42.1.54:5432') + nftables())).toEqual(['there', undefined]);
});
