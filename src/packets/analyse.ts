/** `fairlead capture`: from files to a report. */
import type { Readable } from 'node:stream';
import { AddressBook } from './decode/address-book.ts';
import { FileAnalysis, type Shared } from './file-analysis.ts';
import { Follower } from './path/follower.ts';
import { PathFlows } from './path/path-flows.ts';
import { Points } from './points.ts';
import { readCapture } from './read/read-capture.ts';
import { openSource } from './read/source.ts';
import { reportOf, type CaptureReport, type FileReport } from './report/report.ts';
import { Findings } from './signatures/findings.ts';
import { Words } from './signatures/words.ts';
import { Totals } from './totals.ts';

export interface CaptureFile {
  /** `-` for `stdin`. */
  path: string;
  /** How the report names it; the path when absent. */
  label?: string;
  /** Nanoseconds by which its clock ran ahead of the other files'. */
  aheadNs?: number;
  /** Names of devices by the index that packets of `any` carry. */
  interfaces?: Readonly<Record<string, string>>;
}

export interface AnalyseOptions {
  files: readonly CaptureFile[];
  /** What is known of the files beforehand, for the report's remarks. */
  remarks?: readonly string[];
  stdin?: Readable;
  /** UDP ports that carry VXLAN, beyond those that are known. */
  vxlanPorts?: readonly number[];
  /** Whose an address is. */
  name?: (address: string) => string | undefined;
  /** Aborted: the report is of what was read until then. */
  signal?: AbortSignal;
}

/** Analyses captures one after the other. Errors: UsageError for what is no capture. */
export async function analyseCaptures(options: AnalyseOptions): Promise<CaptureReport> {
  const addresses = new AddressBook();
  const shared: Shared = {
    findings: new Findings(), addresses, words: new Words(addresses, options.name), points: new Points(),
    follower: new Follower(new PathFlows()), totals: new Totals(), vxlanPorts: new Set(options.vxlanPorts ?? []),
  };
  // Of one file the follower learns by itself that it has several interfaces.
  if (options.files.length > 1) shared.follower.activate();
  const files: FileReport[] = [];
  for (const file of options.files) files.push(await analyseFile(file, shared, options));
  shared.findings.file = '';
  shared.follower.finish();
  shared.follower.flows.finish(shared.points, shared.findings, shared.words);
  const report = reportOf(shared, files);
  return { ...report, remarks: [...(options.remarks ?? []), ...report.remarks] };
}

async function analyseFile(file: CaptureFile, shared: Shared, { stdin, signal }: AnalyseOptions): Promise<FileReport> {
  const source = await openSource(file.path, stdin);
  const analysis = new FileAnalysis(file, shared);
  const before = shared.totals.packets;
  try {
    const cut = await readCapture(file.path, source, analysis, signal === undefined ? {} : { signal });
    analysis.finish();
    return { file: file.label ?? file.path, packets: shared.totals.packets - before, cut };
  } finally {
    await source.close();
  }
}
