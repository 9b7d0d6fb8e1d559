/** The permissions that collecting a snapshot needs: to list, and nothing else. */
import type { Permissions } from '../roles.ts';
import type { Catalogue } from './catalogue.ts';

/** Plurals that do not follow from the kind (`kubectl api-resources`). */
const PLURALS: Readonly<Record<string, string>> = { Endpoints: 'endpoints' };

/** The plural by which RBAC names a kind. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  const known = PLURALS[kind];
  if (known !== undefined) return known;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** To list exactly the kinds that are read. */
export function snapshotPermissions(catalogue: Catalogue): Permissions {
  const asked = catalogue.kinds.filter(({ versions }) => versions.length > 0);
  const groups = [...Map.groupBy(asked, ({ group }) => group)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    cluster: groups.map(([group, kinds]) => ({ apiGroups: [group], resources: kinds.map(({ kind }) => pluralOf(kind)).toSorted(), verbs: ['list'] })),
    namespaces: {},
  };
}
