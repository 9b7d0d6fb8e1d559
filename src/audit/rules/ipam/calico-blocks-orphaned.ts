/** FL-IPAM-005. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { ipamBlock as block, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Block extends KubeObject { spec?: { cidr?: string; affinity?: string; allocations?: number; deleted?: boolean } }

export const calicoBlocksOrphaned: Rule = {
  id: 'FL-IPAM-005',
  title: 'Calico keeps blocks of addresses for nodes that do not exist',
  severity: 'warning',
  faults: ['I2'],
  looksAt: 'spec.affinity of every IPAMBlock against the nodes.',
  why: 'The blocks are lost to others; with enough of them the pool runs out, and every node keeps routes to them.',
  fix: [{ what: 'Run calico-kube-controllers, which clears them up, or release them by hand.', command: 'calicoctl ipam check -o report.json\ncalicoctl ipam release --from-report report.json' }],
  refs: ['calico#2713', 'cni-plugin#920'],
  check(view) {
    const blocks = view.index.objects<Block>('IPAMBlock');
    if (blocks.length === 0) return { skip: 'no IPAMBlock is in the snapshot' };
    if (!view.index.complete('Node')) return { unknown: 'nodes are not in the snapshot' };
    const names = new Set(view.nodes.map(({ metadata }) => metadata.name));
    const orphans = blocks.filter(({ spec }) => spec?.affinity?.startsWith('host:') === true && !names.has(spec.affinity.slice('host:'.length)));
    const byNode = Map.groupBy(orphans, ({ spec }) => spec?.affinity?.slice('host:'.length) ?? '');
    return [...byNode].map(([name, all]) => ({
      subjects: all.map(subjectOf), summary: `${all.length} block${all.length === 1 ? '' : 's'} belong${all.length === 1 ? 's' : ''} to node ${name}, which does not exist`,
      evidence: all.slice(0, 3).map((one) => view.seen(one, 'spec.affinity', one.spec?.affinity)),
    }));
  },
  bad: [node('n1'), block('a', '10.42.0.0/26', 'host:gone')],
  good: [node('n1'), block('a', '10.42.0.0/26', 'host:n1')],
};
