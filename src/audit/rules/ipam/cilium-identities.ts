/** FL-IPAM-008. */
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

/** Identities of one cluster (Cilium: 16 bits, less the reserved ones). */
const LIMIT = 65_535;
const NEAR = 55_000;

export const ciliumIdentities: Rule = {
  id: 'FL-IPAM-008',
  title: "Cilium's identities are almost used up",
  severity: 'error',
  faults: ['I4'],
  looksAt: `Number of CiliumIdentity objects; a cluster can have ${LIMIT}.`,
  why: 'Pods with a new combination of labels stay in ContainerCreating (`waiting-for-identity`); the agent says `no more available IDs in configured space`. Pods that run are fine.',
  fix: [
    { what: 'Leave labels that change with each Job (controller-uid, job-name) out of identities, and let the operator collect garbage faster.', command: "helm upgrade cilium cilium/cilium --reuse-values --set labels='k8s:!controller-uid k8s:!job-name k8s:!batch.kubernetes.io/controller-uid'" },
  ],
  refs: ['cilium#21628', 'cilium#34512'],
  check(view) {
    const count = view.index.objects('CiliumIdentity').length;
    if (count === 0) return { skip: 'no CiliumIdentity is in the snapshot' };
    return count < NEAR ? [] : [{ subjects: ['cluster'], summary: `${count} of ${LIMIT} identities are in use`, evidence: [view.derived('CiliumIdentity objects', `${count}`)] }];
  },
  bad: () => Array.from({ length: NEAR }, (_, at) => object('cilium.io/v2', 'CiliumIdentity', String(at), {}, null)),
  good: [object('cilium.io/v2', 'CiliumIdentity', '1', {}, null)],
};
