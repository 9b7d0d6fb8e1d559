/** Nouns of a migration: plan, step, handler. They are data and interfaces; nothing here acts. */
import type { Announcement, CanaryExpectation } from '../probe/types.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A declared interruption of one step: which probe classes, at which end, for how long at most (`maxMs`), and why. */
export type Impact = Omit<Announcement, 'id' | 'step'>;

/**
 * Steps of one group stand and fall together:
 * - `prepare`: before any node moves; a failure undoes all of it.
 * - `node:<name>`: one node in flight; a failure undoes that node only.
 * - `settle`: cluster-wide work after the last node that can still be undone.
 * - `commit`: no undo; the first of its steps is the point of no return.
 */
export type StepGroup = 'prepare' | `node:${string}` | 'settle' | 'commit';

export interface StepSpec {
  /** Unique in the plan, stable for the same cluster and options, e.g. `node:agent-1/drain`. */
  id: string;
  /** Finds the StepHandler. */
  kind: string;
  group: StepGroup;
  /** The node the step acts on, when it acts on one; in a `node:` group always that node. */
  node?: string;
  /** One line for people. */
  title: string;
  /** Exactly what will be done: commands, files, objects; one per line. */
  actions: string[];
  /** How it is undone; empty only in `commit`. */
  undo: string[];
  /** What it may interrupt; empty when nothing. Windows open before the step acts and close at the group's next gate. */
  impact: Impact[];
  /** Numbers of the invariants of the migration guide that the step must keep. */
  invariants: number[];
  /** Whether measured traffic is judged after the step. */
  gate: boolean;
  /** Input of the handler; part of the digest. */
  params: Json;
}

/** What a step does, one handler per kind. Handlers are found by `StepSpec.kind`. */
export interface StepHandler<C> {
  /** Is the step's effect already there, completely? Must not change anything. */
  check(ctx: C, step: StepSpec): Promise<boolean>;
  /** Everything `undo` will need, read from the world as it is; durable in the journal before `apply` is called. */
  capture(ctx: C, step: StepSpec): Promise<Json>;
  /** Acts. Idempotent: called again after a crash with the same captured data. */
  apply(ctx: C, step: StepSpec, captured: Json): Promise<void>;
  /** Looks whether the effect is really there (post-state, never exit codes). */
  verify(ctx: C, step: StepSpec, captured: Json): Promise<{ ok: boolean; evidence: string[] }>;
  /** Puts back what was captured. Idempotent; also right after a half apply or an apply that never began. */
  undo(ctx: C, step: StepSpec, captured: Json): Promise<void>;
  /**
   * For a step whose effect lives in a node's memory: puts back what a reboot took, while the step is done and stands.
   * Called when a run goes on and before every gate. Resolves what was put back, in words; empty when all is there.
   */
  repair?(ctx: C, step: StepSpec, captured: Json): Promise<string[]>;
}

/** Handlers by `StepSpec.kind`. */
export type Handlers<C> = Readonly<Record<string, StepHandler<C>>>;

export interface PlanNode {
  name: string;
  role: 'server' | 'agent';
  /** Boot id when the plan was made; not part of the digest. */
  bootId?: string;
}

export interface PlanCluster {
  /** UID of the namespace kube-system. */
  id: string;
  /** How people call it: context name or API server address. */
  name: string;
  distro: string;
  kubernetes: string;
  nodes: PlanNode[];
}

/** One thing that must hold before the migration starts; compared again when `migrate` starts. */
export interface Precondition {
  id: string;
  title: string;
  verdict: 'pass' | 'fail' | 'skip' | 'unknown';
  expected: string;
  /** What was seen; a difference from what is seen later makes `migrate` refuse. */
  observed: string;
  /** What to do when it does not hold. */
  fix?: string;
}

export interface Plan {
  version: 1;
  /** ISO 8601; not part of the digest. */
  createdAt: string;
  cluster: PlanCluster;
  /** Names of the CNIs. */
  from: string;
  to: string;
  /** What a canary, whose port a NetworkPolicy closes, finds on a node before it moves and after: `open` where nobody enforces policies. */
  canary: { before: CanaryExpectation; after: CanaryExpectation };
  /** The route's options, thresholds and allowances, as given. */
  options: Json;
  preconditions: Precondition[];
  steps: StepSpec[];
  /** Id of the first step of group `commit`, after which nothing is undone; null when there is none. */
  pointOfNoReturn: string | null;
  /** sha256 (hex) over the canonical JSON of everything else but times, boot ids and resource versions. */
  digest: string;
}
