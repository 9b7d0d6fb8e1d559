/** Permissions as RBAC objects: for every verb of ours the least that it needs, to be applied by whoever may. */
import type { KubeObject } from './objects.ts';

/** One rule of a role (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface RoleRule {
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
  verbs: readonly string[];
}

/** What something needs: everywhere, and within namespaces. */
export interface Permissions {
  cluster: readonly RoleRule[];
  namespaces: Readonly<Record<string, readonly RoleRule[]>>;
}

/** To whom a role is given. */
export interface Subject {
  kind: 'User' | 'Group' | 'ServiceAccount';
  name: string;
  /** Of a ServiceAccount. */
  namespace?: string;
}

const GROUP = 'rbac.authorization.k8s.io';

/** All that several things need together. */
export function joinPermissions(parts: readonly Permissions[]): Permissions {
  const names = [...new Set(parts.flatMap(({ namespaces }) => Object.keys(namespaces)))];
  return {
    cluster: parts.flatMap(({ cluster }) => cluster),
    namespaces: Object.fromEntries(names.map((name) => [name, parts.flatMap(({ namespaces }) => namespaces[name] ?? [])])),
  };
}

/** A ClusterRole, a Role in each namespace, and with a subject their bindings, all of one name. */
export function roleObjects(name: string, { cluster, namespaces }: Permissions, subject?: Subject): KubeObject[] {
  const apiVersion = `${GROUP}/v1`;
  const subjects = subject === undefined ? [] : [{ ...subject, ...(subject.kind === 'ServiceAccount' ? {} : { apiGroup: GROUP }) }];
  const bound = (kind: string, metadata: KubeObject['metadata'], roleKind: string): KubeObject[] => subjects.length === 0 ? [] : [{ apiVersion, kind, metadata, roleRef: { apiGroup: GROUP, kind: roleKind, name }, subjects }];
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: cluster },
    ...bound('ClusterRoleBinding', { name }, 'ClusterRole'),
    ...Object.entries(namespaces).flatMap(([namespace, rules]) => [{ apiVersion, kind: 'Role', metadata: { name, namespace }, rules }, ...bound('RoleBinding', { name, namespace }, 'Role')]),
  ];
}
