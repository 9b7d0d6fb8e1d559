/** FL-IPAM-001. */
import { textContains } from '../../../net/range.ts';
import { node, pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const podIpOutside: Rule = {
  id: 'FL-IPAM-001',
  title: 'Pods have addresses that the cluster does not give out',
  severity: 'error',
  faults: ['C7', 'L3'],
  looksAt: "The address of every running pod that is not on the host network, against all pod ranges, pools and the nodes' podCIDRs. One finding for each range of addresses (/16) and node.",
  why: "The pod got its address from another CNI, most often containerd's own example configuration (10-containerd-net.conflist, bridge 172.17 or 10.88) or a CNI that was there before. Other nodes have no route to it, and two pods on different nodes may have the same address.",
  fix: [
    { what: 'Remove the foreign configuration from the directory that containerd reads on that node, then recreate the pods.', command: 'ls /etc/cni/net.d\nkubectl -n NAMESPACE delete pod NAME' },
  ],
  refs: ['k8s#70785', 'flannel#1437', 'containernetworking/plugins#629'],
  check(view) {
    const ranges = [...view.ranges('pod'), ...view.ranges('node-pod')];
    const pods = view.netPods.filter(({ status }) => status?.podIP !== undefined && !status.podIP.includes(':'));
    if (pods.length === 0 || ranges.length === 0) return { unknown: pods.length === 0 ? 'no pods with addresses are in the snapshot' : 'nothing in the snapshot says which ranges pods have' };
    const texts = [...new Set(ranges.map(({ range }) => range))];
    const odd = pods.filter(({ status }) => !texts.some((range) => textContains(range, status?.podIP ?? '')));
    const groups = Map.groupBy(odd, ({ spec, status }) => `${spec?.nodeName ?? 'no node'} ${(status?.podIP ?? '').split('.').slice(0, 2).join('.')}`);
    return [...groups.values()].map((group) => ({
      subjects: group.map(subjectOf),
      summary: `${group.length} pod${group.length === 1 ? '' : 's'} on node ${group[0]?.spec?.nodeName ?? '?'} ha${group.length === 1 ? 's' : 've'} addresses outside of ${view.podRanges().join(', ') || 'every podCIDR'}, such as ${group[0]?.status?.podIP ?? ''}`,
      evidence: [...group.slice(0, 3).map((one) => view.seen(one, 'status.podIP', one.status?.podIP)), ...ranges.filter(({ use }) => use === 'pod').map((one) => view.rangeSeen(one))],
    }));
  },
  bad: [node('n1', { args: [], podCIDR: '10.42.0.0/24' }), pod('a', { ip: '10.88.0.7' })],
  good: [node('n1', { args: [], podCIDR: '10.42.0.0/24' }), pod('a', { ip: '10.42.0.7' })],
};
