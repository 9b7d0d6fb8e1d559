/** FL-IPAM-003. */
import { rangeSize, parseRange } from '../../../net/range.ts';
import { host, node, pod } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

/** Leases beyond the node's pods that are put down to pods that are just being made or removed. */
const SLACK = 10;

export const hostLocalLeak: Rule = {
  id: 'FL-IPAM-003',
  title: 'Addresses of a node are used up, or held by pods that are gone',
  severity: 'error',
  faults: ['I1'],
  looksAt: "Leases of the host-local plugin (/var/lib/cni/networks) against the node's pods and the size of its range. An error when 90 % are held, a warning when many more are held than there are pods.",
  why: 'After a crash leases of dead pods stay. When none is left, new pods stay in ContainerCreating with `failed to allocate for range 0: no IP addresses available in range set`.',
  fix: [
    { what: 'On that node: stop the pods, remove the leases, start again (K3s: k3s-killall.sh ends everything on the node).', command: 'kubectl drain NODE --ignore-daemonsets --delete-emptydir-data\nrm -rf /var/lib/cni/networks/cbr0   # on the node, with no pod running' },
  ],
  refs: ['k3s#5885', 'flannel#1416', 'flannel#2264', 'k8s#57280'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    return view.hosts.flatMap((one) => {
      const range = view.ranges('node-pod').find(({ object, range: text }) => object?.metadata.name === one.node && !text.includes(':'));
      const parsed = range === undefined ? undefined : parseRange(range.range);
      const [network, held] = Object.entries(one.leases ?? {}).toSorted((a, b) => b[1] - a[1])[0] ?? ['', 0];
      const pods = view.netPods.filter(({ spec }) => spec?.nodeName === one.node).length;
      // The network's, the bridge's and the last address are not given out.
      const size = parsed === undefined ? 253 : Number(rangeSize(parsed)) - 3;
      const full = held >= size * 0.9;
      const leaked = held > pods * 2 + SLACK && view.index.complete('Pod');
      if (held === 0 || (!full && !leaked)) return [];
      return [{
        subjects: [`Node ${one.node}`], severity: full ? 'error' as const : 'warning' as const,
        summary: `node ${one.node} holds ${held} of ${size} addresses, and has ${pods} pods`,
        evidence: [view.onHost(one, `/var/lib/cni/networks/${network}`, `${held} leases`), view.derived('pods', `${pods} pods on node ${one.node}`)],
      }];
    });
  },
  bad: [node('n1', { podCIDR: '10.42.0.0/24' }), pod('a'), host('n1', { leases: { cbr0: 250 } })],
  good: [node('n1', { podCIDR: '10.42.0.0/24' }), pod('a'), host('n1', { leases: { cbr0: 3 } })],
};
