/** Policies of every dialect, translated to one form: stages of ordered rules. */
import type { Origin, Path } from '../../cluster/manifests/origin.ts';
import type { Match } from './match.ts';
import type { PortMatch } from './ports.ts';

export const DIRECTIONS = ['ingress', 'egress'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A policy as answers name it. */
export interface PolicyRef {
  apiVersion: string;
  kind: string;
  /** `NAMESPACE/NAME`, or the name alone of a cluster-scoped one. */
  id: string;
  origin: Origin;
}

/** One peer of one rule of a policy; what it says holds for the endpoints that the policy applies to. */
export interface Rule {
  policy: PolicyRef;
  /** Where it stands in the policy: `['spec', 'ingress', 0, 'from', 1]`. */
  path: Path;
  direction: Direction;
  /** The endpoints whose traffic it judges. */
  subject: Match;
  /** The other side. */
  peer: Match;
  ports: PortMatch;
  /** `pass` hands the traffic to the next stage. */
  action: 'allow' | 'deny' | 'pass';
  /** What the match hangs on beyond endpoints and ports (L7 rules, names of the DNS, source ports), in words. */
  condition?: string;
  /** Nobody wrote it: it says what is not promised. Explanations leave it out where it does not count. */
  implied?: true;
}

/** Traffic of these endpoints that no rule of the stage matched is denied at the end of the stage. */
export interface Isolation {
  policy: PolicyRef;
  path: Path;
  direction: Direction;
  subject: Match;
  condition?: string;
}

/**
 * Rules that are asked one after the other; the first that matches decides. What no rule of any stage decided
 * is allowed.
 */
export interface Stage {
  /** `NetworkPolicy`, `tier security`, … */
  name: string;
  rules: readonly Rule[];
  isolations: readonly Isolation[];
  /** All rules of the stage do the same, so that their order means nothing. */
  unordered: boolean;
}
