/** FL-ML-004. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { seldonServers } from '../../seldon.ts';
import { subjectOf } from '../../view.ts';

const example = (status: object): Readonly<Record<string, unknown>> => pod('mlserver-0', {
  containers: [{ name: 'agent', image: 'docker.io/seldonio/seldon-agent:2.9.0' }, { name: 'mlserver', image: 'docker.io/seldonio/mlserver:1.7.0' }],
  status: { containerStatuses: [{ name: 'agent', ready: false, restartCount: 0, state: { running: {} } }, status] },
});

export const inferenceNotUp: Rule = {
  id: 'FL-ML-004',
  title: 'The inference server in the pod is not up, and its agent is refused',
  severity: 'error',
  faults: ['S2', 'X3'],
  looksAt: 'Containers mlserver or triton of pods with an agent: not running, or restarted three times and more.',
  why: "The agent says `dial tcp 127.0.0.1:9500: connect: connection refused` (or 0.0.0.0:9500, which is the same on Linux): the packet never leaves the pod, so neither Flannel, nor K3s, nor a policy can block it. Nobody listens, because the server is not up. For the first seconds of a pod that is normal.",
  fix: [{ what: 'See why the server ends, most often memory or a model that does not load.', command: 'kubectl -n NAMESPACE logs POD -c mlserver --previous' }],
  refs: ['faults: popular beliefs 1 and 2', 'kubernetes.io: a pod cannot block access to itself'],
  check(view) {
    const servers = seldonServers(view);
    if (servers.length === 0) return { skip: "no server of Seldon's is in the snapshot" };
    return servers.flatMap(({ pod: one, inference }) => {
      const status = one.status?.containerStatuses?.find(({ name }) => name === inference?.name);
      if (status === undefined) return [];
      const waiting = status.state?.['waiting'];
      const restarts = status.restartCount ?? 0;
      const down = waiting !== undefined && waiting.reason !== 'ContainerCreating' && waiting.reason !== 'PodInitializing';
      if (!down && restarts < 3) return [];
      return [{
        subjects: [subjectOf(one)],
        severity: down ? 'error' as const : 'warning' as const,
        summary: `container ${status.name} of ${one.metadata.name} ${down ? `is not running (${waiting?.reason ?? ''})` : 'runs'}, after ${restarts} restarts`,
        evidence: [view.seen(one, 'status.containerStatuses', `${status.name}: ${down ? waiting?.reason ?? '' : 'running'}, restartCount ${restarts}`)],
      }];
    });
  },
  bad: [example({ name: 'mlserver', ready: false, restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } })],
  good: [example({ name: 'mlserver', ready: true, restartCount: 0, state: { running: { startedAt: '2026-11-01T06:02:11Z' } } })],
};
