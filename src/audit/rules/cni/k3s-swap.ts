/** FL-CNI-016. */
import { flannelAnnotations, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const k3sSwap: Rule = {
  id: 'FL-CNI-016',
  title: "Nodes carry annotations of a Flannel that does not run",
  severity: 'info',
  faults: ['L1', 'L6'],
  looksAt: 'Annotations flannel.alpha.coreos.com/… on nodes where Flannel is off. They show that the CNI was changed, which K3s does not support by itself.',
  why: 'Nothing by themselves; tools that read them believe that Flannel runs. Where they are, other leftovers often are, too.',
  fix: [
    { what: 'Remove them, and look for more.', command: 'fairlead leftovers --via pod\nkubectl annotate node --all flannel.alpha.coreos.com/backend-type- flannel.alpha.coreos.com/backend-data- flannel.alpha.coreos.com/public-ip- flannel.alpha.coreos.com/kube-subnet-manager-' },
  ],
  refs: ['k3s#8100', 'k3s#8303', 'k3s#54'],
  check(view) {
    const trace = view.picture.cnis.find(({ name, how }) => name === 'flannel' && how === 'trace');
    if (trace === undefined) return [];
    if (view.picture.hidden !== undefined) return { unknown: `${view.picture.hidden}, so that it is not known whether Flannel runs` };
    const nodes = view.nodes.filter(({ metadata }) => metadata.annotations?.['flannel.alpha.coreos.com/backend-type'] !== undefined);
    return nodes.length === 0 ? [] : [{
      subjects: nodes.map(({ metadata }) => `Node ${metadata.name}`),
      summary: `${nodes.length} node${nodes.length === 1 ? ' has' : 's have'} annotations of Flannel, which does not run`,
      evidence: nodes.slice(0, 2).map((one) => view.seen(one, 'annotation flannel.alpha.coreos.com/backend-type', one.metadata.annotations?.['flannel.alpha.coreos.com/backend-type'])),
    }];
  },
  bad: [node('n1', { args: ['--flannel-backend', 'none'], annotations: flannelAnnotations('192.168.10.11') })],
  good: [node('n1', { args: [], annotations: flannelAnnotations('192.168.10.11') })],
};
