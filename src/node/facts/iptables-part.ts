/** A part of a node's packet filter that is kept so that it can be put back: chains with their rules, and the jumps that lead to them. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { chainOf, readIptables, removeFromIptables, targetOf, type IptablesSelection, type IptablesTable } from './iptables.ts';

export interface IptablesPart {
  /** The command that takes changes for this backend and family, as found on the node. */
  restore: string;
  tables: TablePart[];
}

interface TablePart {
  name: string;
  chains: string[];
  /** `-A CHAIN …` of those chains, in order. */
  rules: string[];
  /** `-A CHAIN …` of other chains that jump to them, in order. */
  jumps: string[];
}

/** The selected part of one table; undefined when it has none. */
function partOf(table: IptablesTable, selection: IptablesSelection): TablePart | undefined {
  const chains = Object.keys(table.chains).filter((name) => table.chains[name] === '-' && selection.chain(name));
  if (chains.length === 0) return undefined;
  const own = new Set(chains);
  return {
    name: table.name,
    chains,
    rules: table.rules.filter((rule) => own.has(chainOf(rule))),
    jumps: table.rules.filter((rule) => !own.has(chainOf(rule)) && own.has(targetOf(rule) ?? '')),
  };
}

/** Input for the restore command (with --noflush). Jumps are put first in their chains, in their order among themselves. */
export function restorationScript(tables: readonly TablePart[]): string {
  const lines = tables.flatMap(({ name, chains, rules, jumps }) => [
    `*${name}`,
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...rules,
    ...jumps.toReversed().map((jump) => jump.replace(/^-A (\S+)/, '-I $1 1')),
    'COMMIT',
  ]);
  return `${lines.join('\n')}\n`;
}

/** Reads the selected chains of every backend and family. */
export async function readIptablesPart(shell: NodeShell, selection: IptablesSelection): Promise<IptablesPart[]> {
  const dumps = await readIptables(shell);
  return dumps.map(({ restore, tables }) => ({ restore, tables: tables.flatMap((table) => partOf(table, selection) ?? []) })).filter((part) => part.tables.length > 0);
}

/** Puts a part back as it was read, in place of what of the selection is there now. Idempotent. */
export async function restoreIptablesPart(shell: NodeShell, selection: IptablesSelection, parts: readonly IptablesPart[]): Promise<void> {
  await removeFromIptables(shell, selection);
  for (const { restore, tables } of parts) await runOrThrow(shell, [restore, '-w', '10', '--noflush'], { stdin: restorationScript(tables) });
}
