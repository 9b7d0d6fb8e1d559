/** The packet filter of both backends for a snapshot: unlike the migration's reader, it tells what it may not look at from what is empty. */
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../shell.ts';
import { parseIptablesSave, type IptablesTable } from './iptables.ts';
import { findPrograms } from './programs.ts';

export interface FilterDump { family: 4 | 6; backend: 'nft' | 'legacy'; tables: IptablesTable[] }

const COMMANDS = [
  { family: 4, backend: 'nft', save: 'iptables-nft-save' },
  { family: 4, backend: 'legacy', save: 'iptables-legacy-save' },
  { family: 6, backend: 'nft', save: 'ip6tables-nft-save' },
  { family: 6, backend: 'legacy', save: 'ip6tables-legacy-save' },
] as const;
/** Hosts with one backend only have just these. */
const PLAIN = [{ family: 4, save: 'iptables-save', version: 'iptables' }, { family: 6, save: 'ip6tables-save', version: 'ip6tables' }] as const;

/** Whether a save command failed because it may not look; otherwise the kernel has no such backend, which is the same as no rules. */
export function isRefused(stderr: string): boolean {
  return /permission denied|operation not permitted|must be root/i.test(stderr);
}

/** Reads all that the host has commands for. Errors: EnvironmentError when it has none, or may not look. */
export async function readFilters(shell: NodeShell): Promise<FilterDump[]> {
  const found = await findPrograms(shell, [...COMMANDS.map(({ save }) => save), ...PLAIN.flatMap(({ save, version }) => [save, version])]);
  const dumps: FilterDump[] = [];
  for (const { family, backend, save } of COMMANDS) {
    const program = found.get(save);
    if (program !== undefined) dumps.push({ family, backend, tables: await tablesOf(shell, program) });
  }
  for (const { family, save, version } of PLAIN) {
    const program = found.get(save);
    if (program === undefined || dumps.some((known) => known.family === family)) continue;
    const said = await shell.run([found.get(version) ?? version, '--version']);
    dumps.push({ family, backend: said.stdout.includes('nf_tables') ? 'nft' : 'legacy', tables: await tablesOf(shell, program) });
  }
  if (dumps.length === 0) throw new EnvironmentError(`node ${shell.node}: no program of iptables is there (iptables-save, iptables-nft-save, iptables-legacy-save); containers bring their own`);
  return dumps;
}

async function tablesOf(shell: NodeShell, program: string): Promise<IptablesTable[]> {
  const { code, stdout, stderr } = await shell.run([program]);
  if (code !== 0 && isRefused(stderr)) throw new EnvironmentError(`node ${shell.node}: \`${program}\` may not look: ${stderr.trim().slice(0, 300)}`);
  return code === 0 ? parseIptablesSave(stdout) : [];
}
