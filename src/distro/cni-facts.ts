/** The CNI directories of one host for a snapshot: configurations without credentials, programs, and directories that nobody reads. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import { defaultCniDirs, readCniDirs } from '../node/facts/containerd-config.ts';
import { listDirectory, readCniConfs, type CniConf } from '../node/facts/cni-dirs.ts';
import type { NodeShell } from '../node/shell.ts';
import type { Distribution, Host } from './distribution.ts';
import { builtInConfDir } from './k3s/paths.ts';

type CniFacts = NonNullable<HostFacts['cni']>;

/** Settings of plugins that decide about packets; the others (kubeconfig paths, tokens, log files) are not kept. */
const SETTINGS = new Set(['mtu', 'hairpinMode', 'ipMasq', 'isDefaultGateway', 'isGateway', 'bridge', 'promiscMode', 'forceAddress', 'datastore_type', 'nodename_file_optional', 'enable-route-mtu', 'chaining-mode']);

/** The kept part of a configuration. */
export function confFacts({ file, network, types, text }: CniConf): CniFacts['confs'][number] {
  const settings: Record<string, string | number | boolean> = {};
  for (const plugin of pluginsOf(text)) {
    const type = typeof plugin['type'] === 'string' ? plugin['type'] : '';
    const [ipam, delegate] = [plugin['ipam'], plugin['delegate']].map((one) => (typeof one === 'object' && one !== null ? (one as Record<string, unknown>) : {}));
    for (const [name, value] of [...Object.entries(plugin), ...Object.entries(delegate ?? {})]) {
      if (SETTINGS.has(name) && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) settings[`${type}.${name}`] = value;
    }
    if (typeof ipam?.['type'] === 'string') settings[`${type}.ipam`] = ipam['type'];
    if (typeof ipam?.['subnet'] === 'string') settings[`${type}.subnet`] = ipam['subnet'];
  }
  return { file, ...(network === undefined ? {} : { network }), types, ...(Object.keys(settings).length === 0 ? {} : { settings }) };
}

function pluginsOf(text: string): Record<string, unknown>[] {
  try {
    const conf = JSON.parse(text) as { plugins?: unknown } | null;
    const plugins: unknown[] = Array.isArray(conf?.plugins) ? conf.plugins : [conf];
    return plugins.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null);
  } catch {
    return [];
  }
}

/** Reads the directories that containerd uses on the host, and those that CNIs write to when nobody tells them otherwise. */
export async function readCniFacts(shell: NodeShell, detected: { distribution: Distribution; host: Host } | undefined): Promise<CniFacts> {
  const dirs = detected === undefined ? await readCniDirs(shell, ['/etc/containerd/config.toml']) : await detected.distribution.cniDirs(shell, detected.host);
  const plugins: Record<string, string[]> = {};
  for (const dir of dirs.binDirs) plugins[dir] = (await listDirectory(shell, dir)) ?? [];
  const otherConfs: CniFacts['otherConfs'] = {};
  for (const dir of [defaultCniDirs.confDir, builtInConfDir].filter((one) => one !== dirs.confDir)) {
    const confs = await readCniConfs(shell, dir);
    if (confs.length > 0) otherConfs[dir] = confs.map(confFacts);
  }
  const renamed = ((await listDirectory(shell, dirs.confDir)) ?? []).filter((name) => /\.(cilium_bak|bak|off|disabled)$/.test(name));
  return { confDir: dirs.confDir, binDirs: dirs.binDirs, byDefault: dirs.byDefault, confs: (await readCniConfs(shell, dirs.confDir)).map(confFacts), plugins, otherConfs, renamed };
}
