/** CNI configurations and plugins as they stand in a node's directories. */
import { EnvironmentError } from '../../core/errors.ts';
import { readText, type NodeShell } from '../shell.ts';

export interface CniConf {
  /** File name inside the directory. */
  file: string;
  /** Name of the network; absent when the file is not a valid CNI configuration. */
  network?: string;
  /** Types of the plugins, in the order in which they are called. */
  types: string[];
  text: string;
}

/** Names in a directory, sorted by byte order; undefined when it is not there. Errors: EnvironmentError when it cannot be told. */
export async function listDirectory(shell: NodeShell, dir: string): Promise<string[] | undefined> {
  const result = await shell.run(['ls', '-1', '-A', '--', dir]);
  if (result.stderr.includes('No such file or directory')) return undefined;
  if (result.code !== 0) throw new EnvironmentError(`node ${shell.node}: cannot list ${dir}: ${result.stderr.trim()}`);
  return result.stdout.split('\n').filter((name) => name !== '').toSorted(byBytes);
}

/** Parses one conf or conflist. */
export function parseCniConf(file: string, text: string): CniConf {
  try {
    const conf = JSON.parse(text) as { name?: string; type?: string; plugins?: { type?: string }[] };
    const types = (conf.plugins ?? [conf]).map((plugin) => plugin.type ?? '').filter((type) => type !== '');
    return { file, ...(conf.name === undefined ? {} : { network: conf.name }), types, text };
  } catch {
    return { file, types: [], text };
  }
}

/** The configurations of a directory in the order in which containerd looks at them: the first valid one decides. */
export async function readCniConfs(shell: NodeShell, dir: string): Promise<CniConf[]> {
  const confs: CniConf[] = [];
  for (const file of (await listDirectory(shell, dir)) ?? []) {
    // The endings that libcni loads.
    if (!/\.(conf|conflist|json)$/.test(file)) continue;
    const text = await readText(shell, `${dir}/${file}`);
    if (text !== undefined) confs.push(parseCniConf(file, text));
  }
  return confs;
}

/** The configuration that decides: the first with a network name and a plugin. */
export function activeConf(confs: readonly CniConf[]): CniConf | undefined {
  return confs.find((conf) => conf.network !== undefined && conf.types.length > 0);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
