/** iptables rules of a node in both kernel backends (nft and legacy), IPv4 and IPv6, from the save commands. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { findPrograms } from './programs.ts';

export interface IptablesTable {
  name: string;
  /** Chain name → policy (`ACCEPT`, `DROP`), or `-` for user chains. */
  chains: Record<string, string>;
  /** Rules as `-A CHAIN …`, in order, without counters. */
  rules: string[];
}

export interface IptablesDump {
  family: 4 | 6;
  backend: 'nft' | 'legacy';
  /** The command that takes changes for this backend and family, as found on the node. */
  restore: string;
  tables: IptablesTable[];
}

/** Parses the output of an iptables save command. */
export function parseIptablesSave(text: string): IptablesTable[] {
  const tables: IptablesTable[] = [];
  let table: IptablesTable | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = { name: line.slice(1).trim(), chains: {}, rules: [] };
      tables.push(table);
    } else if (line.startsWith(':') && table !== undefined) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      table.chains[name] = policy;
    } else if (table !== undefined) {
      const rule = line.replace(/^\[\d+:\d+\] /, '');
      if (rule.startsWith('-A ')) table.rules.push(rule.trimEnd());
    }
  }
  return tables;
}

/** The chain that a rule stands in. */
export function chainOf(rule: string): string {
  return rule.split(' ', 2)[1] ?? '';
}

/** The chain or target that a rule jumps or goes to; undefined for rules without one. */
export function targetOf(rule: string): string | undefined {
  // Comments are quoted and may contain anything, so they are cut out first.
  return / (?:-j|-g) (\S+)/.exec(rule.replace(/"(?:[^"\\]|\\.)*"/g, '""'))?.[1];
}

/** The text between quotes of a rule's comment, unescaped; undefined when it has none. */
export function commentOf(rule: string): string | undefined {
  const match = / --comment (?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(rule);
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
}

/** What is to go: chains with all their rules and all jumps to them, and single rules of other chains. */
export interface IptablesSelection {
  chain: (name: string) => boolean;
  rule?: (rule: string) => boolean;
}

/**
 * Input for the restore command (with --noflush) that removes the selection from the dump, each table at once or
 * not at all; undefined when there is nothing to remove. A rule that vanished since makes the command fail.
 */
export function removalScript(tables: readonly IptablesTable[], selection: IptablesSelection): string | undefined {
  const lines: string[] = [];
  for (const table of tables) {
    const chains = Object.keys(table.chains).filter((name) => table.chains[name] === '-' && selection.chain(name));
    const gone = new Set(chains);
    const rules = table.rules.filter((rule) => !gone.has(chainOf(rule)) && (gone.has(targetOf(rule) ?? '') || selection.rule?.(rule) === true));
    if (chains.length === 0 && rules.length === 0) continue;
    lines.push(`*${table.name}`, ...rules.map((rule) => rule.replace(/^-A /, '-D ')), ...chains.map((name) => `-F ${name}`), ...chains.map((name) => `-X ${name}`), 'COMMIT');
  }
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}

const saveCommands = [
  { family: 4, backend: 'nft', save: 'iptables-nft-save', restore: 'iptables-nft-restore' },
  { family: 4, backend: 'legacy', save: 'iptables-legacy-save', restore: 'iptables-legacy-restore' },
  { family: 6, backend: 'nft', save: 'ip6tables-nft-save', restore: 'ip6tables-nft-restore' },
  { family: 6, backend: 'legacy', save: 'ip6tables-legacy-save', restore: 'ip6tables-legacy-restore' },
] as const;
/** Hosts with one backend only have just these. */
const plainCommands = [
  { family: 4, save: 'iptables-save', restore: 'iptables-restore', version: 'iptables' },
  { family: 6, save: 'ip6tables-save', restore: 'ip6tables-restore', version: 'ip6tables' },
] as const;

/** Reads all rules of both backends and families that the node has commands for; an empty list means that it has no iptables. */
export async function readIptables(shell: NodeShell): Promise<IptablesDump[]> {
  const found = await findPrograms(shell, [...saveCommands.flatMap((c) => [c.save, c.restore]), ...plainCommands.flatMap((c) => [c.save, c.restore, c.version])]);
  const dumps: IptablesDump[] = [];
  for (const { family, backend, save, restore } of saveCommands) {
    const program = found.get(save);
    if (program !== undefined) dumps.push(await dump(shell, program, { family, backend, restore: found.get(restore) ?? restore }));
  }
  for (const { family, save, restore, version } of plainCommands) {
    const program = found.get(save);
    if (program === undefined || dumps.some((known) => known.family === family)) continue;
    const said = await shell.run([found.get(version) ?? version, '--version']);
    const backend = said.stdout.includes('nf_tables') ? 'nft' : 'legacy';
    dumps.push(await dump(shell, program, { family, backend, restore: found.get(restore) ?? restore }));
  }
  return dumps;
}

async function dump(shell: NodeShell, program: string, about: Omit<IptablesDump, 'tables'>): Promise<IptablesDump> {
  // A kernel without this backend or family says so with a status; that is the same as no rules.
  const result = await shell.run([program]);
  return { ...about, tables: result.code === 0 ? parseIptablesSave(result.stdout) : [] };
}

/** Removes a selection of chains and rules from every backend and family; repeating it does nothing. Returns how many dumps were changed. */
export async function removeFromIptables(shell: NodeShell, selection: IptablesSelection): Promise<number> {
  let changed = 0;
  for (const { tables, restore } of await readIptables(shell)) {
    const script = removalScript(tables, selection);
    if (script === undefined) continue;
    await runOrThrow(shell, [restore, '-w', '10', '--noflush'], { stdin: script });
    changed++;
  }
  return changed;
}
