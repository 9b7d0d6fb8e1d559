import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../core/errors.ts';
import { parseAddresses } from './addresses.ts';
import { parseIpsets } from './ipsets.ts';
import { chainOf, commentOf, parseIptablesSave, removalScript, targetOf } from './iptables.ts';
import { parseLinks } from './links.ts';
import { parseFdb, parseNeighbours } from './neighbours.ts';
import { parseNftTables } from './node-state.ts';
import { deleteRouteArgv, parseRoutes, parseRules } from './routes.ts';
import { parseSysctls } from './sysctls.ts';

/** Recorded with iproute2 6.1, iptables 1.8.9, ipset 7.17 and nft 1.0.6 in a namespace made for it. */
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

describe('iproute2', () => {
  test('links: a tunnel, a bridge, a pod\'s veth', () => {
    const links = parseLinks(fixture('link.json'));
    const named = (name: string) => links.find((link) => link.name === name);
    expect(named('flannel.1')).toMatchObject({
      kind: 'vxlan',
      mac: '02:11:22:33:44:01',
      mtu: 1450,
      up: true,
      vxlan: { vni: 1, port: 8472, local: '192.168.77.11', device: 'eth0', learning: false, external: false },
    });
    expect(named('cni0')).toMatchObject({ kind: 'bridge', mtu: 1450, peerElsewhere: false });
    expect(named('veth0a1b2c3d')).toMatchObject({ kind: 'veth', master: 'cni0', peerElsewhere: true });
    expect(named('lo')).toMatchObject({ kind: '', up: true });
  });

  test('addresses', () => {
    expect(parseAddresses(fixture('addr.json'))).toContainEqual({ device: 'flannel.1', family: 'inet', address: '10.42.0.0', prefixLength: 32, scope: 'global' });
  });

  test('routes, and the command that deletes one', () => {
    const routes = [...parseRoutes(fixture('route4.json'), 4), ...parseRoutes(fixture('route6.json'), 6)];
    const overlay = routes.find((route) => route.dst === '10.42.1.0/24');
    expect(overlay).toEqual({ family: 4, type: 'unicast', dst: '10.42.1.0/24', gateway: '10.42.1.0', device: 'flannel.1', table: 'main', protocol: 'boot', onlink: true });
    const blackhole = routes.find((route) => route.type === 'blackhole');
    expect(blackhole).toMatchObject({ dst: '10.42.9.0/24', protocol: '80' });
    expect(blackhole && deleteRouteArgv(blackhole)).toEqual(['ip', '-4', 'route', 'del', 'blackhole', '10.42.9.0/24', 'table', 'main', 'proto', '80']);
  });

  test('rules, neighbours, forwarding entries', () => {
    expect(parseRules(fixture('rule.json'), 4)[0]).toEqual({ family: 4, priority: 0, fields: { src: 'all', table: 'local' } });
    expect(parseNeighbours(fixture('neigh.json'))).toEqual([{ address: '10.42.1.0', device: 'flannel.1', mac: '02:11:22:33:44:02', permanent: true }]);
    expect(parseFdb(fixture('fdb.json'))).toContainEqual({ mac: '02:11:22:33:44:02', device: 'flannel.1', dst: '192.168.77.12', permanent: true });
  });

  test('nothing, empty objects, and something else than JSON', () => {
    expect(parseLinks('')).toEqual([]);
    expect(parseNeighbours('[{},{"dst":"10.0.0.1","dev":"eth0"}]')).toHaveLength(1);
    expect(() => parseLinks('1: lo: <LOOPBACK>')).toThrow(EnvironmentError);
  });
});

describe('iptables', () => {
  const tables = parseIptablesSave(fixture('iptables-nft.txt'));

  test('tables, chains and rules', () => {
    expect(tables.map((table) => table.name)).toEqual(['filter', 'nat']);
    expect(tables[0]?.chains).toEqual({ INPUT: 'ACCEPT', FORWARD: 'ACCEPT', OUTPUT: 'ACCEPT', 'FLANNEL-FWD': '-' });
    expect(tables[1]?.rules).toHaveLength(7);
  });

  test('parts of a rule, whatever its comment says', () => {
    const rule = tables[1]?.rules.find((text) => text.startsWith('-A CNI-HOSTPORT-DNAT')) ?? '';
    expect(chainOf(rule)).toBe('CNI-HOSTPORT-DNAT');
    expect(targetOf(rule)).toBe('CNI-DN-0123456789abcdef01234');
    expect(commentOf(rule)).toBe('dnat name: "cbr0" id: "aabb"');
    expect(targetOf('-A A -m comment --comment "see -j DROP" -g B')).toBe('B');
    expect(commentOf('-A A -m comment --comment plain -j B')).toBe('plain');
    expect(targetOf('-A A -s 10.0.0.1/32')).toBeUndefined();
  });

  test('the script that removes chains, jumps to them, and single rules', () => {
    expect(removalScript(tables, { chain: (name) => name.startsWith('FLANNEL-') })).toBe(
      [
        '*filter',
        '-D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
        '-F FLANNEL-FWD',
        '-X FLANNEL-FWD',
        'COMMIT',
        '*nat',
        '-D POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
        '-F FLANNEL-POSTRTG',
        '-X FLANNEL-POSTRTG',
        'COMMIT',
        '',
      ].join('\n'),
    );
    expect(removalScript(tables, { chain: () => false, rule: (rule) => rule.endsWith('-j KUBE-SERVICES') })).toBe('*nat\n-D PREROUTING -j KUBE-SERVICES\nCOMMIT\n');
    expect(removalScript(tables, { chain: () => false })).toBeUndefined();
  });

  test('counters are dropped', () => {
    expect(parseIptablesSave('*filter\n:A - [1:2]\n[3:4] -A A -j DROP\nCOMMIT\n')).toEqual([{ name: 'filter', chains: { A: '-' }, rules: ['-A A -j DROP'] }]);
  });
});

test('ipsets without what the kernel chooses', () => {
  expect(parseIpsets(fixture('ipset.txt'))).toEqual([
    { name: 'cali40s:abc', header: 'hash:net family inet maxelem 1048576', members: ['10.42.0.7'] },
    { name: 'other', header: 'hash:ip family inet maxelem 65536', members: [] },
  ]);
});

test('nft tables and sysctls', () => {
  expect(parseNftTables(fixture('nft-tables.json'))).toEqual(['ip filter', 'ip nat']);
  expect(parseSysctls('net.ipv4.ip_forward = 1\nsysctl: permission denied\n')).toEqual({ 'net.ipv4.ip_forward': '1' });
});
