/** What reaching hosts through pods needs of the API server. Whoever has it is root on every node. */
import type { Permissions } from '../../cluster/roles.ts';
import { NODE_NAMESPACE } from './manifests.ts';

export const NODE_POD_PERMISSIONS: Permissions = {
  cluster: [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] },
    // The label that admits privileged pods.
    { apiGroups: [''], resources: ['namespaces'], resourceNames: [NODE_NAMESPACE], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] },
  ],
  namespaces: {
    [NODE_NAMESPACE]: [
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      // A WebSocket is opened by GET; newer API servers ask for create as well (kubernetes#133515).
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
    ],
  },
};
