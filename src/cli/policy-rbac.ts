/** `fairlead policy rbac`: the permissions that reading a live cluster for policies needs. */
import type { Verb } from './verb.ts';

export const rbac: Verb = {
  name: 'rbac',
  summary: 'print the permissions that reading a live cluster needs',
  description: 'Prints a ClusterRole that may list the kinds that answers about policies rest on, and nothing else: of ConfigMaps only the one with the settings of Cilium, and no Secrets.',
  async run(ctx) {
    // Loaded only here: the catalogue is of no use to the other verbs where no cluster is read.
    const [{ dump }, { clusterRole }, { POLICY_CATALOGUE }, { AGENT_CONFIG }] = await Promise.all([import('js-yaml'), import('../cluster/snapshot/rbac.ts'), import('../policy/input/from-snapshot.ts'), import('../policy/input/kinds.ts')]);
    ctx.stdout(dump(clusterRole(POLICY_CATALOGUE, { name: 'fairlead-policy', only: { ConfigMap: AGENT_CONFIG } }), { lineWidth: 160, flowLevel: 3 }));
  },
};
