/** The shared libraries that a dynamic program needs, found with `ldd`. */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../core/errors.ts';
import type { ImageEntry } from './definition.ts';

const execFileAsync = promisify(execFile);

/**
 * The absolute library paths in `ldd` output, the loader included, without duplicates. Knows the three forms
 * `name => path (addr)`, `path (addr)` and `name (addr)` (the kernel's vdso, which is no file); header lines
 * of an ldd call with several programs and "statically linked" name no library. Errors: EnvironmentError
 * when ldd says that a library is not found.
 */
export function parseLdd(output: string): string[] {
  const found = new Set<string>();
  for (const line of output.split('\n')) {
    if (!/^\s/.test(line)) continue;
    if (line.includes('not found')) throw new EnvironmentError(`ldd: ${line.trim()}; a library of a program for the lab's images is missing`);
    const path = /(?:=>\s+)?(\/\S+)\s+\(0x[0-9a-f]+\)/.exec(line)?.[1];
    if (path !== undefined) found.add(path);
  }
  return [...found];
}

/**
 * Image entries for every shared library that the programs (paths on this machine) load at start. Each one
 * stands at the path where the loader of this machine found it, because the same loader goes into the image;
 * symbolic links are followed, so that the soname itself is the file. Static programs need nothing.
 * Errors: EnvironmentError when a library or `ldd` is missing.
 */
export async function libraryClosure(programs: readonly string[]): Promise<ImageEntry[]> {
  if (programs.length === 0) return [];
  const output = await lddOutput(programs);
  return await Promise.all(
    parseLdd(output).map(async (path): Promise<ImageEntry> => ({ kind: 'file', path, source: await realpath(path), mode: 0o755 })),
  );
}

/** `ldd` ends with status 1 for a static program ("not a dynamic executable"), which is an answer here. */
async function lddOutput(programs: readonly string[]): Promise<string> {
  try {
    return (await execFileAsync('ldd', [...programs], { env: { ...process.env, LC_ALL: 'C' } })).stdout;
  } catch (cause) {
    const { stdout, code } = cause as { stdout?: string; code?: number | string };
    if (code === 1 && stdout !== undefined) return stdout;
    throw new EnvironmentError('`ldd` could not be run: it lists the libraries that go into the lab\'s images', { hint: 'install the package libc-bin', cause });
  }
}
