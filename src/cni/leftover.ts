/** What a CNI left behind on a node, how it was seen, and the commands that take it away. */
import { EnvironmentError } from '../core/errors.ts';
import { readIptables, removalScript, type IptablesDump, type IptablesSelection } from '../node/facts/iptables.ts';
import { listDirectory } from '../node/facts/cni-dirs.ts';
import { deleteRouteArgv, type Route } from '../node/facts/routes.ts';
import type { NodeShell } from '../node/shell.ts';

export interface Command {
  argv: string[];
  stdin?: string;
}

export type LeftoverKind = 'device' | 'route' | 'iptables' | 'nft' | 'ipset' | 'file';

export interface Leftover {
  kind: LeftoverKind;
  node: string;
  /** The thing, as a message names it: `network device cni0`. */
  what: string;
  /** What was seen of it. */
  evidence: string;
  /** Commands to run on the node, in this order. Empty when the thing is in use and must stay for now; the evidence says by whom. */
  removal: Command[];
}

export function deviceLeftover(node: string, name: string, evidence: string): Leftover {
  return { kind: 'device', node, what: `network device ${name}`, evidence, removal: [{ argv: ['ip', 'link', 'delete', 'dev', name] }] };
}

export function routeLeftover(node: string, route: Route): Leftover {
  const via = route.gateway === undefined ? '' : ` via ${route.gateway}`;
  const over = route.device === undefined ? '' : ` dev ${route.device}`;
  const evidence = `${route.type === 'unicast' ? '' : `${route.type} `}${route.dst}${via}${over} proto ${route.protocol} in table ${route.table}`;
  return { kind: 'route', node, what: `route to ${route.dst}`, evidence, removal: [{ argv: deleteRouteArgv(route) }] };
}

/** One leftover per backend, family and table that has any of the selected chains and rules. The selection may depend on the dump. */
export async function iptablesLeftovers(shell: NodeShell, select: (dump: IptablesDump) => IptablesSelection): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const dump of await readIptables(shell)) {
    for (const table of dump.tables) {
      const script = removalScript([table], select(dump));
      if (script === undefined) continue;
      const chains = [...script.matchAll(/^-X (\S+)/gm)].map((match) => match[1]);
      const rules = [...script.matchAll(/^-D (.+)/gm)].map((match) => match[1]);
      const shown = [...chains.map((name) => `chain ${name}`), ...rules.map((rule) => `rule ${rule}`)];
      const more = shown.length > 6 ? `, and ${shown.length - 6} more` : '';
      leftovers.push({
        kind: 'iptables',
        node: shell.node,
        what: `${chains.length} chains and ${rules.length} single rules in table ${table.name} (${dump.family === 4 ? 'iptables' : 'ip6tables'}, ${dump.backend})`,
        evidence: shown.slice(0, 6).join(', ') + more,
        removal: [{ argv: [dump.restore, '-w', '10', '--noflush'], stdin: script }],
      });
    }
  }
  return leftovers;
}

/** Those of `paths` that exist. */
export async function pathLeftovers(shell: NodeShell, paths: readonly string[]): Promise<Leftover[]> {
  if (paths.length === 0) return [];
  // Status 2 says that some are missing, which is the usual case.
  const listed = await shell.run(['ls', '-1', '-d', '--', ...paths]);
  const there = new Set(listed.stdout.split('\n'));
  return paths
    .filter((path) => there.has(path))
    .map((path) => ({
      kind: 'file' as const,
      node: shell.node,
      what: path,
      evidence: `${path} is there`,
      removal: [{ argv: ['rm', '-rf', '--one-file-system', '--', path] }],
    }));
}

/** Results of finished ADDs that containerd keeps per network (libcni's cache). */
export async function cachedResults(shell: NodeShell, network: string): Promise<Leftover[]> {
  const dir = '/var/lib/cni/results';
  const names = ((await listDirectory(shell, dir)) ?? []).filter((name) => name.startsWith(`${network}-`));
  return await pathLeftovers(shell, names.map((name) => `${dir}/${name}`));
}

/** Rules that CNI's own plugins (portmap, bridge) made for containers of one network, with the per-container chains that they lead to. The shared CNI-HOSTPORT chains stay. */
export function containerRulesOf(dump: IptablesDump, network: string): IptablesSelection {
  const rules = dump.tables.flatMap((table) => table.rules).filter((rule) => rule.includes(`name: \\"${network}\\" id: `));
  const chains = new Set(rules.flatMap((rule) => / -j (CNI-DN-\S+|CNI-[0-9a-f]{24})$/.exec(rule)?.[1] ?? []));
  const selected = new Set(rules);
  return { chain: (name) => chains.has(name), rule: (rule) => selected.has(rule) };
}

/** Removes what `find` finds until it finds nothing removable; rules that change meanwhile are looked at anew. Returns what was removed. Errors: EnvironmentError naming what will not go. */
export async function removeLeftovers(shell: NodeShell, find: () => Promise<Leftover[]>): Promise<Leftover[]> {
  const removed: Leftover[] = [];
  let refusals: string[] = [];
  for (let round = 0; round < 3; round++) {
    const left = (await find()).filter((leftover) => leftover.removal.length > 0);
    if (left.length === 0) return removed;
    refusals = [];
    for (const leftover of left) {
      const refusal = await removeOne(shell, leftover);
      if (refusal === undefined) removed.push(leftover);
      else refusals.push(`${leftover.what}: ${refusal}`);
    }
  }
  const left = (await find()).filter((leftover) => leftover.removal.length > 0);
  if (left.length === 0) return removed;
  throw new EnvironmentError(`node ${shell.node}: cannot remove ${left.map((leftover) => leftover.what).join(', ')}. ${refusals.join('; ') || 'They come back: something makes them anew.'}`);
}

async function removeOne(shell: NodeShell, leftover: Leftover): Promise<string | undefined> {
  for (const { argv, stdin } of leftover.removal) {
    const result = await shell.run(argv, stdin === undefined ? {} : { stdin });
    if (result.code !== 0) return `\`${argv.join(' ')}\` ended with status ${result.code}: ${result.stderr.trim().slice(0, 300)}`;
  }
  return undefined;
}
