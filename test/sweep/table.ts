/** The committed results of the sweep: bench/sweep.json, and bench/SWEEP.md for people. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { FAULTS, KILLS } from './incidents.ts';
import type { Result } from './result.ts';

/** A result with what it was had from. */
export interface Row extends Result {
  /** Digest of the code that it exercised. */
  code: string;
  /** Day, ISO 8601. */
  day: string;
  machine: string;
}

/** Digest of the code as it is now, by row. */
export type Current = ReadonlyMap<string, string>;

const FILE = join(packageRoot(), 'bench', 'sweep.json');
const PAGE = join(packageRoot(), 'bench', 'SWEEP.md');

/** All rows that were ever run and still exist, by id. */
export function readRows(): Map<string, Row> {
  if (!existsSync(FILE)) return new Map();
  return new Map((JSON.parse(readFileSync(FILE, 'utf8')) as Row[]).map((row) => [row.id, row]));
}

/** This machine in a few words: cores, memory, kernel, Node. */
export function machine(): string {
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${kernel}, Node ${process.versions.node}`;
}

/** Stores rows, those of incidents that no longer exist left out, and writes the page anew. */
export function writeRows(rows: ReadonlyMap<string, Row>, current: Current): void {
  const known = [...KILLS, ...FAULTS].flatMap(({ id }) => rows.get(id) ?? []);
  for (const [path, text] of [[FILE, `${JSON.stringify(known, null, 1)}\n`], [PAGE, renderPage(rows, current)]] as const) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function renderTable(ids: readonly string[], rows: ReadonlyMap<string, Row>, current: Current): string {
  const lines = ids.map((id) => {
    const row = rows.get(id);
    if (row === undefined) return `| ${id} | not run | | | | | | |`;
    const verdict = row.outcome === 'pass' ? 'pass' : `**FAIL**: ${row.problems.join('; ')}`;
    return `| ${id} | ${cell(verdict)} | ${cell(row.what)} | ${row.sent.toLocaleString('en-US')} | ${row.lostThere} | ${row.lostElsewhere} | ${row.stalled} | ${row.seconds} s${row.code === current.get(id) ? '' : ' (older code)'} |`;
  });
  return ['| row | verdict | what happened | probes | lost there | lost elsewhere | late, agent stalled | took |', '|---|---|---|---:|---:|---:|---:|---|', ...lines].join('\n');
}

function renderPage(rows: ReadonlyMap<string, Row>, current: Current): string {
  const ran = [...rows.values()];
  const passed = ran.filter((row) => row.outcome === 'pass').length;
  const old = ran.filter((row) => row.code !== current.get(row.id)).length;
  const machines = [...new Set(ran.map((row) => `${row.machine} (${row.day})`))];
  const ids = (list: readonly { id: string }[]): string[] => list.map((incident) => incident.id);
  return `# Sweep: what goes wrong in the middle of a migration

Written by \`npm run sweep\`, which runs the rows whose code has changed since and can be interrupted at any time. Three nodes, K3s profile, the demo applications, Flannel to Calico. ${passed} of ${KILLS.length + FAULTS.length} rows pass, ${ran.length - passed} fail, ${KILLS.length + FAULTS.length - ran.length} have not been run. ${old === 0 ? 'All of them ran on the code that is here.' : `${old} of them ran on older code than is here; the next run repeats them.`}

Machine: ${machines.join('; ') || 'none yet'}.

A row passes when the tool ended as it should, the journal tells the story, all Nodes are Ready, all workloads have their replicas and the shop answers at every node's address afterwards, and no probe was lost without announcement *elsewhere*: neither at the node that the fault hit nor in a class that the fault itself hits on other nodes (for instance requests to a Service while one of its endpoints is cut off). Probes that were answered late because the agent's own event loop stalled are counted apart: they tell of a busy machine.

## The tool is killed (\`kill -9\`)

${renderTable(ids(KILLS), rows, current)}

## Faults

What the tool did by itself: rolled the node (or the preparation) back and exited with 4, or carried on.

${renderTable(ids(FAULTS), rows, current)}
`;
}
