/** The kinds that answers about policies rest on: what is read of a live cluster, and kept of files. */
import { groupOf } from '../../cluster/snapshot/catalogue.ts';

/** Without these no answer can be right: the pods, and whatever may be a policy or a part of one. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  '': ['Pod', 'Namespace'],
  'networking.k8s.io': ['NetworkPolicy'],
  'policy.networking.k8s.io': ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'],
  'crd.projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedKubernetesNetworkPolicy', 'Tier', 'NetworkSet', 'GlobalNetworkSet'],
  'projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedKubernetesNetworkPolicy', 'Tier', 'NetworkSet', 'GlobalNetworkSet'],
  'cilium.io': ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy', 'CiliumCIDRGroup'],
};

/** Without these some ends have no name, or are known less exactly. */
const USEFUL: Readonly<Record<string, readonly string[]>> = {
  '': ['Node', 'Service', 'Endpoints', 'ServiceAccount', 'ConfigMap', 'ReplicationController'],
  'discovery.k8s.io': ['EndpointSlice'],
  'apps': ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  'batch': ['Job', 'CronJob'],
  'networking.k8s.io': ['Ingress'],
  'gateway.networking.k8s.io': ['Gateway', 'HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'ReferenceGrant'],
};

/** The only ConfigMap that is looked at: the settings of Cilium's agent. */
export const AGENT_CONFIG = 'cilium-config';

/** What a kind is to answers about policies; undefined when they do not look at it. */
export function importanceOf(group: string, kind: string): 'needed' | 'useful' | undefined {
  if (NEEDED[group]?.includes(kind) === true) return 'needed';
  return USEFUL[group]?.includes(kind) === true ? 'useful' : undefined;
}

/** Whether an object says something about policies. Policies of versions and kinds that nobody knows do: they are refused by name. */
export function isLookedAt(apiVersion: string, kind: string, name: string): boolean {
  if (kind === 'ConfigMap') return name === AGENT_CONFIG;
  const group = groupOf(apiVersion);
  return importanceOf(group, kind) !== undefined || (kind.endsWith('Policy') && (group === 'extensions' || group in NEEDED));
}
