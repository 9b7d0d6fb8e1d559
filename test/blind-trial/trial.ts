/** One case in a lab that is up: made, complained of, diagnosed, judged, and undone. */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import type { Change } from '../audit-trial/fault.ts';
import type { Ask, Case } from './case.ts';
import { Draw, type Place } from './draw.ts';
import { judge } from './judge.ts';
import type { BlindLab, Diagnosed } from './lab.ts';
import type { Row } from './table.ts';

/** How long a cluster may take to show a fault, or that it is gone, and the pause between two looks. */
const SHOWS_MS = 90_000;
const WHOLE_MS = 180_000;
const PAUSE_MS = 2_000;

/** A fault that its client does not see is no case: nothing can be said of a complaint that nobody has. */
export class NotShown extends Error {}

/** The first complaint. Errors: NotShown when there is none in time. */
async function untilComplaint(lab: BlindLab, ask: Ask, at: Draw): Promise<string> {
  const tongue = ask.kind === 'client' ? at.silently(ask.tongues) : 'node';
  const end = Date.now() + SHOWS_MS;
  for (;;) {
    const text = await lab.complaint(ask, tongue);
    if (text !== undefined) return text;
    if (Date.now() > end) throw new NotShown(`nobody complains within ${SHOWS_MS / 1000} s: ${JSON.stringify(ask)}`);
    await sleep(PAUSE_MS);
  }
}

export type Trial = Omit<Row, 'code' | 'day' | 'machine'> & { reports: readonly DiagnosisReport[] };

/** Runs one case. Errors: NotShown, and whatever keeps it from being made or undone. */
export async function runCase(lab: BlindLab, one: Case, places: readonly Place[], seed: number): Promise<Trial> {
  const at = new Draw(places, seed, one);
  const { changes, asks } = one.make(at);
  const done: Change[] = [];
  const texts: string[] = [];
  const diagnosed: Diagnosed[] = [];
  let load = 0;
  try {
    for (const change of changes) {
      // Also what fails half-way is taken back.
      done.unshift(change);
      await lab.change(change);
    }
    for (const ask of asks) {
      const text = await untilComplaint(lab, ask, at);
      texts.push(text);
      diagnosed.push(await lab.diagnose(text, ask.words));
    }
    load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  } finally {
    await lab.undoAll(done);
  }
  const left = await lab.untilWhole(places, WHOLE_MS);
  const reports = diagnosed.map(({ report }) => report);
  return {
    id: one.id, seed, drawn: at.drawn.join(', '), texts, words: asks.map(({ words }) => words.join(' ')), summaries: reports.map(({ summary }) => summary),
    ...judge(one.truth, reports), seconds: diagnosed.map(({ seconds }) => seconds), load, left, reports,
  };
}
