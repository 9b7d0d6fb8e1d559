/** Text of the checks, for `doctor`. */
import { createColors } from 'picocolors';

import type { Check, CheckGroup, Machine } from './check.ts';

const TITLES: Readonly<Record<CheckGroup, string>> = { machine: 'Machine', kernel: 'Kernel', limits: 'Room for labs', programs: 'Programs', build: 'Building components' };

/** The checks in their groups, one line each. */
export function renderChecks(checks: readonly Check[], options: { colour: boolean }): string {
  const paint = createColors(options.colour);
  const mark = { pass: paint.green('ok     '), warn: paint.yellow('short  '), fail: paint.red('missing'), skip: paint.yellow('skipped') };
  const width = Math.max(...checks.map((check) => check.title.length));
  const groups = [...new Set(checks.map((check) => check.group))];
  return groups
    .map((group) => {
      const lines = checks
        .filter((check) => check.group === group)
        .map((check) => `  ${mark[check.verdict]}  ${check.title.padEnd(width)}  ${check.seen}${check.verdict === 'pass' ? '' : ` (${check.purpose})`}`);
      return `${TITLES[group]}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

/** What to do about what is short, one line each; empty when nothing is. */
export function renderWarnings(checks: readonly Check[]): string {
  const short = checks.filter((check) => check.verdict === 'warn');
  if (short.length === 0) return '';
  return `\nThe lab runs, but may fail for want of:\n${short.map((check) => `  ${check.title}: ${check.fix ?? check.seen}\n`).join('')}`;
}

/** What to do about the failed checks, and what works without them. */
export function renderMissing(checks: readonly Check[], machine: Machine, install: string | undefined): string {
  const failed = checks.filter((check) => check.verdict === 'fail');
  const lines = ['', 'The lab cannot run here until this is mended (everything that needs no lab runs as it is):'];
  for (const check of failed) {
    if (install !== undefined && machine.isDebian && check.debianPackage !== undefined) continue;
    lines.push(`  ${check.title}: ${check.fix ?? check.seen}`);
  }
  if (install !== undefined && machine.isDebian) lines.push(`  missing packages${machine.isRoot ? '' : ', as root'}: ${install}`);
  return `${lines.join('\n')}\n`;
}
