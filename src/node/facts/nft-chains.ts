/** Chains of nftables that the kernel calls by itself, from `nft -j list chains`: native firewalls, and what iptables-nft makes of its own. */
import { EnvironmentError } from '../../core/errors.ts';
import { runOrThrow, type NodeShell } from '../shell.ts';
import { findPrograms } from './programs.ts';

export interface NftBaseChain {
  /** As `family name`. */
  table: string;
  chain: string;
  hook: string;
  type: string;
  priority: number;
  policy?: string;
}

/** Chains that are kept; a node of any CNI has less than 60. */
const MAX_CHAINS = 400;

/** Parses the output of `nft -j list chains`. */
export function parseNftChains(text: string): NftBaseChain[] {
  const { nftables = [] } = JSON.parse(text) as { nftables?: { chain?: { family: string; table: string; name: string; hook?: string; type?: string; prio?: number; policy?: string } }[] };
  return nftables.flatMap(({ chain }) => {
    if (chain?.hook === undefined) return [];
    const { family, table, name, hook, type = '', prio = 0, policy } = chain;
    return [{ table: `${family} ${table}`, chain: name, hook, type, priority: prio, ...(policy === undefined ? {} : { policy }) }];
  }).slice(0, MAX_CHAINS);
}

/** Reads them. Errors: EnvironmentError when the node has no nft, or it may not look. */
export async function readNftChains(shell: NodeShell): Promise<NftBaseChain[]> {
  const nft = (await findPrograms(shell, ['nft'])).get('nft');
  if (nft === undefined) throw new EnvironmentError(`node ${shell.node}: the program nft is not there`);
  return parseNftChains(await runOrThrow(shell, [nft, '-j', 'list', 'chains']));
}
