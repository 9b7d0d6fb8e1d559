/** Compiles one unit of a family with `go build`, telling how far it is. */
import { readdir, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';
import type { BuildFollower } from './build-follower.ts';
import type { BuildUnit, Family } from './families.ts';
import type { UnitPackages } from './go-packages.ts';
import { unitFlags } from './go-packages.ts';
import { goEnvironment, lastLines, runGo } from './go-toolchain.ts';

const COUNT_EVERY_MS = 1_000;

export interface UnitJob {
  family: Family;
  unit: BuildUnit;
  packages: UnitPackages;
  /** Where the programs go; what an interrupted build left there is used again. */
  outputDirectory: string;
  /**
   * Where Go works. On the file system of the output, so that a linked program arrives by a rename:
   * Go would take half a copy for the whole program the next time.
   */
  workDirectory: string;
}

/** The `go build` arguments of a job. A lone program gets its own name, several that of their package. */
export function buildArguments(job: UnitJob): string[] {
  const { unit, outputDirectory } = job;
  const [only] = unit.programs;
  const output = unit.programs.length === 1 && only ? join(outputDirectory, only.name) : `${outputDirectory}/`;
  for (const program of unit.programs) {
    if (unit.programs.length > 1 && basename(program.package) !== program.name) {
      throw new Error(`recipe of ${job.family.name}: ${program.package} cannot be written as ${program.name}`);
    }
  }
  const link = ['-s', '-w', ...unit.linkVariables.map((variable) => `-X ${variable}`)];
  if (unit.cgo) link.push('-extldflags=-static');
  return [
    'build',
    '-v',
    ...unitFlags(unit),
    `-ldflags=${link.join(' ')}`,
    '-o',
    output,
    ...unit.programs.map((program) => program.package),
  ];
}

/**
 * Builds a job's programs. Throws EnvironmentError with the end of the compiler's output when it
 * fails, and the signal's reason when aborted; Go's build cache keeps what was compiled.
 */
export async function runBuild(
  job: UnitJob,
  follower: BuildFollower,
  options: { signal?: AbortSignal | undefined; lockFd?: number | undefined },
): Promise<void> {
  const countPrograms = async () => follower.linked((await readdir(job.outputDirectory)).length);
  const ticker = setInterval(() => void countPrograms().catch(() => {}), COUNT_EVERY_MS);
  try {
    const result = await runGo(buildArguments(job), {
      cwd: job.family.moduleDirectory,
      env: goEnvironment({ cgo: job.unit.cgo, extra: { ...job.family.env, GOTMPDIR: job.workDirectory } }),
      signal: options.signal,
      lockFd: options.lockFd,
      onErrorLine: (line) => follower.line(line),
    });
    if (result.code !== 0) throw await buildError(job, result.stderr);
    follower.unitBuilt(job.packages);
    await countPrograms();
  } finally {
    clearInterval(ticker);
  }
}

async function buildError(job: UnitJob, output: string): Promise<EnvironmentError> {
  // Progress lines are bare import paths; what remains is what went wrong.
  const messages = output.split('\n').filter((line) => line.startsWith('#') || /\s/.test(line.trim()));
  const tail = lastLines((messages.length > 0 ? messages : output.split('\n')).join('\n'), 20);
  if (/no space left on device/i.test(output)) {
    const disk = await statfs(job.outputDirectory);
    const free = Math.round((disk.bavail * disk.bsize) / 1e6);
    return new EnvironmentError(`Building ${job.family.name} filled a disk (${free} MB are free at ${job.outputDirectory}).\n${tail}`, {
      hint: 'Make room there and in Go’s cache (go env GOCACHE, GOTMPDIR); what was compiled is kept and the build goes on from it.',
    });
  }
  return new EnvironmentError(`Building ${job.family.name} failed. The end of Go's output:\n${tail}`, {
    hint: 'What was compiled is kept; running the command again goes on from there.',
  });
}
