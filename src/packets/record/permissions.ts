/** What recording needs of the API server, beyond what reaching the hosts needs. */
import type { Permissions } from '../../cluster/roles.ts';

export const RECORD_PERMISSIONS: Permissions = { cluster: [{ apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['get'] }], namespaces: {} };
