/** What bringing the mesh up, reading it and taking it down needs of the API server. */
import type { Permissions } from '../../cluster/roles.ts';
import { MESH_NAME, MESH_NAMESPACE } from './manifests.ts';

const WRITE = ['get', 'create', 'patch', 'delete'];

export const MESH_PERMISSIONS: Permissions = {
  cluster: [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] },
    { apiGroups: [''], resources: ['namespaces'], resourceNames: [MESH_NAMESPACE], verbs: ['patch'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
    // What is probed: the API server's address and the cluster's DNS.
    { apiGroups: [''], resources: ['services'], resourceNames: ['kubernetes', 'kube-dns'], verbs: ['get'] },
  ],
  namespaces: {
    [MESH_NAMESPACE]: [
      { apiGroups: [''], resources: ['serviceaccounts', 'configmaps', 'services'], verbs: WRITE },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: WRITE },
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: [...WRITE, 'list'] },
      // The agents' own key, by which they know each other; no other Secret.
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: [MESH_NAME], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list'] },
    ],
  },
};
