/** Leftovers are found and removed on a real kernel: devices, routes, both iptables backends, sets, files. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectCalico, missingOnNode } from '../../src/cni/calico/inspect.ts';
import { findCalicoLeftovers } from '../../src/cni/calico/leftovers.ts';
import { contradictions, inspectFlannel } from '../../src/cni/flannel/inspect.ts';
import { findFlannelLeftovers } from '../../src/cni/flannel/leftovers.ts';
import { removeLeftovers, type Leftover } from '../../src/cni/leftover.ts';
import { defaultCniDirs } from '../../src/node/facts/containerd-config.ts';
import { diffNodeState } from '../../src/node/facts/node-state-diff.ts';
import { collectNodeState } from '../../src/node/facts/node-state.ts';
import { namespaceHost, type TestHost } from '../support/namespace-shell.ts';

const hostSetUp = `
ip link add eth0 address 02:cc:cc:cc:cc:01 type veth peer name wire
ip link set wire up; ip link set eth0 up
ip addr add 192.168.77.11/24 dev eth0; ip route add default via 192.168.77.1
mkdir -p /etc/cni/net.d /opt/cni/bin /var/lib/cni
touch /opt/cni/bin/portmap /opt/cni/bin/loopback`;

const flannelSetUp = `
ip link add flannel.1 address 02:11:22:33:44:01 type vxlan id 1 dev eth0 local 192.168.77.11 dstport 8472 nolearning
ip link set flannel.1 mtu 1450 up; ip addr add 10.42.0.0/32 dev flannel.1
ip route add 10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink
ip route add 10.42.2.0/24 via 192.168.77.12 dev eth0
ip link add cni0 type bridge; ip link set cni0 up; ip addr add 10.42.0.1/24 dev cni0
for backend in nft legacy; do
  iptables-$backend -t nat -N FLANNEL-POSTRTG
  iptables-$backend -t nat -A FLANNEL-POSTRTG -s 10.42.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE
  iptables-$backend -t nat -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
done
ip6tables-nft -N FLANNEL-FWD; ip6tables-nft -A FORWARD -j FLANNEL-FWD
iptables-nft -t nat -N CNI-HOSTPORT-DNAT; iptables-nft -t nat -N CNI-DN-0123456789abcdef01234
iptables-nft -t nat -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment 'dnat name: "cbr0" id: "aabb"' -m multiport --dports 80 -j CNI-DN-0123456789abcdef01234
nft add table ip flannel-ipv4
mkdir -p /run/flannel /var/lib/cni/networks/cbr0 /var/lib/cni/results; touch /var/lib/cni/results/cbr0-aabb-eth0
printf 'FLANNEL_NETWORK=10.42.0.0/16\\nFLANNEL_SUBNET=10.42.0.1/24\\nFLANNEL_MTU=1450\\nFLANNEL_IPMASQ=true\\n' > /run/flannel/subnet.env
echo '{"name":"cbr0","plugins":[{"type":"flannel"}]}' > /etc/cni/net.d/10-flannel.conflist`;

const calicoSetUp = `
ip link add vxlan.calico address 02:11:22:33:44:01 type vxlan id 1 dev eth0 local 192.168.77.11 dstport 8472 nolearning
ip link set vxlan.calico mtu 1450 up; ip addr add 10.42.0.0/32 dev vxlan.calico
ip route add 10.42.1.0/24 via 10.42.1.0 dev vxlan.calico onlink proto 80
ip route add blackhole 10.42.0.0/24 proto 80
ip neigh replace 10.42.1.0 lladdr 02:11:22:33:44:02 dev vxlan.calico nud permanent
bridge fdb append 02:11:22:33:44:02 dev vxlan.calico dst 192.168.77.12
ip link add cali0123456789a type veth peer name pod; ip link set cali0123456789a up
ip route add 10.42.0.5 dev cali0123456789a proto 80
ipset create cali40s:member hash:net; ipset create cali40all list:set; ipset add cali40all cali40s:member; ipset create theirs hash:ip
for backend in nft legacy; do
  iptables-$backend -N cali-FORWARD; iptables-$backend -N cali-pi-x
  iptables-$backend -A cali-FORWARD -m set --match-set cali40s:member src -j cali-pi-x
  iptables-$backend -A FORWARD -m comment --comment "cali:abc" -j cali-FORWARD
  iptables-$backend -A FORWARD -m comment --comment "cali:def" -m mark --mark 0x10000/0x10000 -j ACCEPT
done
mkdir -p /var/lib/calico /run/calico /var/lib/cni/networks/k8s-pod-network; ln -s /run /var/run 2>/dev/null || true
touch /opt/cni/bin/calico /opt/cni/bin/calico-ipam /opt/cni/bin/bandwidth /etc/cni/net.d/calico-kubeconfig
echo '{"name":"k8s-pod-network","plugins":[{"type":"calico"}]}' > /etc/cni/net.d/10-calico.conflist`;

const kinds = (leftovers: Leftover[]) => [...new Set(leftovers.map((leftover) => leftover.kind))].toSorted();

describe('leftovers', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await namespaceHost('test-node');
    await host.set(hostSetUp);
  });
  afterEach(async () => await host.remove());

  test('of Flannel: all found, all removed, the host as before', async () => {
    const before = await collectNodeState(host, defaultCniDirs);
    await host.set(flannelSetUp);
    const find = () => findFlannelLeftovers(host, { confDirs: ['/etc/cni/net.d', '/nowhere'], clusterCidr: '10.42.0.0/16' });
    const found = await find();
    expect(kinds(found)).toEqual(['device', 'file', 'iptables', 'nft', 'route']);
    expect(found.map((leftover) => leftover.what)).toEqual([
      '2 chains and 2 single rules in table nat (iptables, nft)',
      '1 chains and 1 single rules in table nat (iptables, legacy)',
      '1 chains and 1 single rules in table filter (ip6tables, nft)',
      'nftables table ip flannel-ipv4',
      'route to 10.42.2.0/24',
      'network device flannel.1',
      'network device cni0',
      '/etc/cni/net.d/10-flannel.conflist',
      '/run/flannel',
      '/var/lib/cni/networks/cbr0',
      '/var/lib/cni/results/cbr0-aabb-eth0',
    ]);
    expect(await removeLeftovers(host, find)).toHaveLength(found.length);
    expect(await find()).toEqual([]);
    expect(await removeLeftovers(host, find)).toEqual([]);
    const { missing, added } = diffNodeState(before, await collectNodeState(host, defaultCniDirs));
    expect(missing).toEqual([]);
    // portmap's shared chain is used by whichever CNI comes next.
    expect(added).toEqual(['iptables4 nft nat :CNI-HOSTPORT-DNAT -']);
  });

  test('of Flannel: a bridge with pods on it stays', async () => {
    await host.set(`${flannelSetUp}\nip link add veth1 type veth peer name pod; ip link set veth1 master cni0`);
    const find = () => findFlannelLeftovers(host, { confDirs: [] });
    await removeLeftovers(host, find);
    expect(await find()).toMatchObject([{ what: 'network device cni0', evidence: 'bridge cni0 still has pods on it: veth1', removal: [] }]);
  });

  test('of Calico: all found, all removed, the host as before', async () => {
    const before = await collectNodeState(host, defaultCniDirs);
    await host.set(calicoSetUp);
    const options = { confDirs: ['/etc/cni/net.d'], binDirs: ['/opt/cni/bin'], pluginsBefore: ['portmap', 'loopback'] };
    const find = () => findCalicoLeftovers(host, options);
    expect(kinds(await find())).toEqual(['device', 'file', 'ipset', 'iptables', 'route']);
    const kept = await findCalicoLeftovers(host, { ...options, keepTunnel: true });
    expect(kept.map((leftover) => leftover.what)).not.toContain('network device vxlan.calico');
    await removeLeftovers(host, find);
    expect(await find()).toEqual([]);
    expect(diffNodeState(before, await collectNodeState(host, defaultCniDirs))).toEqual({ missing: [], added: ['ipset theirs hash:ip family inet maxelem 65536'] });
  });

  test('Flannel is inspected, and contradictions are named', async () => {
    await host.set(flannelSetUp);
    const facts = await inspectFlannel(host);
    expect(facts).toMatchObject({
      tunnel: { name: 'flannel.1', mac: '02:11:22:33:44:01', mtu: 1450, vni: 1, port: 8472, local: '192.168.77.11', device: 'eth0', addresses: ['10.42.0.0/32'] },
      bridge: { name: 'cni0', ports: [] },
      subnetEnv: { network: '10.42.0.0/16', mtu: 1450, ipMasq: true },
    });
    const said = { node: 'test-node', backend: 'vxlan', podCidr: '10.42.0.0/24', publicIp: '192.168.77.11', vni: 1, vtepMac: '02:11:22:33:44:01' };
    expect(contradictions(facts, said)).toEqual([]);
    expect(contradictions(facts, { ...said, vtepMac: '02:00:00:00:00:99', podCidr: '10.42.9.0/24' })).toEqual([
      expect.stringContaining('has the MAC address 02:11:22:33:44:01, but its Node annotation tells the others 02:00:00:00:00:99'),
      expect.stringContaining('should have the address 10.42.9.0/32'),
    ]);
  });

  test('what Felix programmed is seen, and what lacks is named', async () => {
    await host.set(calicoSetUp);
    const peer = { node: 'other', podCidr: '10.42.1.0/24', address: '192.168.77.12', tunnelAddress: '10.42.1.0', tunnelMac: '02:11:22:33:44:02' };
    const expected = { podCidr: '10.42.0.0/24', vni: 1, port: 8472, mtu: 1450, tunnelMac: '02:11:22:33:44:01', peers: [peer] };
    const facts = await inspectCalico(host);
    expect(facts).toMatchObject({ workloads: ['cali0123456789a'], chains: 4 });
    expect(missingOnNode(facts, expected)).toEqual([]);
    const third = { ...peer, node: 'third', podCidr: '10.42.2.0/24', tunnelAddress: '10.42.2.0', tunnelMac: '02:11:22:33:44:03' };
    expect(missingOnNode(facts, { ...expected, mtu: 1400, peers: [peer, third] })).toEqual([
      'node test-node: vxlan.calico has MTU 1450, expected 1400',
      'node test-node: no route of Felix to 10.42.2.0/24 (third) through vxlan.calico',
      'node test-node: no neighbour entry 10.42.2.0 → 02:11:22:33:44:03 (third)',
      'node test-node: no forwarding entry 02:11:22:33:44:03 → 192.168.77.12 (third)',
    ]);
  });
});
