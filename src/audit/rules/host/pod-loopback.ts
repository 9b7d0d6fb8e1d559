/** FL-HOST-015. */
import { host, node, pod } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const podLoopback: Rule = {
  id: 'FL-HOST-015',
  title: "The loopback device of pods is down",
  severity: 'error',
  faults: ['X2'],
  looksAt: 'The device lo in the network namespaces of pods, where they were read.',
  why: '127.0.0.1 inside the pod is `network is unreachable`: health checks, sidecars and servers that bind to localhost fail. The runtime and the plugin `loopback` bring it up, not the CNI.',
  fix: [{ what: 'Install the plugin loopback where containerd looks for it (FL-CNI-004), and recreate the pods.' }],
  refs: ['k8s#28561', 'rke2#7981', 'k0s#582'],
  check: (view) => perHost(view, (one) => {
    const down = (one.pods ?? []).filter(({ loopbackUp }) => loopbackUp === false);
    return down.length === 0 ? undefined : {
      summary: `lo is down in ${down.length} of ${one.pods?.length ?? 0} pods of node ${one.node}`,
      evidence: down.slice(0, 3).map(({ addresses }) => view.onHost(one, `ip link in the pod with ${addresses.join(', ')}`, 'lo is down')),
    };
  }),
  bad: [node('n1'), pod('a'), host('n1', { pods: [{ addresses: ['10.42.0.5'], loopbackUp: false }] })],
  good: [node('n1'), pod('a'), host('n1', { pods: [{ addresses: ['10.42.0.5'], loopbackUp: true }] })],
};
