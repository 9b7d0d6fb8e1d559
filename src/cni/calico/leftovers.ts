/** Everything that Calico leaves on a node when it goes: used to roll a node back, and by whoever leaves Calico. */
import { commentOf } from '../../node/facts/iptables.ts';
import { readIpsets } from '../../node/facts/ipsets.ts';
import { readLinks } from '../../node/facts/links.ts';
import { readNftTables } from '../../node/facts/node-state.ts';
import { readRoutes } from '../../node/facts/routes.ts';
import type { NodeShell } from '../../node/shell.ts';
import { cachedResults, containerRulesOf, deviceLeftover, iptablesLeftovers, pathLeftovers, routeLeftover, type Leftover } from '../leftover.ts';
import { networkName } from './conflist.ts';
import { chainPrefix, conflistName, ipsetName, nftTables, routeProtocol, ruleCommentPrefix, vxlanDevice, workloadPrefix } from './version.ts';

export interface CalicoLeftoverOptions {
  confDirs: readonly string[];
  binDirs: readonly string[];
  /** Names of the plugins that were in the directories before Calico: they are not Calico's, whoever wrote them last. */
  pluginsBefore?: readonly string[];
  /** Leave the tunnel device alone (it is handed back to another CNI by renaming). */
  keepTunnel?: boolean;
}

/** Plugins that only Calico brings. */
const ownPlugins = ['calico', 'calico-ipam'];
/** Plugins of the CNI project that its installer brings along (cni-plugin/Makefile of the release). */
const commonPlugins = ['bandwidth', 'host-local', 'loopback', 'portmap', 'tuning'];

/** What of Calico is on a node, in the order in which it can be removed; calico-node must not be running there, or it puts things back. */
export async function findCalicoLeftovers(shell: NodeShell, options: CalicoLeftoverOptions): Promise<Leftover[]> {
  const { node } = shell;
  const links = await readLinks(shell);
  const ours = links.filter((link) => (link.kind === 'veth' && link.name.startsWith(workloadPrefix)) || (link.name === vxlanDevice && options.keepTunnel !== true));
  const routes = (await readRoutes(shell)).filter((route) => route.protocol === String(routeProtocol));
  return [
    ...(await findFilterRules(shell)),
    ...routes.map((route) => routeLeftover(node, route)),
    ...ours.map((link) => deviceLeftover(node, link.name, `${link.kind} device ${link.name}, MTU ${link.mtu}`)),
    ...(await pathLeftovers(shell, paths(options))),
    ...(await cachedResults(shell, networkName)),
  ];
}

async function findFilterRules(shell: NodeShell): Promise<Leftover[]> {
  const { node } = shell;
  const rules = await iptablesLeftovers(shell, (dump) => {
    const containers = containerRulesOf(dump, networkName);
    return {
      chain: (name) => name.startsWith(chainPrefix) || containers.chain(name),
      rule: (rule) => commentOf(rule)?.startsWith(ruleCommentPrefix) === true || containers.rule?.(rule) === true,
    };
  });
  const tables = (await readNftTables(shell)).filter((table) => nftTables.includes(table));
  // After the rules that refer to them; sets of sets are emptied before any is destroyed.
  const sets = (await readIpsets(shell)).filter((set) => ipsetName.test(set.name));
  const destroy = [...sets.map((set) => `flush ${set.name}`), ...sets.map((set) => `destroy ${set.name}`)].join('\n');
  return [
    ...rules,
    ...tables.map((table) => ({ kind: 'nft' as const, node, what: `nftables table ${table}`, evidence: `table ${table} is there`, removal: [{ argv: ['nft', 'delete', 'table', ...table.split(' ')] }] })),
    ...(sets.length === 0
      ? []
      : [{ kind: 'ipset' as const, node, what: `${sets.length} address sets`, evidence: sets.map((set) => set.name).slice(0, 6).join(', '), removal: [{ argv: ['ipset', 'restore'], stdin: `${destroy}\n` }] }]),
  ];
}

function paths(options: CalicoLeftoverOptions): string[] {
  const before = new Set(options.pluginsBefore);
  // Without knowing what was there before, plugins that others may use stay.
  const plugins = options.pluginsBefore === undefined ? ownPlugins : [...ownPlugins, ...commonPlugins].filter((name) => !before.has(name));
  return [
    ...options.confDirs.flatMap((dir) => [`${dir}/${conflistName}`, `${dir}/calico-kubeconfig`, `${dir}/calico-tls`]),
    ...options.binDirs.flatMap((dir) => plugins.map((name) => `${dir}/${name}`)),
    '/var/lib/calico',
    '/var/run/calico',
    '/var/run/nodeagent',
    '/var/log/calico',
    `/var/lib/cni/networks/${networkName}`,
  ];
}
