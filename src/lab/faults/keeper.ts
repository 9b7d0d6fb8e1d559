/** The process that waits for a fault's moment and for its end; it belongs to the lab and dies with it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { packageRoot } from '../../core/package-root.ts';
import { startTimeOf } from '../nodes/shell.ts';
import { startDetached } from '../relay.ts';
import { act, keepUp, undo } from './act.ts';
import { KEEP_PAUSE_MS } from './fault.ts';
import { waitForStep, type Phase } from './journal-follower.ts';
import { readRecord, writeRecord, type FaultRecord } from './record.ts';
import { findFault } from './table.ts';

/** Whether a fault has a moment to wait for before it acts. */
export function waitsForMoment(record: FaultRecord): boolean {
  return record.trigger !== null || record.delayMs > 0;
}

/** Whether somebody must watch over a fault: for its moment, for its end, or to do it anew. */
export function needsKeeper(record: FaultRecord): boolean {
  const waits = record.state === 'armed' && waitsForMoment(record);
  const lasts = record.forMs !== null || findFault(record.fault).keep !== undefined;
  return waits || (lasts && (record.state === 'armed' || record.state === 'active'));
}

/** Whether a fault's keeper lives. */
export function keeperLives(record: FaultRecord): boolean {
  return record.keeper !== null && startTimeOf(record.keeper.pid) === record.keeper.startTime;
}

/** Starts the keeper of an armed fault; resolves once it is on watch for its moment or, where there is nothing to wait for, once it has acted. */
export async function startKeeper(lab: string, record: FaultRecord): Promise<FaultRecord> {
  // Its own command line, with the hidden option that says which record it is for.
  startDetached(lab, [process.execPath, join(packageRoot(), 'bin', 'fairlead.js'), 'lab', 'fault', record.fault, '--name', lab, '--keep', record.id], 'faults.log');
  return waitUntil(() => {
    const seen = readRecord(lab, record.id);
    const ready = seen !== undefined && ((waitsForMoment(seen) && keeperLives(seen)) || !['armed', 'injecting'].includes(seen.state));
    return Promise.resolve(ready ? seen : undefined);
  }, { timeoutMs: 60_000, intervalMs: 25, what: `the process that watches over fault ${record.id} (its log: faults.log in the lab's directory)` });
}

/** Ends a fault's keeper: asks first, so that what it is doing is done before somebody else undoes it. */
export async function stopKeeper(record: FaultRecord): Promise<void> {
  const { keeper } = record;
  for (const [name, timeoutMs] of [['SIGTERM', 15_000], ['SIGKILL', 5_000]] as const) {
    if (keeper === null || !keeperLives(record)) return;
    try {
      process.kill(keeper.pid, name);
      await waitUntil(() => Promise.resolve(keeperLives(record) ? undefined : true), { timeoutMs, intervalMs: 20, what: `process ${keeper.pid} to end` });
    } catch (error) {
      if (name === 'SIGKILL' && error instanceof EnvironmentError) throw error;
    }
  }
}

async function whileActive(lab: string, record: FaultRecord, signal: AbortSignal): Promise<FaultRecord> {
  const until = record.forMs === null ? Infinity : Date.parse(record.injectedAt ?? record.createdAt) + record.forMs;
  const again = findFault(record.fault).keep !== undefined;
  while (Date.now() < until) {
    if (again) await keepUp(lab, record, signal);
    else if (until === Infinity) return record;
    // Node's timers take 2^31 - 1 ms at most.
    await sleep(Math.min(again ? KEEP_PAUSE_MS : 3_600_000, until - Date.now()), undefined, { signal });
  }
  return undo(lab, record, signal);
}

/** A keeper's whole life: from the record as it is to a fault that is over, or for as long as it must be kept up. An abort leaves the record for whoever aborted. */
export async function runKeeper(lab: string, id: string, signal: AbortSignal): Promise<void> {
  const found = readRecord(lab, id);
  const startTime = startTimeOf(process.pid);
  if (found === undefined || startTime === undefined) return;
  let record = writeRecord(lab, { ...found, keeper: { pid: process.pid, startTime } });
  try {
    if (record.state === 'armed') {
      const { trigger, journal } = record;
      if (trigger !== null && journal !== null) await waitForStep(journal, trigger.from ?? undefined, { step: trigger.step, phase: trigger.phase as Phase }, signal);
      await sleep(record.delayMs, undefined, { signal });
      record = await act(lab, record, signal);
    }
    if (record.state === 'active') record = await whileActive(lab, record, signal);
  } catch (error) {
    if (signal.aborted) return;
    const last = readRecord(lab, id) ?? record;
    writeRecord(lab, { ...last, state: 'failed', error: error instanceof Error ? error.message : String(error), endedAt: new Date().toISOString() });
    throw error;
  }
}
