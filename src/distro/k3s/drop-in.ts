/** One setting of a K3s server in a file of its own below config.yaml.d, where nothing stronger decides. */
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { FileChange, Host } from '../distribution.ts';
import { configDir } from './paths.ts';
import { readSettings, type Setting } from './settings.ts';

export interface DropIn {
  /** Name of the file below config.yaml.d. */
  file: string;
  setting: Setting;
  value: string;
  /** First comment line of the file. */
  why: string;
}

/** The drop-in for a server. Errors: EnvironmentError when the unit's command line or a later file says otherwise, because they win over the drop-in. */
export async function dropInChange(shell: NodeShell, host: Host, { file, setting, value, why }: DropIn): Promise<FileChange> {
  const path = `${configDir}/${file}`;
  const decided = (await readSettings(shell, host.service))[setting];
  const source = decided?.source.split(' on node ')[0] ?? '';
  const wins = decided !== undefined && decided.value !== value && (!source.startsWith('/etc/rancher/') || source > path);
  if (wins) {
    throw new EnvironmentError(`node ${host.node}: ${setting} is set to ${decided.value} in ${source}, which wins over a file in ${configDir}.`, {
      hint: `Move the setting from there to /etc/rancher/k3s/config.yaml, and plan again.`,
    });
  }
  return { path, content: `# Written by Fairlead: ${why}\n# Takes effect when k3s restarts; the network goes on meanwhile.\n${setting}: ${value}\n`, mode: 0o600 };
}
