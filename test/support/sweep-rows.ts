/** Which rows of a sweep one test run takes: all of them under FAIRLEAD_SWEEP=all, else a few that change with the commit. */
import { spawnSync } from 'node:child_process';

import { packageRoot } from '../../src/core/package-root.ts';

/** `count` neighbouring rows, from a place that the seed decides; runs with successive seeds get to every row. */
export function pickRows<Row>(rows: readonly Row[], count: number, seed: number): Row[] {
  if (count >= rows.length) return [...rows];
  const start = (seed * count) % rows.length;
  return [...rows, ...rows].slice(start, start + count);
}

/** The rows for this run. The seed is the number of commits, so that each commit takes the next rows. */
export function sweepRows<Row>(rows: readonly Row[], count: number, env: NodeJS.ProcessEnv = process.env): Row[] {
  if (env['FAIRLEAD_SWEEP'] === 'all') return [...rows];
  const counted = spawnSync('git', ['rev-list', '--count', 'HEAD'], { cwd: packageRoot(), encoding: 'utf8' });
  return pickRows(rows, count, Number.parseInt(counted.stdout, 10) || 0);
}
