/** An inventory says how the nodes of a cluster are logged in to: a `fairlead.yaml`, or one of Ansible's. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EnvironmentError, UsageError } from '../../../core/errors.ts';
import type { SecretReference } from '../../../core/secret-reference.ts';
import type { SshTarget } from '../target.ts';
import { ansibleHosts } from './ansible.ts';
import { fairleadHosts } from './fairlead-yaml.ts';

/** One host; without a `host` the name of its Node resolves it. */
export type InventoryHost = Omit<SshTarget, 'host'> & { host?: string };

export interface Inventory {
  /** File that it was read from. */
  file: string;
  hosts: ReadonlyMap<string, InventoryHost>;
  /** OpenSSH configuration file. */
  config?: string;
  sudoPassword?: SecretReference;
}

/** Reads an inventory: a file `fairlead.yaml` or `NAME.fairlead.yaml` is Fairlead's own, everything else Ansible's. Errors: UsageError with file and line, EnvironmentError without Ansible's program. */
export async function readInventory(file: string): Promise<Inventory> {
  if (!existsSync(file)) throw new UsageError(`--inventory ${file}: there is no such file`);
  return /(?:^|\.)fairlead\.ya?ml$/.test(basename(file)) ? fairleadHosts(file, readFileSync(file, 'utf8')) : { file, hosts: await ansibleHosts(file) };
}

/**
 * How a Node is logged in to. Its entry is the one of its name, of its name with a domain behind it (when there is only one),
 * or of its address. Errors: EnvironmentError when there is none.
 */
export function inventoryTarget(inventory: Inventory, node: string, address: string | undefined): SshTarget {
  const { hosts, file } = inventory;
  const qualified = [...hosts.keys()].filter((name) => name.startsWith(`${node}.`));
  const byAddress = [...hosts].filter(([name, entry]) => address !== undefined && (entry.host ?? name) === address).map(([name]) => name);
  const [name, second] = hosts.has(node) ? [node] : qualified.length > 0 ? qualified : byAddress;
  if (name === undefined) {
    const known = [...hosts.keys()].slice(0, 8).join(', ') + (hosts.size > 8 ? `, and ${hosts.size - 8} more` : '');
    throw new EnvironmentError(`${file} has no host for node ${node}${address === undefined ? '' : ` (${address})`}: it has ${known === '' ? 'none at all' : known}`, { hint: 'Name a host like the Node, or give it the address of the Node.' });
  }
  if (second !== undefined) throw new EnvironmentError(`${file} has more than one host for node ${node}: ${name} and ${second}`, { hint: `Name one of them ${node}.` });
  const entry = hosts.get(name) ?? {};
  return { ...entry, host: entry.host ?? name };
}
