/** FL-RISK-005. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { object, pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isReadyPod } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';
import type { ServiceObject } from '../../../cluster/snapshot/typed.ts';

interface Webhooks extends KubeObject { webhooks?: { name?: string; failurePolicy?: string; timeoutSeconds?: number; clientConfig?: { service?: { namespace?: string; name?: string } }; rules?: { resources?: string[] }[] }[] }

export const webhooks: Rule = {
  id: 'FL-RISK-005',
  title: 'Pods cannot be made while a webhook is unreachable',
  severity: 'warning',
  faults: [],
  looksAt: 'Admission webhooks with failurePolicy Fail for pods (or everything) that run in the cluster; an error when their Service has no ready pod now.',
  why: 'While the node of the webhook, or the network of the API server\'s node, is in change, no pod can be made or evicted anywhere: `failed calling webhook … context deadline exceeded`.',
  fix: [{ what: 'Two replicas on different nodes, a short timeoutSeconds, and an exception for kube-system (namespaceSelector).' }],
  refs: ['migration hazards H19'],
  check(view) {
    const all = [...view.index.objects<Webhooks>('ValidatingWebhookConfiguration'), ...view.index.objects<Webhooks>('MutatingWebhookConfiguration')];
    return all.flatMap((one) => (one.webhooks ?? []).filter(({ failurePolicy = 'Fail', clientConfig, rules = [] }) => failurePolicy === 'Fail' && clientConfig?.service !== undefined && rules.some(({ resources = [] }) => resources.some((name) => name === 'pods' || name === '*' || name === '*/*' || name.startsWith('pods/')))).map(({ name = '', timeoutSeconds = 10, clientConfig }) => {
      const target = clientConfig?.service;
      const behind = view.index.find<ServiceObject>('Service', target?.name ?? '', target?.namespace);
      const ready = behind === undefined ? undefined : view.backends(behind).filter(isReadyPod).length;
      const dead = ready === 0 && view.index.complete('Pod');
      return {
        subjects: [subjectOf(one)],
        severity: dead ? 'error' as const : 'warning' as const,
        summary: `webhook ${name} must answer for every pod, and ${ready === undefined ? 'its Service is not in the snapshot' : dead ? 'has no ready pod' : `has ${ready} ready pod${ready === 1 ? '' : 's'}`}`,
        evidence: [
          view.seen(one, 'webhooks', `${name}: failurePolicy Fail, timeoutSeconds ${timeoutSeconds}, Service ${target?.namespace ?? ''}/${target?.name ?? ''}`),
        ],
      };
    }));
  },
  bad: [
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'gatekeeper', { webhooks: [{ name: 'validation.gatekeeper.sh', failurePolicy: 'Fail', clientConfig: { service: { namespace: 'app', name: 'web' } }, rules: [{ resources: ['pods'] }] }] }, null),
    service('web', {}),
    pod('a'),
  ],
  good: [
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'gatekeeper', { webhooks: [{ name: 'validation.gatekeeper.sh', failurePolicy: 'Ignore', clientConfig: { service: { namespace: 'app', name: 'web' } }, rules: [{ resources: ['pods'] }] }] }, null),
    service('web', {}),
    pod('a'),
  ],
};
