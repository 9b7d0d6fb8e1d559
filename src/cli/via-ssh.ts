/** `--via ssh`: the kubeconfig says which nodes there are and where; OpenSSH says how they are logged in to. */
import type { Cluster } from '../cluster/client.ts';
import { internalIp, type NodeObject } from '../cluster/objects.ts';
import { EnvironmentError } from '../core/errors.ts';
import { sshShells, type SshShells } from '../node/ssh/shell.ts';
import { textOption } from './options.ts';
import type { VerbContext, VerbOption } from './verb.ts';

export const sshOptions: readonly VerbOption[] = [
  { flags: '--ssh-user <name>', description: 'with --via ssh: login name; without it that of the OpenSSH configuration, or your own. Others than root need sudo without a password' },
  { flags: '--ssh-config <file>', description: 'with --via ssh: OpenSSH configuration file instead of ~/.ssh/config' },
  { flags: '--ssh-host <kind>', description: "with --via ssh: connect to each Node's InternalIP, or to its name (for Host entries of the configuration)", choices: ['address', 'name'], default: 'address' },
];

/** Shells by ssh to the nodes of a cluster. */
export function openSsh(ctx: VerbContext, cluster: Cluster): SshShells {
  const [user, config] = [textOption(ctx, 'sshUser'), textOption(ctx, 'sshConfig')];
  const addresses = new Map<string, string>();
  const addressOf = async (name: string): Promise<string> => {
    // Kept: the API server may be away when a node is to be reached.
    const known = addresses.get(name);
    if (known !== undefined) return known;
    const node = await cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
    const address = node === undefined ? undefined : internalIp(node);
    if (address === undefined) throw new EnvironmentError(`Node ${name} has no address of type InternalIP`, { hint: 'Reach nodes by their names with --ssh-host name.' });
    addresses.set(name, address);
    return address;
  };
  return sshShells({
    host: textOption(ctx, 'sshHost') === 'name' ? async (node) => node : addressOf,
    ...(user === undefined ? {} : { user }),
    ...(config === undefined ? {} : { config }),
  });
}
