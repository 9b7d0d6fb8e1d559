import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAddresses } from './addresses.ts';
import { parseCniConf } from './cni-dirs.ts';
import { parseIpsets } from './ipsets.ts';
import { parseIptablesSave } from './iptables.ts';
import { parseLinks } from './links.ts';
import { parseFdb, parseNeighbours } from './neighbours.ts';
import { diffNodeState, stateLines } from './node-state-diff.ts';
import type { NodeState } from './node-state.ts';
import { parseRoutes, parseRules } from './routes.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

function recorded(): NodeState {
  return {
    version: 1,
    node: 'n',
    bootId: 'b',
    links: parseLinks(fixture('link.json')),
    addresses: parseAddresses(fixture('addr.json')),
    routes: [...parseRoutes(fixture('route4.json'), 4), ...parseRoutes(fixture('route6.json'), 6)],
    rules: parseRules(fixture('rule.json'), 4),
    neighbours: parseNeighbours(fixture('neigh.json')),
    fdb: parseFdb(fixture('fdb.json')),
    iptables: [{ family: 4, backend: 'nft', restore: 'iptables-nft-restore', tables: parseIptablesSave(fixture('iptables-nft.txt')) }],
    nftTables: ['ip filter', 'ip nat'],
    ipsets: parseIpsets(fixture('ipset.txt')),
    sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.veth0a1b2c3d.rp_filter': '0' },
    cni: { confDir: '/etc/cni/net.d', confs: [parseCniConf('10-a.conflist', '{"name":"a","plugins":[{"type":"bridge"}]}')], plugins: { '/opt/cni/bin': ['bridge'] } },
    leases: { a: ['10.42.0.2'] },
  };
}

describe('diffNodeState', () => {
  test('the lines of a recorded node', async () => {
    await expect(`${stateLines(recorded()).join('\n')}\n`).toMatchFileSnapshot('./fixtures/state.golden.txt');
  });

  test('what comes and goes with pods is no difference', () => {
    const after = recorded();
    after.bootId = 'other';
    after.links = after.links.map((link) => (link.name.startsWith('veth') ? { ...link, name: 'vethffffffff', index: 99 } : { ...link, index: link.index + 10 }));
    after.routes = after.routes.map((route) => (route.device?.startsWith('veth') ? { ...route, device: 'vethffffffff' } : route));
    after.sysctls = { 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.vethffffffff.rp_filter': '0' };
    after.neighbours.push({ address: '192.168.77.1', device: 'eth0', mac: '02:00:00:00:00:09', permanent: false });
    after.leases = {};
    after.ipsets[0]?.members.push('10.42.0.8');
    const nat = after.iptables[0]?.tables[1];
    if (nat !== undefined) nat.rules = nat.rules.filter((rule) => !rule.includes('CNI-DN-') && !rule.includes('KUBE-SERVICES'));
    expect(diffNodeState(recorded(), after)).toEqual({ missing: [], added: [] });
  });

  test('a renamed tunnel, another route, a lost conf and a foreign chain are seen', () => {
    const after = recorded();
    after.links = after.links.map((link) => (link.name === 'flannel.1' ? { ...link, name: 'vxlan.calico' } : link));
    after.cni.confs = [];
    after.iptables[0]?.tables[0]?.rules.push('-A FORWARD -j cali-FORWARD');
    const { missing, added } = diffNodeState(recorded(), after);
    expect(missing).toEqual([
      'conf /etc/cni/net.d/10-a.conflist {"name":"a","plugins":[{"type":"bridge"}]}',
      'link flannel.1 vxlan mac 02:11:22:33:44:01 mtu 1450 up vni 1 port 8472 local 192.168.77.11 over eth0',
    ]);
    expect(added).toEqual(['iptables4 nft filter -A FORWARD -j cali-FORWARD', 'link vxlan.calico vxlan mac 02:11:22:33:44:01 mtu 1450 up vni 1 port 8472 local 192.168.77.11 over eth0']);
  });
});
