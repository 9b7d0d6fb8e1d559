/** Where containerd looks for CNI, from its config.toml: the directories that count, whatever the documentation of a distribution says. */
import { readText, type NodeShell } from '../shell.ts';

export interface CniDirs {
  confDir: string;
  /** Searched in this order. */
  binDirs: string[];
  /** Both are containerd's defaults, because the file says nothing of CNI. */
  byDefault: boolean;
}

/** containerd's defaults (pkg/cri/config). */
export const defaultCniDirs: CniDirs = { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true };

/** Sections of CNI settings: configuration versions 1, 2 and 3 of containerd. */
const cniSections = new Set(['plugins.cri.cni', 'plugins.io.containerd.grpc.v1.cri.cni', 'plugins.io.containerd.cri.v1.runtime.cni']);

/** Reads conf_dir, bin_dir and bin_dirs from the CNI section of a containerd configuration. Only the TOML that such files are written in is understood: tables, strings, arrays of strings. */
export function parseContainerdCni(toml: string): CniDirs {
  let section = '';
  let confDir: string | undefined;
  let binDirs: string[] | undefined;
  const lines = toml.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]?.trim() ?? '';
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      section = [...line.replace(/^\[+|\]+\s*(#.*)?$/g, '').matchAll(/"([^"]*)"|'([^']*)'|([^.\s"']+)/g)].map((part) => part[1] ?? part[2] ?? part[3]).join('.');
      continue;
    }
    if (!cniSections.has(section)) continue;
    const at = line.indexOf('=');
    if (at < 0) continue;
    const key = line.slice(0, at).trim();
    let value = line.slice(at + 1).trim();
    // An array may go over several lines.
    while (value.startsWith('[') && !value.includes(']') && i + 1 < lines.length) value += ` ${lines[++i]?.trim() ?? ''}`;
    const strings = [...value.matchAll(/"([^"]*)"|'([^']*)'/g)].map((part) => part[1] ?? part[2] ?? '').filter((text) => text !== '');
    if (strings[0] === undefined) continue;
    if (key === 'conf_dir') confDir = strings[0];
    if (key === 'bin_dir' && binDirs === undefined) binDirs = [strings[0]];
    if (key === 'bin_dirs') binDirs = strings;
  }
  return {
    confDir: confDir ?? defaultCniDirs.confDir,
    binDirs: binDirs ?? defaultCniDirs.binDirs,
    byDefault: confDir === undefined && binDirs === undefined,
  };
}

/** Reads the directories from the first of `paths` that exists; containerd's defaults when none does. */
export async function readCniDirs(shell: NodeShell, paths: readonly string[]): Promise<CniDirs> {
  for (const path of paths) {
    const text = await readText(shell, path);
    if (text !== undefined) return parseContainerdCni(text);
  }
  return defaultCniDirs;
}
