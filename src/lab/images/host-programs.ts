/** Programs of this machine that go into images, with the libraries they load. */
import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';
import type { ImageEntry } from './definition.ts';
import { libraryClosure } from './library-closure.ts';

/** Debian's package of each program that images use, for the message when one is missing. */
const DEBIAN_PACKAGES: Record<string, string> = {
  'xtables-nft-multi': 'iptables',
  'xtables-legacy-multi': 'iptables',
  ipset: 'ipset',
  ip: 'iproute2',
  bridge: 'iproute2',
  tc: 'iproute2',
  conntrack: 'conntrack',
  nft: 'nftables',
  dash: 'dash',
  nsenter: 'util-linux',
  busybox: 'busybox-static',
};

const SEARCH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

/** The real file of a program on this machine. Errors: EnvironmentError with the package to install. */
export async function hostProgram(name: string): Promise<string> {
  for (const directory of SEARCH) {
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      return await realpath(path);
    } catch {
      // The next directory may have it.
    }
  }
  throw new EnvironmentError(`the program ${name} is missing on this machine: an image of the lab needs it`, { hint: `apt-get install ${DEBIAN_PACKAGES[name] ?? name}` });
}

/** Image entries for programs of this machine: image path → name here, with the libraries they load. */
export async function programEntries(programs: Readonly<Record<string, string>>): Promise<ImageEntry[]> {
  const files = await Promise.all(
    Object.entries(programs).map(async ([path, name]) => ({ kind: 'file', path, source: await hostProgram(name), mode: 0o755 }) satisfies ImageEntry),
  );
  return [...files, ...(await libraryClosure(files.map((file) => file.source)))];
}

const XTABLES_OPERATIONS = ['', '-save', '-restore'];

/**
 * iptables in both variants with the usual names, its match and target plugins, and their libraries. The
 * names without a variant mean nft, as on Debian; Felix looks for `-nft-save` and `-legacy-save` by name.
 */
export async function iptablesEntries(): Promise<ImageEntry[]> {
  const programs = await programEntries({ '/usr/sbin/xtables-nft-multi': 'xtables-nft-multi', '/usr/sbin/xtables-legacy-multi': 'xtables-legacy-multi' });
  const links = ['iptables', 'ip6tables'].flatMap((family) =>
    XTABLES_OPERATIONS.flatMap((operation): ImageEntry[] => [
      { kind: 'symlink', path: `/usr/sbin/${family}${operation}`, target: 'xtables-nft-multi' },
      { kind: 'symlink', path: `/usr/sbin/${family}-nft${operation}`, target: 'xtables-nft-multi' },
      { kind: 'symlink', path: `/usr/sbin/${family}-legacy${operation}`, target: 'xtables-legacy-multi' },
    ]),
  );
  const directory = await pluginDirectory(programs);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.so')).toSorted();
  const plugins = await Promise.all(
    names.map(async (name): Promise<ImageEntry> => ({ kind: 'file', path: join(directory, name), source: await realpath(join(directory, name)), mode: 0o644 })),
  );
  return [...programs, ...links, ...plugins];
}

/** Where iptables of this machine was built to look for plugins: `xtables` beside its own library (/usr/lib/<triplet>/xtables). */
async function pluginDirectory(programs: readonly ImageEntry[]): Promise<string> {
  const library = programs.find((entry) => entry.kind === 'file' && /\/libxtables\.so/.test(entry.path));
  if (library?.kind !== 'file') throw new EnvironmentError('iptables of this machine does not load libxtables: its plugins cannot be found', { hint: 'apt-get install iptables' });
  return join(dirname(library.source), 'xtables');
}
