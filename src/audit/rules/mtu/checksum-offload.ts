/** FL-VXLAN-004. */
import { host, link, node, vxlanLink } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

export const checksumOffload: Rule = {
  id: 'FL-VXLAN-004',
  title: 'Datagrams with wrong checksums arrive, and a tunnel leaves checksums to the network card',
  severity: 'warning',
  faults: ['V1'],
  looksAt: "The counter UdpInCsumErrors of every host (more than 100 since boot), together with tx-checksum-ip-generic of VXLAN devices.",
  why: 'Some kernels and cards compute wrong checksums for tunnelled packets that were NATed. The receiver drops them: connections to Services on other nodes take 1, 3, 7 … 63 s, or never open, while pod addresses work.',
  fix: [{ what: 'Turn the offload off on the tunnel device on all nodes, and keep it off with a udev rule.', command: 'ethtool -K flannel.1 tx-checksum-ip-generic off   # Calico: vxlan.calico' }],
  refs: ['calico#3145', 'flannel#1282', 'flannel#2152'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const tunnels = view.hosts.flatMap((one) => (one.links ?? []).filter(({ name, vxlan }) => vxlan !== undefined && one.offloads?.[name]?.['tx-checksum-ip-generic'] === true).map(({ name }) => ({ one, name })));
    const wrong = view.hosts.filter((one) => (one.udpInCsumErrors ?? 0) > 100);
    const [tunnel] = tunnels;
    if (wrong.length === 0 || tunnel === undefined) return [];
    return [{
      subjects: wrong.map((one) => `Node ${one.node}`), summary: `${wrong.map((one) => `node ${one.node} dropped ${one.udpInCsumErrors ?? 0}`).join(', ')} datagrams for wrong checksums; ${tunnel.name} leaves checksums to the card on ${tunnels.length} node${tunnels.length === 1 ? '' : 's'}`,
      evidence: [...wrong.map((one) => view.onHost(one, 'UdpInCsumErrors', String(one.udpInCsumErrors ?? 0))), view.onHost(tunnel.one, `ethtool -k ${tunnel.name}`, 'tx-checksum-ip-generic: on'), view.derived('cause', 'the counter does not say which datagrams; a capture on the receiving card (`tcpdump -vvni eth0 udp port 8472`, "bad udp cksum") decides', 'inferred')],
    }];
  },
  bad: [node('n1'), host('n1', { udpInCsumErrors: 5120, links: [link('eth0'), vxlanLink('flannel.1')], offloads: { 'flannel.1': { 'tx-checksum-ip-generic': true } } })],
  good: [node('n1'), host('n1', { udpInCsumErrors: 0, links: [link('eth0'), vxlanLink('flannel.1')], offloads: { 'flannel.1': { 'tx-checksum-ip-generic': true } } })],
};
