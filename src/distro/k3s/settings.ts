/** K3s' settings on a host as they take effect: config.yaml, then the files of config.yaml.d in order, then the command line of the unit. */
import { parse } from 'yaml';
import { UsageError } from '../../core/errors.ts';
import { listDirectory } from '../../node/facts/cni-dirs.ts';
import { readText, type NodeShell } from '../../node/shell.ts';
import { configDir, configFile, unitFile } from './paths.ts';

/** The only settings that are read: the files also hold the cluster's token. */
const known = ['flannel-backend', 'disable-network-policy', 'cluster-cidr', 'service-cidr', 'egress-selector-mode', 'data-dir', 'datastore-endpoint', 'flannel-iface', 'disable-kube-proxy'] as const;
export type Setting = (typeof known)[number];

export interface SettingValue {
  value: string;
  /** The file, or the unit, that decides. */
  source: string;
}

export type Settings = Partial<Record<Setting, SettingValue>>;

/** K3s' values when nothing is said (k3s server --help). */
export const defaults = { 'flannel-backend': 'vxlan', 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16', 'egress-selector-mode': 'agent' } as const;

/** Settings in one YAML file; `key+` appends in K3s, which no single value here uses. Errors: UsageError naming the file. */
export function parseConfig(text: string, source: string): Settings {
  let values: unknown;
  try {
    values = parse(text);
  } catch (cause) {
    throw new UsageError(`${source} is not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const settings: Settings = {};
  if (typeof values !== 'object' || values === null) return settings;
  for (const [key, value] of Object.entries(values)) {
    const name = known.find((setting) => setting === key);
    if (name !== undefined) settings[name] = { value: String(value), source };
  }
  return settings;
}

/** Settings on the command line of a unit file. Only names and values of known flags are kept. */
export function parseUnit(text: string, source: string): Settings {
  const joined = text.replace(/\\\n/g, ' ');
  const line = /^ExecStart=(.*)$/m.exec(joined)?.[1] ?? '';
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((word) => word[1] ?? word[2] ?? word[3] ?? '');
  const settings: Settings = {};
  words.forEach((word, i) => {
    const match = /^--?([a-z-]+)(?:=(.*))?$/.exec(word);
    const name = known.find((setting) => setting === match?.[1]);
    if (name === undefined) return;
    const next = words[i + 1];
    // A flag without a value is a switch.
    const value = match?.[2] ?? (next === undefined || next.startsWith('-') ? 'true' : next);
    settings[name] = { value, source };
  });
  return settings;
}

/** Reads the settings of a host. */
export async function readSettings(shell: NodeShell, service: string): Promise<Settings> {
  const settings: Settings = {};
  const dropIns = ((await listDirectory(shell, configDir)) ?? []).filter((name) => /\.ya?ml$/.test(name)).map((name) => `${configDir}/${name}`);
  for (const path of [configFile, ...dropIns]) {
    const text = await readText(shell, path);
    if (text !== undefined) Object.assign(settings, parseConfig(text, `${path} on node ${shell.node}`));
  }
  const unit = await readText(shell, unitFile(service));
  if (unit !== undefined) Object.assign(settings, parseUnit(unit, `${unitFile(service)} on node ${shell.node}`));
  return settings;
}
