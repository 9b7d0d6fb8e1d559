/** FL-IPAM-002. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const duplicatePodIp: Rule = {
  id: 'FL-IPAM-002',
  title: 'Two pods have the same address',
  severity: 'error',
  faults: ['C7', 'I3'],
  looksAt: 'Addresses of all pods that are neither ended nor being deleted, nor on the host network.',
  why: 'Half of the connections reach the wrong pod: answers of another application, resets, refused ports.',
  fix: [
    { what: 'Recreate the younger pod. If it happens again: with Calico look for addresses that are handed out twice, with host-local for two configurations with the same range.', command: 'calicoctl ipam check' },
  ],
  refs: ['calico#3940', 'k8s#70785', 'flannel#1437'],
  check(view) {
    const live = view.netPods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.podIP !== undefined && status.phase === 'Running');
    if (live.length === 0) return { unknown: 'no pods with addresses are in the snapshot' };
    const byIp = Map.groupBy(live, ({ status }) => status?.podIP ?? '');
    return [...byIp].filter(([, pods]) => pods.length > 1).map(([ip, pods]) => ({
      subjects: pods.map(subjectOf), summary: `${pods.length} pods have the address ${ip}`, evidence: pods.map((one) => view.seen(one, 'status.podIP', `${ip} on node ${one.spec?.nodeName ?? '?'}`)),
    }));
  },
  bad: [pod('a', { ip: '10.42.0.7' }), pod('b', { ip: '10.42.0.7', node: 'n2' })],
  good: [
    pod('a', { ip: '10.42.0.7' }),
    pod('b', { ip: '10.42.1.7', node: 'n2' }),
    pod('h', { ip: '192.168.10.11', spec: { hostNetwork: true } }),
    pod('g', { ip: '192.168.10.11', spec: { hostNetwork: true } }),
  ],
};
