/** `lab fault`: starts or arms faults, lists them, and puts everything right again. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Cluster } from '../../cluster/client.ts';
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { labPaths } from '../paths.ts';
import { findNode, readState } from '../state.ts';
import { act, aimAt, checkFault, checkOptions, undo } from './act.ts';
import type { FaultOptions } from './fault.ts';
import { endOf, type Phase } from './journal-follower.ts';
import { needsKeeper, startKeeper, stopKeeper, waitsForMoment } from './keeper.ts';
import { createRecord, readRecord, readRecords, removeRecord, type FaultRecord } from './record.ts';
import { findFault } from './table.ts';

export interface FaultRequest {
  fault: string;
  /** Name of the node, with or without the lab's; absent for faults that need none. */
  node?: string;
  options?: FaultOptions;
  /** Wait for this step of a migration to enter this phase. Only entries written from now on count. */
  at?: { step: string; phase: Phase };
  /** Milliseconds to wait before acting, after the step or from now. */
  delayMs?: number;
  /** Milliseconds after which the fault ends by itself. */
  forMs?: number;
  /** The migration's journal, where it is not in its usual place. */
  journal?: string;
  signal?: AbortSignal;
}

/** Where migrations of this lab's cluster keep their journal: by the uid of namespace kube-system, below the user's state directory (XDG Base Directory Specification: a relative value is ignored). */
export async function journalPath(lab: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const cluster = await Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig });
  try {
    const uid = (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }))?.metadata.uid;
    if (uid === undefined) throw new EnvironmentError(`the cluster of lab ${lab} has no namespace kube-system`);
    const given = env['XDG_STATE_HOME'];
    const state = given !== undefined && isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.local', 'state');
    return join(state, 'fairlead', 'migrations', uid, 'journal.ndjson');
  } finally {
    cluster.close();
  }
}

/**
 * Starts a fault, or arms it for a step of a migration. Resolves when it has acted, or when somebody is on watch for
 * its moment. Errors: UsageError for a request that makes no sense; EnvironmentError when it cannot act, which then
 * leaves nothing behind.
 */
export async function startFault(lab: string, request: FaultRequest): Promise<FaultRecord> {
  const state = readState(lab);
  const fault = findFault(request.fault);
  const node = aimAt(fault, state, request.node);
  const options = checkOptions(fault, state, node, request.options ?? {});
  if (request.forMs !== undefined && !fault.lasting) throw new UsageError(`the fault ${fault.name} happens once; --for has no meaning for it`);
  const journal = request.at === undefined && fault.node !== 'none' ? undefined : (request.journal ?? (await journalPath(lab)));
  const record = createRecord(lab, {
    version: 1, fault: fault.name, node: node?.name ?? null, options: { ...options }, journal: journal ?? null,
    trigger: request.at === undefined || journal === undefined ? null : { ...request.at, from: (await endOf(journal)) ?? null },
    delayMs: request.delayMs ?? 0, forMs: request.forMs ?? null, state: 'armed', captured: null, said: null, error: null,
    createdAt: new Date().toISOString(), injectedAt: null, endedAt: null, keeper: null,
  });
  const signal = request.signal ?? new AbortController().signal;
  const waits = waitsForMoment(record);
  try {
    if (!needsKeeper(record)) return await act(lab, record, signal);
    // What waits for its moment cannot be judged yet.
    if (!waits) await checkFault(lab, record, signal);
    const kept = await startKeeper(lab, record);
    if (kept.state === 'failed' && !waits) throw new EnvironmentError(kept.error ?? `fault ${record.id} failed`);
    return kept;
  } catch (error) {
    await stopKeeper(readRecord(lab, record.id) ?? record);
    // With undo data it stays, for `clear`.
    if (readRecord(lab, record.id)?.captured === null) removeRecord(lab, record.id);
    throw error;
  }
}

/** Ends all faults of a lab, or those with this id, of this name or on this node, armed ones too, and forgets them. Idempotent. Returns what was ended. Errors: EnvironmentError naming those that could not be undone; they stay recorded. */
export async function clearFaults(lab: string, which: { fault?: string; node?: string } = {}): Promise<FaultRecord[]> {
  const node = which.node === undefined ? undefined : findNode(readState(lab), which.node).name;
  const wanted = readRecords(lab).filter((record) => (which.fault === undefined || which.fault === record.id || which.fault === record.fault) && (node === undefined || record.node === node));
  const cleared: FaultRecord[] = [];
  const failures: string[] = [];
  // The last first, so that a fault upon a fault comes off before it.
  for (const { id } of wanted.toReversed()) {
    try {
      const record = readRecord(lab, id);
      if (record === undefined) continue;
      await stopKeeper(record);
      const last = readRecord(lab, id) ?? record;
      cleared.push(await undo(lab, last, new AbortController().signal));
      removeRecord(lab, id);
    } catch (error) {
      failures.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length > 0) throw new EnvironmentError(`not all faults of lab ${lab} could be undone: ${failures.join('; ')}`, { hint: `\`fairlead lab fault clear --name ${lab}\` tries again` });
  return cleared;
}
