/** Looks a component up in a directory or on PATH and judges the version it finds. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileNameOf } from './names.ts';
import type { ComponentName } from './names.ts';
import { versionInOutput, versionRule, whyUnusable } from './versions.ts';

/** A usable binary. */
export interface Found {
  path: string;
  version: string;
}

/** A binary that is there but not used, and why, as a clause. */
export interface PassedOver {
  path: string;
  reason: string;
}

export interface Lookup {
  found: Found | undefined;
  passedOver: PassedOver[];
}

const VERSION_DEADLINE_MS = 15_000;

// Debian puts runc into /usr/sbin, which is not on every user's PATH.
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The directories of a PATH value, absolute, followed by the sbin directories; each once. */
export function searchPath(path: string | undefined): string[] {
  const listed = (path ?? '').split(delimiter).filter((entry) => entry.startsWith('/'));
  return [...new Set([...listed, ...SYSTEM_DIRECTORIES])];
}

/**
 * The first usable binary of a component in the given directories, in order.
 * Never throws for a bad binary: it is passed over with a reason.
 */
export async function lookUp(name: ComponentName, directories: readonly string[]): Promise<Lookup> {
  const passedOver: PassedOver[] = [];
  // /bin is /usr/bin on most machines: one file is judged once.
  const seen = new Set<string>();
  for (const directory of directories) {
    const path = resolve(join(directory, fileNameOf(name)));
    if (!(await isExecutableFile(path))) continue;
    const file = await realpath(path);
    if (seen.has(file)) continue;
    seen.add(file);
    const judged = await judge(name, path);
    if ('version' in judged) return { found: judged, passedOver };
    passedOver.push(judged);
  }
  return { found: undefined, passedOver };
}

/** Whether one binary is usable as the component, by the version it prints. */
export async function judge(name: ComponentName, path: string): Promise<Found | PassedOver> {
  const rule = versionRule(name);
  if (!rule) return { path, version: 'not asked' };
  const output = await runForVersion(path, rule.argv, rule.env);
  if ('error' in output) return { path, reason: output.error };
  const version = versionInOutput(rule, output.text);
  if (version === undefined) {
    return { path, reason: `\`${[fileNameOf(name), ...rule.argv].join(' ')}\` printed no version of ${fileNameOf(name)}` };
  }
  const reason = whyUnusable(rule, version);
  return reason === undefined ? { path, version } : { path, reason };
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What a program prints; its exit status does not matter, since some print their version and fail. */
function runForVersion(
  path: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> | undefined,
): Promise<{ text: string } | { error: string }> {
  return new Promise((done) => {
    const child = execFile(
      path,
      [...argv],
      { timeout: VERSION_DEADLINE_MS, killSignal: 'SIGKILL', env: { ...process.env, ...env }, maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        const started = error === null || typeof error.code === 'number';
        if (started) return done({ text: `${stdout}\n${stderr}` });
        if (error.killed === true) return done({ error: `it printed no version within ${VERSION_DEADLINE_MS / 1000} s` });
        done({ error: `it cannot be run (${error.code ?? error.message})` });
      },
    );
    child.stdin?.end();
  });
}
