/** What a build would have to compile: the packages of its programs that Go's cache does not hold. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';
import type { BuildUnit, Family } from './families.ts';
import { GO_BUILD_FLAGS } from './families.ts';
import { goEnvironment, lastLines, runGo } from './go-toolchain.ts';

export interface GoPackage {
  /** Bytes of its Go source, the measure of its share in the work. */
  bytes: number;
  imports: string[];
  /** Whether it may have to be compiled: what depends on such a package counts as such, even if its own result proves the same. */
  stale: boolean;
}

/** Import path → package. */
export type UnitPackages = Map<string, GoPackage>;

const FORMAT =
  '{{.ImportPath}}|{{.Stale}}|{{.StaleReason}}|{{.Dir}}|{{join .GoFiles ","}},{{join .CgoFiles ","}}|{{join .Imports ","}}';

/** Flags that `go list` and `go build` share for a unit; both need them, or the cache looks empty. */
export function unitFlags(unit: BuildUnit): string[] {
  return [...GO_BUILD_FLAGS, ...(unit.tags.length > 0 ? [`-tags=${unit.tags.join(',')}`] : [])];
}

/**
 * The packages of a unit, downloading missing modules on the way.
 * Throws EnvironmentError with the end of Go's output when that fails.
 */
export async function listUnitPackages(
  family: Family,
  unit: BuildUnit,
  options: { signal?: AbortSignal | undefined; lockFd?: number | undefined; onModule?: (module: string) => void } = {},
): Promise<UnitPackages> {
  const packages = unit.programs.map((program) => program.package);
  const result = await runGo(['list', '-deps', ...unitFlags(unit), '-f', FORMAT, ...packages], {
    cwd: family.moduleDirectory,
    env: goEnvironment({ cgo: unit.cgo, extra: family.env }),
    signal: options.signal,
    lockFd: options.lockFd,
    onErrorLine: (line) => {
      const module = /^go: downloading (\S+ \S+)/.exec(line)?.[1];
      if (module !== undefined) options.onModule?.(module);
    },
  });
  if (result.code !== 0) {
    throw new EnvironmentError(
      `The Go modules of ${family.name} cannot be loaded. The end of Go's output:\n${lastLines(result.stderr, 12)}`,
      { hint: 'Check that this machine reaches its Go module proxy (go env GOPROXY), then run the command again.' },
    );
  }
  return parsePackages(result.stdout);
}

/** Reads `go list` output in FORMAT. */
export function parsePackages(output: string, sizeOf: (path: string) => number = fileSize): UnitPackages {
  const packages: UnitPackages = new Map();
  for (const line of output.split('\n')) {
    const [importPath, stale, reason = '', directory = '', files = '', imports = ''] = line.split('|');
    if (!importPath || importPath === 'unsafe') continue;
    packages.set(importPath, {
      bytes: listed(files).reduce((sum, file) => sum + sizeOf(join(directory, file)), 0),
      imports: listed(imports),
      // A program is never "installed"; Go says so when only its link is missing.
      stale: stale === 'true' && !reason.includes('available in build cache'),
    });
  }
  return packages;
}

function listed(text: string): string[] {
  return text.split(',').filter((item) => item !== '');
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
