/** FL-ML-005. */
import type { Condition, KubeObject } from '../../../cluster/objects.ts';
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Model extends KubeObject { spec?: { requirements?: string[]; server?: string }; status?: { conditions?: Condition[] } }
interface Server extends KubeObject { spec?: { serverConfig?: string; replicas?: number; capabilities?: string[]; extraCapabilities?: string[] }; status?: { replicas?: number } }

export const notScheduled: Rule = {
  id: 'FL-ML-005',
  title: 'Models find no server',
  severity: 'error',
  faults: ['S3'],
  looksAt: 'Models of Seldon that are not ready, with what they require, against the Servers of their namespace.',
  why: '`Failed to schedule model as no matching servers are available`, `Empty server for X so ignoring event`: a consequence of servers that did not register (FL-ML-001, FL-ML-003, FL-ML-004), of a namespace without servers, or of a capability that none has.',
  fix: [{ what: 'Look at the servers first.', command: 'kubectl -n NAMESPACE get servers,models' }],
  refs: ['seldon-core: scheduler'],
  check(view) {
    const models = view.index.objects<Model>('Model');
    if (models.length === 0) return { skip: "no model of Seldon's is in the snapshot" };
    const servers = view.index.objects<Server>('Server');
    return models.flatMap((one) => {
      const ready = one.status?.conditions?.find(({ type }) => type === 'ModelReady' || type === 'Ready');
      if (ready?.status !== 'False') return [];
      const own = servers.filter(({ metadata }) => metadata.namespace === one.metadata.namespace);
      const why = own.length === 0 ? 'its namespace has no Server' : own.every(({ status }) => (status?.replicas ?? 0) === 0) ? 'no Server of its namespace has a replica that registered' : ready.message ?? ready.reason ?? '';
      return [{
        subjects: [subjectOf(one), ...own.map(subjectOf)],
        summary: `model ${one.metadata.namespace ?? ''}/${one.metadata.name} is not ready: ${why}`,
        evidence: [
          view.seen(one, 'status.conditions', `${ready.type} ${ready.status} ${ready.reason ?? ''} ${ready.message ?? ''}`.trim()),
          ...own.slice(0, 3).map((server) => view.seen(server, 'status.replicas', String(server.status?.replicas ?? 'not set'))),
        ],
      }];
    });
  },
  bad: [
    object('mlops.seldon.io/v1alpha1', 'Model', 'iris', { status: { conditions: [{ type: 'ModelReady', status: 'False', reason: 'ScheduleFailed', message: 'Failed to schedule model as no matching servers are available' }] } }, 'models'),
    object('mlops.seldon.io/v1alpha1', 'Server', 'mlserver', { status: { replicas: 0 } }, 'models'),
  ],
  good: [object('mlops.seldon.io/v1alpha1', 'Model', 'iris', { status: { conditions: [{ type: 'ModelReady', status: 'True' }] } }, 'models')],
};
