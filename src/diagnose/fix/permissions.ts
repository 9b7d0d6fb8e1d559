/** What fixes need beside reading the cluster, as RBAC. No Secret is ever read or written. */
import type { Permissions } from '../../cluster/roles.ts';

export const FIX_PERMISSIONS: Permissions = {
  cluster: [
    // Which cluster it is: what undoes a change is stored by its uid.
    { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
    { apiGroups: [''], resources: ['services'], verbs: ['get', 'patch'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['create', 'delete', 'get', 'patch'] },
  ],
  // CoreDNS, where it was scaled to 0.
  namespaces: { 'kube-system': [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] }] },
};
