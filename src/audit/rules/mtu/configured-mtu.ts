/** FL-MTU-003. */
import type { ConfigMap } from '../../../cluster/snapshot/typed.ts';
import type { KubeObject } from '../../../cluster/objects.ts';
import { calicoNode, configMap, host, ipPool, link, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Installation extends KubeObject { spec?: { calicoNetwork?: { mtu?: number } } }

export const configuredMtu: Rule = {
  id: 'FL-MTU-003',
  title: "The MTU that Calico is told is too large for the nodes' network cards",
  severity: 'error',
  faults: ['M1'],
  looksAt: 'veth_mtu of calico-config, spec.calicoNetwork.mtu of the Installation and cilium-config mtu, plus the overhead of the pools\' encapsulation, against the smallest MTU of the nodes\' default devices. 0 means: find it.',
  why: 'Pods announce a size that the network does not carry: connections open and then hang with the first large packet.',
  fix: [
    { what: 'Set it to 0, so that Calico finds the right one on each node, and recreate the pods.', command: "kubectl -n kube-system patch configmap calico-config --type merge -p '{\"data\":{\"veth_mtu\":\"0\"}}'\nkubectl -n kube-system rollout restart daemonset calico-node" },
  ],
  refs: ['kubeasz#1444', 'calicoctl#610'],
  check(view) {
    const config = view.index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name === 'calico-config');
    const [installation] = view.index.objects<Installation>('Installation');
    const said = [
      ...(config?.data?.['veth_mtu'] === undefined ? [] : [{ object: config as KubeObject, field: 'data.veth_mtu', mtu: Number(config.data['veth_mtu']) }]),
      ...(installation?.spec?.calicoNetwork?.mtu === undefined ? [] : [{ object: installation as KubeObject, field: 'spec.calicoNetwork.mtu', mtu: installation.spec.calicoNetwork.mtu }]),
    ].filter(({ mtu }) => mtu > 0);
    if (said.length === 0) return { skip: 'no MTU is configured for Calico' };
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const backend = view.picture.cni?.backend ?? '';
    const overhead = backend.includes('VXLAN') ? 50 : backend.includes('IPIP') ? 20 : 0;
    const cards = view.hosts.flatMap((one) => {
      const device = one.routes?.find((r) => r.dst === 'default' && r.table === 'main')?.device;
      const card = (one.links ?? []).find((other) => (device === undefined ? other.kind === '' && other.name !== 'lo' && other.up : other.name === device));
      return card === undefined ? [] : [{ one, card }];
    }).toSorted((a, b) => a.card.mtu - b.card.mtu);
    const [smallest] = cards;
    if (smallest === undefined) return { unknown: 'no network card of a host is in the snapshot' };
    return said.filter(({ mtu }) => mtu + overhead > smallest.card.mtu).map(({ object, field, mtu }) => ({
      subjects: [subjectOf(object)],
      summary: `${field} is ${mtu}, with ${overhead} bytes of encapsulation ${mtu + overhead}, but ${smallest.card.name} of node ${smallest.one.node} carries ${smallest.card.mtu}`,
      evidence: [view.seen(object, field, String(mtu)), view.onHost(smallest.one, 'ip link', `${smallest.card.name} mtu ${smallest.card.mtu}`), view.derived('encapsulation', backend)],
    }));
  },
  bad: [node('n1'), calicoNode(), ipPool('p', { cidr: '10.42.0.0/16' }), configMap('calico-config', { veth_mtu: '1500' }), host('n1', { links: [link('eth0')] })],
  good: [node('n1'), calicoNode(), ipPool('p', { cidr: '10.42.0.0/16' }), configMap('calico-config', { veth_mtu: '1450' }), host('n1', { links: [link('eth0')] })],
};
