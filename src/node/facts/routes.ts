/** Routes and routing rules of a node, from `ip -j route show table all` and `ip -j rule show`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

export interface Route {
  family: 4 | 6;
  /** `unicast`, `blackhole`, `local`, … */
  type: string;
  /** Prefix, address or `default`. */
  dst: string;
  gateway?: string;
  device?: string;
  /** Name or number; `main` when not printed. */
  table: string;
  /** Name or number; `boot` when not printed. */
  protocol: string;
  scope?: string;
  source?: string;
  metric?: number;
  mtu?: number;
  onlink: boolean;
}

export interface Rule {
  family: 4 | 6;
  priority: number;
  /** The rule's other fields as printed, for instance `{"src":"all","table":"local"}`. */
  fields: Record<string, unknown>;
}

interface RawRoute {
  type?: string;
  dst: string;
  gateway?: string;
  via?: { host: string };
  dev?: string;
  table?: string;
  protocol?: string;
  scope?: string;
  prefsrc?: string;
  metric?: number;
  metrics?: { mtu?: number }[];
  flags?: string[];
}

/** Parses the output of `ip -4|-6 -j route show table all`. Multipath next hops are not kept apart. */
export function parseRoutes(text: string, family: 4 | 6): Route[] {
  return parseArray<RawRoute>(text, `\`ip -${family} -j route show table all\``).map((raw) => {
    const gateway = raw.gateway ?? raw.via?.host;
    const mtu = raw.metrics?.find((metrics) => metrics.mtu !== undefined)?.mtu;
    return {
      family,
      type: raw.type ?? 'unicast',
      dst: raw.dst,
      ...(gateway === undefined ? {} : { gateway }),
      ...(raw.dev === undefined ? {} : { device: raw.dev }),
      table: raw.table ?? 'main',
      protocol: raw.protocol ?? 'boot',
      ...(raw.scope === undefined ? {} : { scope: raw.scope }),
      ...(raw.prefsrc === undefined ? {} : { source: raw.prefsrc }),
      ...(raw.metric === undefined ? {} : { metric: raw.metric }),
      ...(mtu === undefined ? {} : { mtu }),
      onlink: raw.flags?.includes('onlink') ?? false,
    };
  });
}

/** Parses the output of `ip -4|-6 -j rule show`. */
export function parseRules(text: string, family: 4 | 6): Rule[] {
  return parseArray<Record<string, unknown>>(text, `\`ip -${family} -j rule show\``).map(({ priority, ...fields }) => ({ family, priority: Number(priority), fields }));
}

/** Reads the routes of all tables, IPv4 and IPv6. */
export async function readRoutes(shell: NodeShell): Promise<Route[]> {
  const v4 = parseRoutes(await runOrThrow(shell, ['ip', '-4', '-j', 'route', 'show', 'table', 'all']), 4);
  // Status 1 or 2 where the kernel has no IPv6.
  const v6 = await shell.run(['ip', '-6', '-j', 'route', 'show', 'table', 'all']);
  return v6.code === 0 ? [...v4, ...parseRoutes(v6.stdout, 6)] : v4;
}

/** Reads the routing rules, IPv4 and IPv6. */
export async function readRules(shell: NodeShell): Promise<Rule[]> {
  const v4 = parseRules(await runOrThrow(shell, ['ip', '-4', '-j', 'rule', 'show']), 4);
  const v6 = await shell.run(['ip', '-6', '-j', 'rule', 'show']);
  return v6.code === 0 ? [...v4, ...parseRules(v6.stdout, 6)] : v4;
}

/** The argv that deletes exactly this route. */
export function deleteRouteArgv(route: Route): string[] {
  const argv = ['ip', `-${route.family}`, 'route', 'del'];
  if (route.type !== 'unicast') argv.push(route.type);
  argv.push(route.dst);
  if (route.gateway !== undefined) argv.push('via', route.gateway);
  if (route.device !== undefined && route.type !== 'blackhole') argv.push('dev', route.device);
  return [...argv, 'table', route.table, 'proto', route.protocol, ...(route.metric === undefined ? [] : ['metric', String(route.metric)])];
}
