/** What every step works with. */
import type { Cluster } from '../../cluster/client.ts';
import type { NodeShell } from '../../node/shell.ts';

export interface StepContext {
  cluster: Cluster;
  /** Reaches a node by its Kubernetes name. */
  shell(node: string): NodeShell;
  /** Directory for backups, on the operator's machine. */
  backupDir: string;
  /** Tells the operator what is waited for right now. */
  waiting(what: string): void;
}

/** Options of every wait inside a step: how long and for what. An interrupt does not cut it short: a run stops between two steps, never within one. */
export function waitOptions(ctx: StepContext, what: string, timeoutMs: number): { what: string; timeoutMs: number } {
  ctx.waiting(what);
  return { what, timeoutMs };
}
