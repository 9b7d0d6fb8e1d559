/** Builds a family into the cache, once: locked between processes, resumable, complete or absent. */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFollower } from './build-follower.ts';
import { familyDigest } from './digest.ts';
import type { Family } from './families.ts';
import { GO_BUILD_FLAGS, programVersions } from './families.ts';
import { exists, flushDirectory } from './files.ts';
import { runBuild } from './go-build.ts';
import type { UnitJob } from './go-build.ts';
import { listUnitPackages } from './go-packages.ts';
import { inspectGo, requireCCompiler } from './go-toolchain.ts';
import { lockFile } from './lock.ts';
import type { OnSourceEvent } from './progress.ts';

/** Built families that no lab used for so long are deleted when a newer one of the same name is built. */
const KEEP_UNUSED_MS = 30 * 24 * 3600 * 1000;

export interface BuildOptions {
  /** The tool's cache directory; built programs go below `components/`. */
  cacheDir: string;
  onProgress: OnSourceEvent;
  signal?: AbortSignal | undefined;
}

export interface BuiltFamily {
  family: string;
  /** Absolute directory that holds exactly the family's programs. */
  directory: string;
  /** Component name → version. */
  programs: Map<string, string>;
  /** Whether it was there already. */
  cached: boolean;
  seconds: number;
}

/** Where a family's programs are or would be; `ready` when they are there. Throws when Go is missing or too old. */
export async function locateBuild(
  family: Family,
  options: Pick<BuildOptions, 'cacheDir' | 'signal'>,
): Promise<{ root: string; directory: string; ready: boolean }> {
  const toolchain = await inspectGo(family.moduleDirectory, options.signal);
  const digest = await familyDigest(family, GO_BUILD_FLAGS, toolchain);
  const root = join(options.cacheDir, 'components', `${family.name}-${digest}`);
  const directory = join(root, 'bin');
  return { root, directory, ready: await exists(directory) };
}

/**
 * Makes sure that a family is built and says where. Two processes that ask at once build it once;
 * the `bin` directory appears by a rename, so whatever is in it is complete. An interrupted build
 * goes on from Go's own cache. Throws EnvironmentError (Go or C compiler missing, modules not to be
 * had, compiler errors, full disk) and the signal's reason when aborted.
 */
export async function buildFamily(family: Family, options: BuildOptions): Promise<BuiltFamily> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const programs = programVersions(family);
  const { root, directory, ready } = await locateBuild(family, options);
  const result = (cached: boolean): BuiltFamily => ({ family: family.name, directory, programs, cached, seconds: seconds() });
  if (ready) {
    await markUsed(root);
    return result(true);
  }
  const lock = await lockFile(join(options.cacheDir, 'components', `${family.name}.lock`), {
    onWait: (holder) => options.onProgress({ kind: 'waiting', what: `the build of ${family.name}`, holder }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  try {
    if (await exists(directory)) return result(true);
    await buildInto(family, root, { ...options, lockFd: lock.fd });
    options.onProgress({ kind: 'build-finished', family: family.name, directory, seconds: seconds() });
    await forgetUnused(join(options.cacheDir, 'components'), family.name, root);
  } finally {
    await lock.release();
  }
  return result(false);
}

async function buildInto(family: Family, root: string, options: BuildOptions & { lockFd: number }): Promise<void> {
  if (family.units.some((unit) => unit.cgo)) await requireCCompiler(options.signal);
  // The same directory for every attempt: Go links no program again that an earlier attempt left there.
  const building = join(root, 'building');
  await mkdir(building, { recursive: true });
  const workDirectory = join(root, 'work');
  await rm(workDirectory, { recursive: true, force: true });
  await mkdir(workDirectory);
  const jobs: UnitJob[] = [];
  for (const unit of family.units) {
    const onModule = moduleReporter(family.name, options.onProgress);
    const packages = await listUnitPackages(family, unit, { signal: options.signal, lockFd: options.lockFd, onModule });
    jobs.push({ family, unit, packages, outputDirectory: building, workDirectory });
  }
  const follower = new BuildFollower(
    family,
    jobs.map((job) => job.packages),
    options.onProgress,
  );
  for (const job of jobs) await runBuild(job, follower, options);
  follower.report(true);
  await flushDirectory(building);
  await rename(building, join(root, 'bin'));
  await rm(workDirectory, { recursive: true, force: true });
}

function moduleReporter(family: string, onProgress: OnSourceEvent): (module: string) => void {
  const startedAt = performance.now();
  let count = 0;
  return (module) => {
    count += 1;
    onProgress({
      kind: 'build',
      family,
      phase: 'modules',
      donePackages: 0,
      totalPackages: 0,
      linkedPrograms: 0,
      totalPrograms: 0,
      elapsedSeconds: (performance.now() - startedAt) / 1000,
      remainingSeconds: undefined,
      basis: `downloading Go modules, number ${count}: ${module}`,
    });
  };
}

async function markUsed(root: string): Promise<void> {
  const now = new Date();
  // A cache that is shared read-only cannot be marked, which only makes it look unused.
  await utimes(root, now, now).catch(() => {});
}

async function forgetUnused(components: string, family: string, keep: string): Promise<void> {
  const ours = new RegExp(`^${family}-[0-9a-f]{16}$`);
  for (const name of await readdir(components)) {
    const path = join(components, name);
    if (!ours.test(name) || path === keep) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > KEEP_UNUSED_MS) await rm(path, { recursive: true, force: true });
  }
}
