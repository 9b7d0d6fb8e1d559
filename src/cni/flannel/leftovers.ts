/** Everything that Flannel leaves on a node when it goes, found one by one. */
import { readLinks } from '../../node/facts/links.ts';
import { commentOf } from '../../node/facts/iptables.ts';
import { readNftTables } from '../../node/facts/node-state.ts';
import { readRoutes } from '../../node/facts/routes.ts';
import type { NodeShell } from '../../node/shell.ts';
import { contains, parsePrefix } from '../../net/prefix.ts';
import { cachedResults, containerRulesOf, deviceLeftover, iptablesLeftovers, pathLeftovers, routeLeftover, type Leftover } from '../leftover.ts';
import { bridgeName, chainName, conflistName, deviceName, networkName, nftTables, ruleComment } from './names.ts';

export interface FlannelLeftoverOptions {
  /** Directories that may hold its CNI conf: the ones of the distribution and of containerd's defaults. */
  confDirs: readonly string[];
  /** More files and directories that are its own on this distribution. */
  extraPaths?: readonly string[];
  /** Range of all pods: routes into it by way of another host (host-gw, DirectRouting) are Flannel's. */
  clusterCidr?: string;
}

/** What of Flannel is on a node, in the order in which it can be removed. Nothing is left out because Flannel still runs: ask `detectFlannel` first. */
export async function findFlannelLeftovers(shell: NodeShell, options: FlannelLeftoverOptions): Promise<Leftover[]> {
  return [
    ...(await findFlannelRules(shell)),
    ...(await findRoutes(shell, options.clusterCidr)),
    ...(await findDevices(shell)),
    ...(await pathLeftovers(shell, [
      ...new Set(options.confDirs.map((dir) => `${dir}/${conflistName}`)),
      '/run/flannel',
      `/var/lib/cni/networks/${networkName}`,
      '/var/lib/cni/flannel',
      ...(options.extraPaths ?? []),
    ])),
    ...(await cachedResults(shell, networkName)),
  ];
}

/** The packet filter's part alone: it changes sources of packets, so it has to go in the node's own step (its masquerading would hide pods from policies). */
export async function findFlannelRules(shell: NodeShell): Promise<Leftover[]> {
  const rules = await iptablesLeftovers(shell, (dump) => {
    const containers = containerRulesOf(dump, networkName);
    return {
      chain: (name) => chainName.test(name) || containers.chain(name),
      rule: (rule) => ruleComment.test(commentOf(rule) ?? '') || containers.rule?.(rule) === true,
    };
  });
  const tables = (await readNftTables(shell)).filter((table) => nftTables.includes(table));
  return [
    ...rules,
    ...tables.map((table) => ({
      kind: 'nft' as const,
      node: shell.node,
      what: `nftables table ${table}`,
      evidence: `table ${table} is there`,
      removal: [{ argv: ['nft', 'delete', 'table', ...table.split(' ')] }],
    })),
  ];
}

async function findDevices(shell: NodeShell): Promise<Leftover[]> {
  const links = await readLinks(shell);
  const tunnels = links.filter((link) => deviceName.test(link.name)).map((link) => deviceLeftover(shell.node, link.name, `${link.kind} device ${link.name}, MAC ${link.mac}, MTU ${link.mtu}`));
  const bridge = links.find((link) => link.name === bridgeName && link.kind === 'bridge');
  if (bridge === undefined) return tunnels;
  const ports = links.filter((link) => link.master === bridge.name).map((link) => link.name);
  if (ports.length === 0) return [...tunnels, deviceLeftover(shell.node, bridge.name, `bridge ${bridge.name} without ports`)];
  const inUse: Leftover = { kind: 'device', node: shell.node, what: `network device ${bridge.name}`, evidence: `bridge ${bridge.name} still has pods on it: ${ports.join(', ')}`, removal: [] };
  return [...tunnels, inUse];
}

/** Routes by way of other hosts; those through Flannel's own devices go with the devices. */
async function findRoutes(shell: NodeShell, clusterCidr: string | undefined): Promise<Leftover[]> {
  if (clusterCidr === undefined) return [];
  const range = parsePrefix(clusterCidr);
  const routes = (await readRoutes(shell)).filter(
    (route) =>
      route.family === 4 &&
      route.type === 'unicast' &&
      route.table === 'main' &&
      // Flannel's routes carry no protocol of their own.
      route.protocol === 'boot' &&
      route.gateway !== undefined &&
      route.device !== undefined &&
      !deviceName.test(route.device) &&
      route.dst.includes('/') &&
      contains(range, parsePrefix(route.dst)),
  );
  return routes.map((route) => routeLeftover(shell.node, route));
}
