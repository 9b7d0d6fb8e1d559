/** One fault in a lab that is up: made, audited, judged, undone, and audited again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { forLab, type Change, type TrialFault } from './fault.ts';
import { judge, leftOver, weighty } from './judge.ts';
import type { Audit, TrialLab } from './lab.ts';
import type { Row } from './table.ts';

/** How long a cluster may take to show a fault, or that it is gone, and the pause between two audits. */
const SETTLE_MS = 60_000;
const PAUSE_MS = 3_000;

/** Audits until `good`, or until the time is over; resolves the last audit. */
async function auditUntil(lab: TrialLab, good: (audit: Audit) => boolean, settleMs: number): Promise<Audit> {
  const end = Date.now() + settleMs;
  for (;;) {
    const audit = await lab.audit();
    if (good(audit) || Date.now() > end) return audit;
    await sleep(PAUSE_MS);
  }
}

/** The audit of a lab that nothing has been done to; what it finds above `info` is told. */
export async function restingAudit(lab: TrialLab): Promise<Audit> {
  return await auditUntil(lab, (audit) => weighty(audit.findings).length === 0, 2 * SETTLE_MS);
}

export interface Trial { row: Omit<Row, 'code' | 'day' | 'machine'>; after: Audit }

/** Runs one fault. Errors: whatever keeps it from being made or undone. */
export async function runFault(lab: TrialLab, given: TrialFault, before: Audit): Promise<Trial> {
  const began = Date.now();
  const fault = forLab(given, lab.nodes);
  const done: Change[] = [];
  let now: Audit;
  try {
    for (const change of fault.changes) {
      // Also what fails half-way is taken back.
      done.unshift(change);
      await lab.change(change);
    }
    now = await auditUntil(lab, ({ findings }) => { const verdict = judge(fault, before.findings, findings); return verdict.found && verdict.falsePositives.length === 0; }, SETTLE_MS);
  } finally {
    await lab.undoAll(done);
  }
  const after = await auditUntil(lab, ({ findings }) => leftOver(before.findings, findings).length === 0, 2 * SETTLE_MS);
  const known = new Set(before.unknown.map(({ what }) => what));
  return {
    row: { id: fault.id, ...judge(fault, before.findings, now.findings), unknown: now.unknown.filter(({ what }) => !known.has(what)).map(({ what, why }) => `${what}: ${why}`), left: leftOver(before.findings, after.findings), seconds: Math.round((Date.now() - began) / 1000) },
    after,
  };
}
