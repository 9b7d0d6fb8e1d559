/** `lab fault list`: what can go wrong in a lab, and what does. */
import { labNames } from '../state.ts';
import type { FaultOptions } from './fault.ts';
import { keeperLives, needsKeeper } from './keeper.ts';
import { readRecords, type FaultRecord } from './record.ts';
import { FAULTS, IMPOSSIBLE } from './table.ts';

export interface FaultList {
  lab: string;
  /** What was started and not yet cleared. */
  records: FaultRecord[];
  faults: { name: string; does: string; ends: string; node: string; options: (keyof FaultOptions)[] }[];
  /** What cannot be had, with the reason. */
  impossible: Readonly<Record<string, string>>;
}

/** Looks at one lab; a lab that is not there has no faults. */
export function faultList(lab: string): FaultList {
  return {
    lab,
    records: labNames().includes(lab) ? readRecords(lab) : [],
    faults: FAULTS.map(({ name, does, ends, node, options }) => ({ name, does, ends, node, options: [...options] })),
    impossible: IMPOSSIBLE,
  };
}

/** One record as a sentence. */
export function describeRecord(record: FaultRecord): string {
  const where = record.node === null ? '' : ` on ${record.node}`;
  const waits = record.trigger === null ? `${record.delayMs / 1000} s` : `${record.trigger.phase} of step ${record.trigger.step}${record.delayMs > 0 ? ` and ${record.delayMs / 1000} s` : ''}`;
  const end = record.forMs === null ? '' : ` (ends by itself ${record.forMs / 1000} s later)`;
  const lost = needsKeeper(record) && !keeperLives(record) ? '; but the process that watched over it is gone' : '';
  const what = {
    armed: `waits for ${waits}${end}`,
    injecting: 'was cut short; `fairlead lab fault clear` undoes what it did',
    active: `active: ${record.said ?? ''}${end}`,
    over: `over${record.said === null ? '' : `: ${record.said}`}`,
    failed: `failed: ${record.error ?? ''}`,
  }[record.state];
  return `${record.id}${where}: ${what}${lost}`;
}

/** The list for people. */
export function renderList(list: FaultList): string {
  const width = Math.max(...list.faults.map((fault) => fault.name.length));
  const indent = ' '.repeat(width + 4);
  const known = list.faults.map((fault) => `  ${fault.name.padEnd(width)}  ${fault.does}\n${indent}End: ${fault.ends}\n`);
  const impossible = Object.entries(list.impossible).map(([name, why]) => `  ${name.padEnd(width)}  ${why}\n`);
  const now = list.records.length === 0 ? `no fault in lab ${list.lab}\n` : `faults in lab ${list.lab}:\n${list.records.map((record) => `  ${describeRecord(record)}\n`).join('')}`;
  return `${now}\nfaults that a lab can have:\n${known.join('')}\nnot to be had:\n${impossible.join('')}`;
}
