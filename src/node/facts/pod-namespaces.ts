/** The network namespaces of pods as seen from their host: addresses, routes, neighbours, listening sockets. One command for all of them. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';
import { parseAddresses } from './addresses.ts';
import { parseLinks } from './links.ts';
import { parseRoutes, type Route } from './routes.ts';
import { parseSockets, type ListeningSocket } from './sockets.ts';

export interface PodNamespace {
  addresses: string[];
  loopbackUp: boolean;
  mtu?: number;
  routes: Route[];
  neighbours: { address: string; device: string; mac?: string; state: string }[];
  sockets: ListeningSocket[];
}

/** Constant; process ids are its arguments. A pod that ends meanwhile leaves an empty part. */
const SCRIPT = 'for p in "$@"; do for c in "ip -j -d link show" "ip -j addr show" "ip -4 -j route show table all" "ip -j neigh show" "ss -H -l -n -t -u -p"; do printf "\\n@@%s\\n" "$c"; nsenter -t "$p" -n $c 2>/dev/null; done; done; true';
const PARTS = 5;

/** Process ids, one for each network namespace but that of process 1, from `lsns -t net -n -o NS,PID` and the host's own namespace. */
export function otherNamespaces(lsns: string, own: string): number[] {
  const host = /\d+/.exec(own)?.[0];
  return lsns.split('\n').flatMap((line) => {
    const [ns, pid] = line.trim().split(/\s+/);
    return ns !== undefined && pid !== undefined && /^\d+$/.test(pid) && ns !== host ? [Number(pid)] : [];
  });
}

/** Parses what the script printed. Namespaces without a pod's address (of browsers, of containers without network) are left out. */
export function parseNamespaces(text: string): PodNamespace[] {
  const parts = text.split(/\n@@[^\n]*\n/).slice(1);
  const pods: PodNamespace[] = [];
  for (let at = 0; at + PARTS <= parts.length; at += PARTS) {
    const [links = '', addresses = '', routes = '', neighbours = '', sockets = ''] = parts.slice(at, at + PARTS);
    const devices = parseLinks(links);
    const own = parseAddresses(addresses).filter(({ device, scope }) => device !== 'lo' && scope === 'global');
    if (own.length === 0) continue;
    const mtu = devices.find((link) => link.name === own[0]?.device)?.mtu;
    pods.push({
      addresses: own.map(({ address }) => address),
      loopbackUp: devices.some((link) => link.name === 'lo' && link.up),
      ...(mtu === undefined ? {} : { mtu }),
      routes: parseRoutes(routes, 4).filter((route) => route.table === 'main'),
      neighbours: parseArray<{ dst: string; dev: string; lladdr?: string; state?: string[] }>(neighbours, '`ip -j neigh show`').map((one) => ({ address: one.dst, device: one.dev, ...(one.lladdr === undefined ? {} : { mac: one.lladdr }), state: one.state?.join(',') ?? '' })),
      sockets: parseSockets(sockets),
    });
  }
  return pods;
}

/** Reads them. Needs lsns, nsenter and the privilege to enter. */
export async function readPodNamespaces(shell: NodeShell): Promise<PodNamespace[]> {
  const own = await runOrThrow(shell, ['readlink', '/proc/1/ns/net']);
  const pids = otherNamespaces(await runOrThrow(shell, ['lsns', '-t', 'net', '-n', '-o', 'NS,PID']), own);
  if (pids.length === 0) return [];
  return parseNamespaces(await runOrThrow(shell, ['sh', '-c', SCRIPT, 'sh', ...pids.map(String)], { timeoutMs: 120_000 }));
}
