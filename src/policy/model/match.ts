/** Which endpoints something applies to: expressions that every dialect's selectors are translated to. */
import type { Block } from './block.ts';

/** Whose labels are looked at: the pod's own, its namespace's, its service account's, those of the node that it is. */
export type LabelsOf = 'pod' | 'namespace' | 'account' | 'node';

/** Endpoints: a pod with its own address; a node or a pod in a node's network; any other address. */
export type EndpointKind = 'pod' | 'host' | 'address';

export type Match =
  | { op: 'all' }
  | { op: 'none' }
  | { op: 'and' | 'or'; of: readonly Match[] }
  | { op: 'not'; of: Match }
  /** `exactly`: a pod in its node's network is no pod here, whatever the enforcer; else the enforcer says. */
  | { op: 'kind'; kind: EndpointKind; exactly?: true }
  | { op: 'namespace'; name: string }
  /** Service accounts by name. */
  | { op: 'account'; names: readonly string[] }
  /** The label is there and has one of the values. */
  | { op: 'label'; on: LabelsOf; key: string; values: readonly string[] }
  | { op: 'has'; on: LabelsOf; key: string }
  | { op: 'text'; on: LabelsOf; key: string; how: 'contains' | 'starts' | 'ends'; text: string }
  /** One of its addresses lies in the block. */
  | { op: 'block'; block: Block }
  /** May or may not hold: what it depends on, in words. */
  | { op: 'unknown'; why: string };

export const ALL: Match = { op: 'all' };
export const NONE: Match = { op: 'none' };

/** Both; constants are folded, so that frequent shapes stay small. */
export function and(...of: readonly Match[]): Match {
  const rest = of.filter((one) => one.op !== 'all');
  if (rest.some((one) => one.op === 'none')) return NONE;
  return rest.length === 0 ? ALL : rest.length === 1 && rest[0] !== undefined ? rest[0] : { op: 'and', of: rest };
}

/** Either. */
export function or(...of: readonly Match[]): Match {
  const rest = of.filter((one) => one.op !== 'none');
  if (rest.some((one) => one.op === 'all')) return ALL;
  return rest.length === 0 ? NONE : rest.length === 1 && rest[0] !== undefined ? rest[0] : { op: 'or', of: rest };
}

export function not(of: Match): Match {
  if (of.op === 'all') return NONE;
  if (of.op === 'none') return ALL;
  return of.op === 'not' ? of.of : { op: 'not', of };
}
