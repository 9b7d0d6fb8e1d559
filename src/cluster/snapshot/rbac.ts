/** The permissions that collecting a snapshot needs: to list, and nothing else. */
import type { Permissions } from '../roles.ts';
import type { Catalogue, KindSpec } from './catalogue.ts';

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

/** To list exactly the kinds that are read. `only`: kinds of which one object alone is asked for, by its name. */
export function snapshotPermissions(catalogue: Catalogue, only: Readonly<Record<string, string>> = {}): Permissions {
  const asked = catalogue.kinds.filter(({ versions }) => versions.length > 0);
  const [single, whole] = [asked.filter(({ kind }) => kind in only), asked.filter(({ kind }) => !(kind in only))];
  const groups = [...Map.groupBy(whole, ({ group }) => group)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const resources = (kinds: readonly KindSpec[]): string[] => [...new Set(kinds.map(({ kind }) => pluralOf(kind)))].toSorted();
  return {
    cluster: [
      ...groups.map(([group, kinds]) => ({ apiGroups: [group], resources: resources(kinds), verbs: ['list'] })),
      // A list that is narrowed to one name by a field selector is permitted by that name (Kubernetes, Using RBAC: "Referring to resources").
      ...single.map((one) => ({ apiGroups: [one.group], resources: resources([one]), resourceNames: [only[one.kind] ?? ''], verbs: ['list'] })),
    ],
    namespaces: {},
  };
}
