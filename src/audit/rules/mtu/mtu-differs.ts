/** FL-MTU-002. */
import { host, link, node, vxlanLink } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import { overheadOf } from '../../devices.ts';

export const mtuDiffers: Rule = {
  id: 'FL-MTU-002',
  title: 'The same tunnel has different MTUs on different nodes',
  severity: 'warning',
  faults: [],
  looksAt: 'The MTU of each tunnel device and of cni0, across nodes.',
  why: 'Between some pairs of nodes, in one direction, large packets are lost: responses above about 1400 bytes hang for pods on those nodes and not on others.',
  fix: [{ what: 'Give all nodes the same MTU (the smallest network card decides), restart the CNI there and recreate the pods.' }],
  refs: ['calico#7651', 'calico#8953'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const devices = view.hosts.flatMap((one) => (one.links ?? []).filter((device) => device.up && (overheadOf(device) !== undefined || device.name === 'cni0')).map((device) => ({ one, device })));
    return [...Map.groupBy(devices, ({ device }) => device.name)].flatMap(([name, all]) => {
      const byMtu = [...Map.groupBy(all, ({ device }) => device.mtu)].toSorted((a, b) => b[1].length - a[1].length);
      if (byMtu.length < 2) return [];
      const odd = byMtu.slice(1).flatMap(([, those]) => those);
      return [{
        subjects: odd.map(({ one }) => `Node ${one.node}`),
        summary: `${name} has MTU ${byMtu.map(([mtu, those]) => `${mtu} on ${those.length} node${those.length === 1 ? '' : 's'}`).join(', ')}`,
        evidence: [...odd, ...(byMtu[0]?.[1].slice(0, 1) ?? [])].map(({ one, device }) => view.onHost(one, 'ip link', `${device.name} mtu ${device.mtu}`)),
      }];
    });
  },
  bad: [
    node('n1'),
    node('n2'),
    host('n1', { links: [link('eth0'), vxlanLink('flannel.1')] }),
    host('n2', { links: [link('eth0'), vxlanLink('flannel.1', { mtu: 1400 })] }),
  ],
  good: [
    node('n1'),
    node('n2'),
    host('n1', { links: [link('eth0'), vxlanLink('flannel.1')] }),
    host('n2', { links: [link('eth0', { mtu: 9000 }), vxlanLink('flannel.1')] }),
  ],
};
