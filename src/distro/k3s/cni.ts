/** Turns the Flannel inside K3s off: a drop-in file for the servers; agents are told by the server that answers at their next start. */
import type { NodeShell } from '../../node/shell.ts';
import type { FileChange, Host } from '../distribution.ts';
import { dropInChange } from './drop-in.ts';

/** The drop-in for a server; none for an agent. Errors: EnvironmentError as `dropInChange`. */
export async function cniOffChange(shell: NodeShell, host: Host): Promise<FileChange | undefined> {
  if (host.role === 'agent') return undefined;
  return dropInChange(shell, host, { file: '90-fairlead.yaml', setting: 'flannel-backend', value: 'none', why: "another CNI takes over from K3s' own Flannel." });
}
