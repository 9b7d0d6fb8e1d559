/** Ansible's inventories, as Ansible itself understands them: groups, variables, vaults and plugins included. */
import { parseArgsStringToArgv } from 'string-argv';
import { z } from 'zod';
import { EnvironmentError, UsageError } from '../../../core/errors.ts';
import { runProcess } from '../../../core/process.ts';
import type { InventoryHost } from './inventory.ts';

/** Dynamic inventories ask clouds. */
const TIMEOUT_MS = 120_000;

const listing = z.object({ _meta: z.object({ hostvars: z.record(z.string(), z.record(z.string(), z.unknown())).default({}) }) }).catchall(z.object({ hosts: z.array(z.string()).default([]) }));

/** All hosts. Errors: EnvironmentError without `ansible-inventory`, UsageError with what it says. */
export async function ansibleHosts(file: string): Promise<Map<string, InventoryHost>> {
  const argv = ['ansible-inventory', '--inventory', file, '--list'];
  const result = await runProcess(argv, { timeoutMs: TIMEOUT_MS, env: { ANSIBLE_NOCOLOR: '1', ANSIBLE_INVENTORY_UNPARSED_FAILED: '1' } }).catch((cause: unknown) => {
    if (!(cause instanceof EnvironmentError)) throw cause;
    throw new EnvironmentError(`--inventory ${file} is none of Fairlead's own, so Ansible is asked to read it: ${cause.message}`, { cause, hint: 'Install ansible-core here, or write a fairlead.yaml (docs/guides/reaching-nodes.md).' });
  });
  if (result.code !== 0) throw new UsageError(`--inventory ${file}: ansible-inventory cannot read it: ${result.stderr.trim().slice(-1500)}`);
  return hostsOf(file, Buffer.from(result.stdout).toString());
}

/** Takes what `ansible-inventory --list` printed apart. Only variables of the connection are looked at. Errors: UsageError naming host and variable. */
export function hostsOf(file: string, json: string): Map<string, InventoryHost> {
  const parsed = listing.safeParse(parseJson(json));
  if (!parsed.success) throw new UsageError(`--inventory ${file}: ansible-inventory printed something else than a list of hosts`);
  const { _meta, ...groups } = parsed.data;
  // A host without variables is only a name in its groups.
  const names = new Set([...Object.values(groups).flatMap((group) => group.hosts), ...Object.keys(_meta.hostvars)]);
  return new Map([...names].map((name) => [name, hostOf(file, name, _meta.hostvars[name] ?? {})]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names of the variables, newest first: docs.ansible.com, "Connecting to hosts: behavioral inventory parameters", and the ssh connection plugin. */
const VARIABLES = {
  host: ['ansible_ssh_host', 'ansible_host'],
  user: ['ansible_ssh_user', 'ansible_user'],
  port: ['ansible_ssh_port', 'ansible_port'],
  identityFile: ['ansible_ssh_private_key_file', 'ansible_private_key_file'],
  common: ['ansible_ssh_common_args'],
  extra: ['ansible_ssh_extra_args'],
} as const;

function hostOf(file: string, name: string, vars: Readonly<Record<string, unknown>>): InventoryHost {
  const of = (names: readonly string[]): string | undefined => {
    const variable = names.find((one) => vars[one] !== undefined && vars[one] !== null);
    if (variable === undefined) return undefined;
    const value = vars[variable];
    if (typeof value !== 'string' && typeof value !== 'number') throw new UsageError(`--inventory ${file}: ${variable} of ${name} is neither a text nor a number`);
    // `ansible-inventory` leaves templates as they are: playbooks resolve them.
    if (String(value).includes('{{')) throw new UsageError(`--inventory ${file}: ${variable} of ${name} is a template, which only a playbook resolves: ${String(value).slice(0, 200)}`, { hint: 'Write the value itself, or a fairlead.yaml.' });
    return String(value);
  };
  const connection = of(['ansible_connection']);
  if (connection !== undefined && !['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh'].includes(connection)) throw new UsageError(`--inventory ${file}: ${name} is reached by ${connection}, not by ssh`);
  const port = of(VARIABLES.port);
  if (port !== undefined && !(Number.isInteger(Number(port)) && Number(port) > 0 && Number(port) < 65_536)) throw new UsageError(`--inventory ${file}: the port of ${name} is ${JSON.stringify(port)}`);
  const args = [VARIABLES.common, VARIABLES.extra].flatMap((names) => parseArgsStringToArgv(of(names) ?? ''));
  const plain = { host: of(VARIABLES.host), user: of(VARIABLES.user), identityFile: of(VARIABLES.identityFile) };
  return { ...(Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as InventoryHost), ...(port === undefined ? {} : { port: Number(port) }), ...(args.length === 0 ? {} : { args }) };
}
