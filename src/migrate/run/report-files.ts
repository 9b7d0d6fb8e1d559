/** Writes a migration's report directory: plan, journal, samples, figures. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../report-schema.ts';
import { renderReportMarkdown } from '../report.ts';

export interface ReportFiles {
  /** Directory to write to; made when missing. */
  target: string;
  migrationDir: string;
  /** The mesh's samples, `samples.ndjson.gz`. */
  samples: string;
  report: Report;
}

/** Writes `plan.json`, `journal.ndjson`, `samples.ndjson.gz`, `report.json` and `report.md`. */
export function writeReport({ target, migrationDir, samples, report }: ReportFiles): void {
  mkdirSync(target, { recursive: true });
  copyFileSync(join(migrationDir, 'plan.json'), join(target, 'plan.json'));
  copyFileSync(join(migrationDir, 'journal.ndjson'), join(target, 'journal.ndjson'));
  copyFileSync(samples, join(target, 'samples.ndjson.gz'));
  writeFileSync(join(target, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(target, 'report.md'), renderReportMarkdown(report));
}
