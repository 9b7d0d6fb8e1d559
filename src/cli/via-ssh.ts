/** `--via ssh`: the kubeconfig says which nodes there are; Nodes or an inventory say where, and OpenSSH how they are logged in to. */
import type { Cluster } from '../cluster/client.ts';
import { internalIp, type NodeObject } from '../cluster/objects.ts';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { secretReference } from '../core/secret-reference.ts';
import { inventoryTarget, readInventory, type Inventory } from '../node/ssh/inventory/inventory.ts';
import { sshShells, type SshShells } from '../node/ssh/shell.ts';
import type { SshTarget } from '../node/ssh/target.ts';
import { textOption } from './options.ts';
import type { VerbContext, VerbOption } from './verb.ts';

export const sshOptions: readonly VerbOption[] = [
  { flags: '--inventory <file>', description: "with --via ssh: fairlead.yaml or an Ansible inventory that says how each node is logged in to, instead of each Node's address" },
  { flags: '--ssh-user <name>', description: 'with --via ssh: login name; without it that of the inventory, of the OpenSSH configuration, or your own' },
  { flags: '--ssh-sudo-password <reference>', description: 'with --via ssh: where the password is that sudo wants of others than root: env:NAME, file:PATH or exec:PROGRAM' },
  { flags: '--ssh-config <file>', description: 'with --via ssh: OpenSSH configuration file instead of ~/.ssh/config' },
  { flags: '--ssh-host <kind>', description: "with --via ssh and no inventory: connect to each Node's InternalIP (address, the default), or to its name (for Host entries of the configuration)", choices: ['address', 'name'] },
];

/** Shells by ssh to the nodes of a cluster. Errors: UsageError for an inventory or a reference that is wrong. */
export async function openSsh(ctx: VerbContext, cluster: Cluster): Promise<SshShells> {
  const [user, config, password, file, kind] = ['sshUser', 'sshConfig', 'sshSudoPassword', 'inventory', 'sshHost'].map((name) => textOption(ctx, name));
  if (file !== undefined && kind !== undefined) throw new UsageError('--inventory and --ssh-host exclude each other: the inventory says where a node is');
  const inventory = file === undefined ? undefined : await readInventory(file);
  const sudoPassword = password === undefined ? inventory?.sudoPassword : secretReference(password, '--ssh-sudo-password', ctx.env);
  const configFile = config ?? inventory?.config;
  const target = targetOf(cluster, inventory, kind === 'name');
  return sshShells({
    target: async (node) => ({ ...(await target(node)), ...(user === undefined ? {} : { user }) }),
    ...(configFile === undefined ? {} : { config: configFile }),
    ...(sudoPassword === undefined ? {} : { sudoPassword }),
  });
}

/** How nodes are logged in to; what is known is kept, because the API server may be away when a node is to be reached. */
function targetOf(cluster: Cluster, inventory: Inventory | undefined, byName: boolean): (node: string) => Promise<SshTarget> {
  const known = new Map<string, SshTarget>();
  const find = async (node: string): Promise<SshTarget> => {
    if (byName) return { host: node };
    if (inventory?.hosts.has(node)) return inventoryTarget(inventory, node, undefined);
    const object = await cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
    const address = object === undefined ? undefined : internalIp(object);
    if (inventory) return inventoryTarget(inventory, node, address);
    if (address === undefined) throw new EnvironmentError(`Node ${node} has no address of type InternalIP`, { hint: 'Reach nodes by their names with --ssh-host name.' });
    return { host: address };
  };
  return async (node) => {
    const target = known.get(node) ?? (await find(node));
    known.set(node, target);
    return target;
  };
}
