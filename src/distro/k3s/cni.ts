/** Turns the Flannel inside K3s off: a drop-in file for the servers; agents are told by the server that answers at their next start. */
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { FileChange, Host } from '../distribution.ts';
import { configDir } from './paths.ts';
import { readSettings } from './settings.ts';

const dropInPath = `${configDir}/90-fairlead.yaml`;

const content = `# Written by Fairlead: another CNI takes over from K3s' own Flannel.
# Takes effect when k3s restarts; the network goes on meanwhile.
flannel-backend: none
`;

/** The drop-in for a server. Errors: EnvironmentError when the unit's command line or a later file sets the backend, because they win over the drop-in. */
export async function cniOffChange(shell: NodeShell, host: Host): Promise<FileChange | undefined> {
  if (host.role === 'agent') return undefined;
  const decided = (await readSettings(shell, host.service))['flannel-backend'];
  const path = decided?.source.split(' on node ')[0] ?? '';
  const wins = decided !== undefined && decided.value !== 'none' && (!path.startsWith('/etc/rancher/') || path > dropInPath);
  if (wins) {
    throw new EnvironmentError(`node ${host.node}: flannel-backend is set to ${decided.value} in ${path}, which wins over a file in ${configDir}.`, {
      hint: `Move the setting from there to /etc/rancher/k3s/config.yaml, and plan again.`,
    });
  }
  return { path: dropInPath, content, mode: 0o600 };
}
