/** FL-IPAM-004. */
import type { KubeObject } from '../../../cluster/objects.ts';
import type { IpPool } from '../../../cluster/snapshot/typed.ts';
import { textContains } from '../../../net/range.ts';
import { ipamBlock as block, ipPool } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Block extends KubeObject { spec?: { cidr?: string; affinity?: string; allocations?: number; deleted?: boolean } }
const lengthOf = (range: string): number => Number(range.split('/')[1] ?? NaN);

export const calicoBlocksExhausted: Rule = {
  id: 'FL-IPAM-004',
  title: "A Calico pool has no block left",
  severity: 'error',
  faults: ['I2'],
  looksAt: 'How many blocks each pool holds (2^(blockSize − length of the pool)) against the IPAMBlocks in it: an error when all are taken, a warning from 90 %.',
  why: 'A node that needs another block gets single addresses of other nodes\' blocks, or none: `Unable to autoassign an address - pools are likely exhausted`, pods stay in ContainerCreating, calico-node of a new node crash-loops.',
  fix: [
    { what: 'Release what nodes that are gone still hold, or add a pool inside the cluster CIDR.', command: 'calicoctl ipam check -o report.json\ncalicoctl ipam release --from-report report.json' },
  ],
  refs: ['calico#2713', 'calico#7382', 'typhoon#794'],
  check(view) {
    const pools = view.index.objects<IpPool>('IPPool').filter(({ spec }) => spec?.disabled !== true && spec?.cidr !== undefined && !spec.cidr.includes(':'));
    if (pools.length === 0) return { skip: 'Calico has no pool in the snapshot' };
    if (!view.index.complete('IPAMBlock')) return { unknown: 'IPAMBlocks are not in the snapshot' };
    const blocks = view.index.objects<Block>('IPAMBlock').filter(({ spec }) => spec?.deleted !== true);
    return pools.flatMap((pool) => {
      const { cidr = '', blockSize = 26 } = pool.spec ?? {};
      const capacity = 2 ** (blockSize - lengthOf(cidr));
      const taken = blocks.filter(({ spec }) => textContains(cidr, spec?.cidr ?? '')).length;
      if (!(taken >= capacity * 0.9)) return [];
      return [{
        subjects: [subjectOf(pool)],
        severity: taken >= capacity ? 'error' as const : 'warning' as const,
        summary: `${taken} of ${capacity} blocks of pool ${pool.metadata.name} (${cidr}, blocks of /${blockSize}) are taken`,
        evidence: [view.seen(pool, 'spec', `cidr ${cidr}, blockSize ${blockSize}`), view.derived('IPAMBlocks', `${taken} in ${cidr}`)],
      }];
    });
  },
  bad: [ipPool('p', { cidr: '10.42.0.0/25', blockSize: 26 }), block('a', '10.42.0.0/26', 'host:n1'), block('b', '10.42.0.64/26', 'host:n2')],
  good: [ipPool('p', { cidr: '10.42.0.0/16', blockSize: 26 }), block('a', '10.42.0.0/26', 'host:n1')],
};
