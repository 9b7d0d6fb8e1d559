/** FL-CNI-001. */
import { calicoNode, flannelDaemonSet, ipPool, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const severalCnis: Rule = {
  id: 'FL-CNI-001',
  title: 'More than one CNI runs',
  severity: 'error',
  faults: ['L4', 'N1'],
  looksAt: "DaemonSets of CNIs by their images, and the Flannel inside K3s, which runs unless flannel-backend is none. Multus and Canal count as one with what they carry. During a migration this is expected, and a warning when the labels of Calico's migration are there.",
  why: 'On each node the lexicographically first configuration wins, so that pods are on different networks by node and age; routes and rules of the two fight. It shows as pods that reach some nodes and not others.',
  fix: [
    { what: 'On K3s with another CNI: turn the built-in Flannel and its policy controller off on every server, and restart them.', command: "printf 'flannel-backend: none\\ndisable-network-policy: true\\n' > /etc/rancher/k3s/config.yaml.d/cni.yaml && systemctl restart k3s" },
    { what: 'To move without losing traffic: plan it.', command: 'fairlead plan --to calico --via pod' },
  ],
  refs: ['docs.cilium.io k8s-install-migration', 'kube-router#690', 'k3s#8100'],
  check(view) {
    const running = view.picture.cnis.filter(({ how, name }) => how !== 'trace' && how !== 'annotated' && name !== 'multus');
    if (running.length === 0) return { unknown: 'no CNI is seen in the snapshot' };
    if (running.length === 1) return [];
    const moving = view.nodes.filter(({ metadata }) => metadata.labels?.['projectcalico.org/node-network-during-migration'] !== undefined);
    return [{
      subjects: ['cluster', ...running.flatMap(({ daemonSet }) => (daemonSet === undefined ? [] : [`DaemonSet ${daemonSet.metadata.namespace ?? ''}/${daemonSet.metadata.name}`]))],
      severity: moving.length > 0 ? 'warning' : 'error',
      summary: `${running.map(({ name }) => name).join(' and ')} run at the same time${moving.length > 0 ? '; labels say that a migration is under way' : ''}`,
      evidence: [...running.map((one) => (one.object === undefined ? view.derived(one.name, one.evidence, 'observed') : view.seen(one.object, '', one.evidence))), ...moving.slice(0, 1).map((one) => view.seen(one, 'labels', `node-network-during-migration ${one.metadata.labels?.['projectcalico.org/node-network-during-migration'] ?? ''}`))],
    }];
  },
  bad: [node('n1', { args: [] }), calicoNode(), ipPool('p', { cidr: '10.42.0.0/16' })],
  good: [node('n1', { podCIDR: '10.244.0.0/24' }), flannelDaemonSet()],
};
