/** The permissions that planning, migrating and taking back need: as little as the API server's rules can say. */
import type { KubeObject } from '../../../cluster/objects.ts';
import type { Permissions, RoleRule as Rule } from '../../../cluster/roles.ts';
import { pluralOf } from '../../../cluster/snapshot/rbac.ts';
import { calicoCrds, calicoRbac } from '../../../cni/calico/crds.ts';
import { calicoManifests } from '../../../cni/calico/manifests.ts';

/** Where everything of ours is, for as long as it is there. */
const NAMESPACE = 'fairlead-system';
const SYSTEM = 'kube-system';
const RBAC = 'rbac.authorization.k8s.io';
const READ = ['get', 'list'];
/** What server-side apply and its undoing take; `create` cannot be confined to names. */
const CHANGE = ['get', 'patch', 'delete'];

const namesOf = (objects: readonly KubeObject[], kind: string): string[] => objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

/** Looking at a cluster: what `plan`, `leftovers` and every step's check read. No Secrets. */
const READS: Rule[] = [
  { apiGroups: [''], resources: ['nodes', 'namespaces', 'pods', 'services', 'persistentvolumes', 'persistentvolumeclaims'], verbs: READ },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], verbs: READ },
  { apiGroups: [''], resources: ['replicationcontrollers'], verbs: ['get'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list'] },
  { apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'], verbs: ['list'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
  { apiGroups: ['operator.tigera.io'], resources: ['installations'], verbs: ['list'] },
  { apiGroups: ['crd.projectcalico.org'], resources: ['ippools', 'felixconfigurations'], verbs: READ },
];

/** What a step does to nodes and to pods of anybody: a node is cordoned, labelled and annotated; pods on it are evicted, or deleted where a DaemonSet makes them anew. */
const NODE_WORK: Rule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['patch'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
];

/** Calico's and Flannel's objects that belong to no namespace. To write a role that holds more than the writer needs `escalate`, to bind it `bind` (RBAC's own guard), here for these names alone. */
async function clusterObjects(): Promise<Rule[]> {
  const [crds, rbac] = await Promise.all([calicoCrds(), calicoRbac()]);
  const roles = namesOf(rbac, 'ClusterRole');
  return [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] },
    { apiGroups: [''], resources: ['namespaces'], resourceNames: [NAMESPACE, 'kube-flannel'], verbs: ['patch', 'delete'] },
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['create'] },
    { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], resourceNames: namesOf(crds, 'CustomResourceDefinition'), verbs: CHANGE },
    { apiGroups: ['crd.projectcalico.org'], resources: ['ippools', 'felixconfigurations'], verbs: ['create', 'patch', 'delete'] },
    { apiGroups: [RBAC], resources: ['clusterroles', 'clusterrolebindings'], verbs: ['create'] },
    { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: [...roles, 'flannel'], verbs: CHANGE },
    { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: roles, verbs: ['escalate', 'bind'] },
    { apiGroups: [RBAC], resources: ['clusterrolebindings'], resourceNames: [...namesOf(rbac, 'ClusterRoleBinding'), 'flannel'], verbs: CHANGE },
  ];
}

/** Objects of upstream's Flannel on a kubeadm cluster, by name, because their namespace may not be there. */
const FLANNEL_OBJECTS: Rule[] = [
  { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: ['kube-flannel-ds'], verbs: ['patch', 'delete'] },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['kube-flannel-cfg'], verbs: ['get', 'delete'] },
  { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['flannel'], verbs: ['get', 'delete'] },
];

const groupOf = ({ apiVersion }: KubeObject): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

/** In kube-system: Calico's own objects, and the DNS server's, which gets a stand-in for as long as nodes are moved. */
function systemRules(objects: readonly KubeObject[]): Rule[] {
  const dns: KubeObject[] = ['coredns', 'fairlead-coredns'].map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: SYSTEM } }));
  const kinds = Map.groupBy([...objects, ...dns].filter(({ metadata }) => metadata.namespace === SYSTEM), (object) => `${groupOf(object)} ${pluralOf(object.kind)}`);
  const rules = [...kinds].flatMap(([key, of]): Rule[] => {
    const [group = '', plural = ''] = key.split(' ');
    const common = { apiGroups: [group], resources: [plural] };
    return [{ ...common, verbs: ['create'] }, { ...common, resourceNames: of.map(({ metadata }) => metadata.name), verbs: CHANGE }];
  });
  return [
    ...rules,
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['coredns'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['patch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
  ];
}

/** In our own namespace: the journal's copy and the Lease, canaries, checks of the service proxies, the DaemonSet that fetches images. */
const OWN_RULES: Rule[] = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'create', 'patch', 'delete'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'patch'] },
  { apiGroups: [''], resources: ['services'], verbs: ['create', 'patch', 'delete'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'create', 'patch', 'delete'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['create', 'patch', 'delete'] },
  { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['create', 'patch', 'delete'] },
];

/** What a migration from Flannel to Calico needs, its taking back included. Reaching hosts and measuring come on top. */
export async function migrationPermissions(): Promise<Permissions> {
  // Names do not depend on the settings.
  const { rbac, workloads } = await calicoManifests({ clusterCidr: '10.42.0.0/16', vni: 1, port: 8472, mtu: 1450, cniConfDir: '/', cniBinDir: '/' });
  return { cluster: [...READS, ...NODE_WORK, ...(await clusterObjects()), ...FLANNEL_OBJECTS], namespaces: { [NAMESPACE]: OWN_RULES, [SYSTEM]: systemRules([...rbac, ...workloads]) } };
}
