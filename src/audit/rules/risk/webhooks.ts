/** FL-RISK-005. */
import type { KubeObject } from '../../../cluster/objects.ts';
import type { LabelSelector } from '../../../cluster/selector.ts';
import { object, pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isReadyPod } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';
import type { ServiceObject } from '../../../cluster/snapshot/typed.ts';

interface WebhookRule { apiGroups?: string[]; operations?: string[]; resources?: string[] }
interface Webhooks extends KubeObject { webhooks?: { name?: string; failurePolicy?: string; timeoutSeconds?: number; clientConfig?: { service?: { namespace?: string; name?: string } }; namespaceSelector?: LabelSelector; objectSelector?: LabelSelector; rules?: WebhookRule[] }[] }

/** What must be answered for before a pod runs or leaves a node: `pods/exec` and the like are not. */
const PODS = /^(pods|pods\/(\*|eviction|binding)|\*|\*\/\*)$/;
/** Whether a rule is about pods: `*` of another group, such as cert-manager's, is not (k8s.io/api admissionregistration/v1, Rule). */
const ofPods = ({ apiGroups = ['*'], operations = ['*'], resources = [] }: WebhookRule): boolean => apiGroups.some((group) => group === '' || group === '*') && operations.some((one) => one === '*' || one === 'CREATE') && resources.some((name) => PODS.test(name));
const narrowed = (selector: LabelSelector | undefined): boolean => Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length > 0;

export const webhooks: Rule = {
  id: 'FL-RISK-005',
  title: 'Pods cannot be made while a webhook is unreachable',
  severity: 'warning',
  faults: [],
  looksAt: 'Admission webhooks with failurePolicy Fail that are asked when pods are made or evicted (of the core group, or of every), and that run in the cluster; an error when their Service has no ready pod now.',
  why: 'While the node of the webhook, or the network of the API server\'s node, is in change, no pod can be made or evicted anywhere: `failed calling webhook … context deadline exceeded`.',
  fix: [{ what: 'Two replicas on different nodes, a short timeoutSeconds, and an exception for kube-system (namespaceSelector).' }],
  refs: ['migration hazards H19'],
  check(view) {
    const all = [...view.index.objects<Webhooks>('ValidatingWebhookConfiguration'), ...view.index.objects<Webhooks>('MutatingWebhookConfiguration')];
    return all.flatMap((one) => (one.webhooks ?? []).filter(({ failurePolicy = 'Fail', clientConfig, rules = [] }) => failurePolicy === 'Fail' && clientConfig?.service !== undefined && rules.some(ofPods)).map(({ name = '', timeoutSeconds = 10, clientConfig, namespaceSelector, objectSelector }) => {
      const target = clientConfig?.service;
      const behind = view.index.find<ServiceObject>('Service', target?.name ?? '', target?.namespace);
      const ready = behind === undefined ? undefined : view.backends(behind).filter(isReadyPod).length;
      const seen = view.index.complete('Pod');
      const dead = ready === 0 && seen;
      const whom = narrowed(namespaceSelector) || narrowed(objectSelector) ? 'every pod that its selectors match' : 'every pod';
      const who = ready === undefined ? 'its Service is not in the snapshot' : !seen ? 'its pods are not in the snapshot' : dead ? 'has no ready pod' : `has ${ready} ready pod${ready === 1 ? '' : 's'}`;
      return {
        subjects: [subjectOf(one)],
        severity: dead ? 'error' as const : 'warning' as const,
        summary: `webhook ${name} must answer for ${whom}, and ${who}`,
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
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'certificates', { webhooks: [{ name: 'webhook.cert-manager.io', failurePolicy: 'Fail', clientConfig: { service: { namespace: 'app', name: 'web' } }, rules: [{ apiGroups: ['cert-manager.io'], operations: ['CREATE'], resources: ['*/*'] }] }] }, null),
    service('web', {}),
    pod('a'),
  ],
};
