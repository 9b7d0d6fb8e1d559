/** FL-MTU-004. */
import { host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const bpfDevices: Rule = {
  id: 'FL-MTU-004',
  title: "Devices of Calico's eBPF data plane have a smaller MTU than the network card",
  severity: 'info',
  faults: ['M3'],
  looksAt: 'MTU of bpfin.cali and bpfout.cali against the largest MTU of physical devices.',
  why: 'Large frames (jumbo, 9000 bytes) are not used for traffic of Services: throughput below what the network can do.',
  fix: [{ what: 'Newer Calico sets it; until then by hand.', command: 'ip link set bpfin.cali mtu 9000; ip link set bpfout.cali mtu 9000' }],
  refs: ['calico#8868'],
  check: (view) => perHost(view, (one) => {
    const bpf = (one.links ?? []).filter(({ name }) => /^bpf(in|out)\.cali$/.test(name));
    const card = (one.links ?? []).filter(({ kind, name, up }) => kind === '' && name !== 'lo' && up).toSorted((a, b) => b.mtu - a.mtu)[0];
    const [low] = bpf.filter(({ mtu }) => card !== undefined && mtu < card.mtu);
    return low === undefined || card === undefined ? undefined : {
      summary: `${low.name} of node ${one.node} has MTU ${low.mtu}, and ${card.name} ${card.mtu}`,
      evidence: [view.onHost(one, 'ip link', `${low.name} mtu ${low.mtu}; ${card.name} mtu ${card.mtu}`)],
    };
  }),
  bad: [node('n1'), host('n1', { links: [link('eth0', { mtu: 9000 }), link('bpfin.cali', { kind: 'veth' })] })],
  good: [node('n1'), host('n1', { links: [link('eth0', { mtu: 9000 }), link('bpfin.cali', { kind: 'veth', mtu: 9000 })] })],
};
