/** Carries edits out on the objects of a test's world. For tests. */
import type { Edit } from '../ask/edit.ts';

export type Body = { apiVersion: string; kind: string; metadata: { name: string; namespace?: string }; spec?: Record<string, unknown> };

/** Walks to a place in an object; what is missing on the way is made. */
function place(body: Body, path: readonly (string | number)[], leaf: () => unknown): unknown {
  let at = body as unknown as Record<string | number, unknown>;
  path.forEach((part, index) => {
    at[part] ??= index === path.length - 1 ? leaf() : {};
    at = at[part] as Record<string | number, unknown>;
  });
  return at;
}

/** Carries edits out on the objects of a world; those that take away last ones first, so that numbers stay right. */
export function carryOut(objects: Body[], edits: readonly Edit[]): void {
  for (const edit of edits) {
    if (edit.kind === 'add policy') {
      objects.push({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'added', namespace: edit.namespace }, spec: edit.spec as Record<string, unknown> });
      continue;
    }
    const body = objects.find((one) => one.kind === 'NetworkPolicy' && `${one.metadata.namespace}/${one.metadata.name}` === edit.policy.id);
    if (body === undefined) throw new Error(`no policy ${edit.policy.id}`);
    const list = (path: readonly (string | number)[]): unknown[] => place(body, path, () => []) as unknown[];
    if (edit.kind === 'add rule') {
      list(edit.path).push(edit.item);
    } else if (edit.kind === 'add port') list([...edit.path, 'ports']).push(edit.item);
    else if (edit.kind === 'add peer') list([...edit.path, edit.key]).push(edit.item);
    else list(edit.path.slice(0, -1))[Number(edit.path.at(-1))] = null;
  }
  // A rule without its last peer would mean all peers: it goes as well.
  for (const { spec } of objects) {
    for (const [direction, key] of [['ingress', 'from'], ['egress', 'to']] as const) {
      const rules = spec?.[direction] as ({ from?: unknown[]; to?: unknown[] } | null)[] | undefined;
      if (spec === undefined || rules === undefined) continue;
      spec[direction] = rules.filter((rule) => rule !== null && !(rule[key]?.length !== 0 && rule[key]?.every((one) => one === null) === true))
        .map((rule) => (rule?.[key] === undefined ? rule : { ...rule, [key]: rule[key]?.filter((one) => one !== null) }));
    }
  }
}

/** Writes policyTypes out, because an edit that takes the last egress rule away must not take the isolation away. */
export function writeTypes(objects: Body[]): void {
  for (const { kind, spec } of objects) {
    if (kind !== 'NetworkPolicy' || spec === undefined || (spec['policyTypes'] as unknown[] | undefined ?? []).length > 0) continue;
    spec['policyTypes'] = ['Ingress', ...((spec['egress'] as unknown[] | undefined ?? []).length > 0 ? ['Egress'] : [])];
  }
}
