/** FL-HOST-012. */
import { flannelNode } from '../../../cni/picture/cnis.ts';
import { flannelAnnotations, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const flannelWrongAddress: Rule = {
  id: 'FL-HOST-012',
  title: "Flannel tells other nodes an address that is not the node's, or is another's too",
  severity: 'error',
  faults: ['H9'],
  looksAt: "The annotation public-ip of every node: it must be the node's own among all nodes, and should be its InternalIP or ExternalIP.",
  why: 'Flannel took the wrong network card (on Vagrant all nodes have 10.0.2.15 on the first). Tunnels lead nowhere: pods on other nodes are unreachable.',
  fix: [{ what: 'Name the card or the address.', command: 'k3s server --flannel-iface=eth1 …   # K3s; --node-ip alone is not enough\n# upstream: args ["--iface=eth1"] of the DaemonSet' }],
  refs: ['k3s#72', 'k3s#1365', 'flannel#764', 'flannel#535'],
  check(view) {
    const said = view.nodes.flatMap((one) => { const ip = flannelNode(one)?.publicIp; return ip === undefined ? [] : [{ one, ip }]; });
    if (said.length === 0) return { skip: "no node has Flannel's annotation" };
    const shared = [...Map.groupBy(said, ({ ip }) => ip)].filter(([, all]) => all.length > 1).map(([ip, all]) => ({
      subjects: all.map(({ one }) => subjectOf(one)), summary: `${all.length} nodes tell the others the same address ${ip}`, evidence: all.map(({ one }) => view.seen(one, 'annotation flannel.alpha.coreos.com/public-ip', ip)),
    }));
    const names = new Set(shared.flatMap(({ subjects }) => subjects));
    const odd = said.filter(({ one, ip }) => !names.has(subjectOf(one)) && (one.status?.addresses?.length ?? 0) > 0 && !one.status?.addresses?.some(({ address }) => address === ip)).map(({ one, ip }) => ({
      subjects: [subjectOf(one)], severity: 'warning' as const, summary: `node ${one.metadata.name} has ${view.addressOf(one) ?? 'no InternalIP'}, and Flannel tells the others ${ip}`,
      evidence: [view.seen(one, 'annotation flannel.alpha.coreos.com/public-ip', ip), view.seen(one, 'status.addresses', (one.status?.addresses ?? []).map(({ type, address }) => `${type} ${address}`).join(', '))],
    }));
    return [...shared, ...odd];
  },
  bad: [
    node('n1', { address: '192.168.10.11', annotations: flannelAnnotations('10.0.2.15') }),
    node('n2', { address: '192.168.10.12', annotations: flannelAnnotations('10.0.2.15') }),
  ],
  good: [
    node('n1', { address: '192.168.10.11', annotations: flannelAnnotations('192.168.10.11') }),
    node('n2', { address: '192.168.10.12', annotations: flannelAnnotations('192.168.10.12') }),
  ],
};
