/** The network namespaces of pods as seen from their host: devices, addresses, routes, neighbours, listening sockets. One command for all pods of a node. */
import { randomBytes } from 'node:crypto';
import { MAX_OF_ONE_POD } from '../../cluster/snapshot/host-facts.ts';
import type { Unknown } from '../../core/finding.ts';
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseAddresses } from './addresses.ts';
import { parseArray } from './json.ts';
import { parseLinks } from './links.ts';
import { parseRoutes, type Route } from './routes.ts';
import { parseSockets, type ListeningSocket } from './sockets.ts';

/** One pod's namespace. What could not be read is absent, and told. */
export interface PodNamespace {
  addresses: string[];
  loopbackUp?: boolean;
  /** Of the device with the first pod address. */
  mtu?: number;
  links: { name: string; kind: string; mac: string; mtu: number; up: boolean; peerIndex?: number }[];
  /** Main table, both families, without link-local ones of IPv6. */
  routes?: Route[];
  neighbours?: { address: string; device: string; mac?: string; state: string }[];
  sockets?: ListeningSocket[];
}

export interface PodNamespaces {
  pods: PodNamespace[];
  /** What could not be read, and why: `what` without the node. */
  unknown: Unknown[];
}

/** Namespaces that are entered on one node: a kubelet runs 110 pods at most unless it is told otherwise, and rarely more than 250. */
export const MAX_NAMESPACES = 400;

/**
 * Constant; the marker, the bound and `INSIDE` are its arguments. Namespaces are found by the links in /proc, since
 * runtimes name them differently or not at all; each is entered once, by the process with the lowest number, which most
 * often is the sandbox's own and stays. A marker that no pod can guess keeps names of
 * processes from looking like a new part.
 */
const SCRIPT = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; renice -n 10 -p $$ >/dev/null 2>&1
own=$(stat -L -c %i /proc/self/ns/net) || exit 1
printf '\\n%s denied %s\\n' "$1" "$(stat -L -c %i /proc/[0-9]*/ns/net 2>&1 >/dev/null | grep -c 'Permission denied')"
n=0
stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | sort -k2.7n | sort -s -n -u -k1,1 | while read -r ns path; do
  [ "$ns" = "$own" ] && continue
  n=$((n + 1))
  if [ "$n" -gt "$2" ]; then printf '\\n%s left %s\\n' "$1" "$ns"; continue; fi
  printf '\\n%s namespace %s\\n' "$1" "$ns"
  nsenter --net="$path" sh -c "$3" sh "$1" 2>&1 </dev/null || printf '\\n%s status %s nsenter\\n' "$1" "$?"
done`;

/** Runs inside of a namespace: each part with its output, then its status and what it complained of. */
const INSIDE = `part() { name=$1; shift; printf '\\n%s part %s\\n' "$m" "$name"; { said=$("$@" 2>&1 >&3 3>&-); status=$?; } 3>&1; printf '\\n%s status %s %s\\n' "$m" "$status" "$(printf '%s' "$said" | head -n 1 | cut -c 1-200)"; }
m=$1
part devices ip -d -j addr show
part routes4 ip -4 -j route show table main
part routes6 ip -6 -j route show table main
part neighbours ip -j neigh show
part sockets ss -H -l -n -t -u -p
true`;

interface Part { text: string; status: number; said: string }
type PartName = 'devices' | 'routes4' | 'routes6' | 'neighbours' | 'sockets';
const PART_WORDS: Readonly<Record<PartName, string>> = { devices: 'devices and addresses', routes4: 'routes', routes6: 'IPv6 routes', neighbours: 'neighbours', sockets: 'listening sockets' };

/** Cuts the script's output at its markers. */
function partsOf(text: string, marker: string): { namespaces: Map<string, Part>[]; refused: string[]; denied: number; left: number } {
  const namespaces: Map<string, Part>[] = [];
  const refused: string[] = [];
  let [denied, left] = [0, 0];
  let open: { name: string; lines: string[] } | undefined;
  let loose: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${marker} `)) {
      (open?.lines ?? loose).push(line);
      continue;
    }
    const [word = '', value = '', ...rest] = line.slice(marker.length + 1).split(' ');
    if (word === 'denied') denied = Number(value);
    else if (word === 'left') left++;
    else if (word === 'namespace') namespaces.push(new Map());
    else if (word === 'part') open = { name: value, lines: [] };
    else if (word === 'status' && open === undefined) {
      const said = loose.filter((one) => one.trim() !== '').at(-1)?.trim() ?? `nsenter ended with status ${value}`;
      // Its last process has ended meanwhile.
      if (!said.includes('No such file or directory')) refused.push(said.replace(/\/proc\/\d+\//, '/proc/…/'));
    }
    else if (word === 'status' && open !== undefined) {
      namespaces.at(-1)?.set(open.name, { text: open.lines.join('\n'), status: Number(value), said: rest.join(' ') });
      open = undefined;
    }
    loose = [];
  }
  return { namespaces, refused, denied, left };
}

/** Parses what the script printed. Namespaces without a pod's address (of browsers, of containers without network, of pods that ended meanwhile) are left out. */
export function parseNamespaces(text: string, marker: string): PodNamespaces {
  const { namespaces, refused, denied, left } = partsOf(text, marker);
  const pods: PodNamespace[] = [];
  const failed = new Map<string, { name: PartName; why: string; count: number }>();
  for (const parts of namespaces) {
    const read = <T>(name: PartName, parse: (text: string) => T): T | undefined => {
      const part = parts.get(name);
      // The namespace went away: its pod has ended.
      if (part === undefined) return undefined;
      let why = part.said === '' ? `its command ended with status ${part.status}` : part.said;
      if (part.status === 0) {
        try {
          return parse(part.text);
        } catch (error) {
          why = error instanceof Error ? error.message : String(error);
        }
      }
      // Without IPv6 in the kernel there are no routes of it.
      if (name === 'routes6') return undefined;
      const known = failed.get(`${name} ${why}`) ?? { name, why, count: 0 };
      known.count++;
      failed.set(`${name} ${why}`, known);
      return undefined;
    };
    const pod = podOf(read);
    if (pod !== undefined) pods.push(pod);
  }
  const many = (count: number): string => `${count} ${count === 1 ? 'network namespace' : 'network namespaces'}`;
  const unknown = [
    ...[...failed.values()].map(({ name, why, count }) => ({ what: `${PART_WORDS[name]} in ${many(count)} of pods`, why })),
    ...[...Map.groupBy(refused, (why) => why)].map(([why, all]) => ({ what: `${many(all.length)} of pods`, why: `they cannot be entered: ${why}` })),
    ...(denied === 0 ? [] : [{ what: 'network namespaces of some pods', why: `${denied} ${denied === 1 ? 'process' : 'processes'} cannot be looked into (permission denied on /proc/…/ns/net): root is needed` }]),
    ...(left === 0 ? [] : [{ what: `${many(left)} of pods`, why: `no more than ${MAX_NAMESPACES} are entered on a node` }]),
  ];
  return { pods, unknown };
}

function podOf(read: <T>(name: PartName, parse: (text: string) => T) => T | undefined): PodNamespace | undefined {
  const devices = read('devices', (text) => ({ links: parseLinks(text), own: parseAddresses(text).filter(({ device, scope }) => device !== 'lo' && scope === 'global'), peers: peersOf(text) }));
  if (devices === undefined || devices.own.length === 0) return undefined;
  const { links, own, peers } = devices;
  const [routes4, routes6] = [read('routes4', (text) => parseRoutes(text, 4)), read('routes6', (text) => parseRoutes(text, 6))];
  const neighbours = read('neighbours', (text) => parseArray<{ dst: string; dev: string; lladdr?: string; state?: string[] }>(text, '`ip -j neigh show`'));
  const sockets = read('sockets', parseSockets);
  const mtu = links.find((link) => link.name === own[0]?.device)?.mtu;
  const loopback = links.find((link) => link.name === 'lo');
  return {
    addresses: own.map(({ address }) => address),
    ...(loopback === undefined ? {} : { loopbackUp: loopback.up }),
    ...(mtu === undefined ? {} : { mtu }),
    links: links.filter(({ name }) => name !== 'lo').slice(0, MAX_OF_ONE_POD).map(({ name, kind, mac, mtu: size, up }) => ({ name, kind, mac, mtu: size, up, ...(peers[name] === undefined ? {} : { peerIndex: peers[name] }) })),
    ...(routes4 === undefined ? {} : { routes: [...routes4, ...(routes6 ?? []).filter(({ dst }) => !/^(fe80|ff00):/i.test(dst))].slice(0, MAX_OF_ONE_POD) }),
    ...(neighbours === undefined ? {} : { neighbours: neighbours.slice(0, MAX_OF_ONE_POD).map((one) => ({ address: one.dst, device: one.dev, ...(one.lladdr === undefined ? {} : { mac: one.lladdr }), state: one.state?.join(',') ?? '' })) }),
    ...(sockets === undefined ? {} : { sockets: sockets.slice(0, MAX_OF_ONE_POD) }),
  };
}

/** Device → index of the other end on the host. */
function peersOf(text: string): Record<string, number | undefined> {
  const links = parseArray<{ ifname: string; link_index?: number; link_netnsid?: number }>(text, '`ip -d -j addr show`');
  return Object.fromEntries(links.filter(({ link_netnsid: elsewhere }) => elsewhere !== undefined).map(({ ifname, link_index: index }) => [ifname, index]));
}

/** Reads them. Needs nsenter and the privilege to enter; what fails inside is told, not taken for empty. Errors: EnvironmentError when nothing can be said. */
export async function readPodNamespaces(shell: NodeShell): Promise<PodNamespaces> {
  const marker = `@@${randomBytes(9).toString('hex')}`;
  const text = await runOrThrow(shell, ['sh', '-c', SCRIPT, 'sh', marker, String(MAX_NAMESPACES), INSIDE], { timeoutMs: 120_000 });
  return parseNamespaces(text, marker);
}
