/** Facts of a host that fit into one line of a snapshot: what a busy host has too much of is left out, and told. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import type { Unknown } from '../core/finding.ts';

/** Characters; a reader of snapshots takes no line above 4 MiB (cluster/snapshot/limits.ts). */
const MAX_CHARS = 3 * 1024 * 1024;
/** Routes that are kept of a host that has very many, such as one with the Internet's. */
const MAX_ROUTES = 8_000;
const MAX_RULES = 200;

/** What is given up, in this order. */
const STEPS: readonly { what: string; less: (facts: HostFacts) => HostFacts }[] = [
  { what: 'neighbours and routes of pods', less: ({ pods = [], ...rest }) => ({ ...rest, pods: pods.map(({ neighbours: _neighbours, routes: _routes, ...pod }) => pod) }) },
  { what: 'the forwarding database and neighbours', less: ({ fdb: _fdb, neighbours: _neighbours, ...rest }) => rest },
  // Prefixes say more than routes to single pods.
  { what: `routes beyond ${MAX_ROUTES}`, less: ({ routes = [], ...rest }) => ({ ...rest, routes: [...routes.filter(({ dst }) => dst.includes('/') || dst === 'default'), ...routes.filter(({ dst }) => !dst.includes('/') && dst !== 'default')].slice(0, MAX_ROUTES) }) },
  {
    what: `rules of the packet filter beyond ${MAX_RULES} of each table`,
    less: ({ iptables = [], ...rest }) => ({ ...rest, iptables: iptables.map((one) => ({ ...one, tables: one.tables.map((table) => ({ ...table, rules: table.rules.slice(0, MAX_RULES), dropped: table.dropped + Math.max(0, table.rules.length - MAX_RULES) })) })) }),
  },
  { what: 'network namespaces of pods', less: ({ pods: _pods, ...rest }) => rest },
  { what: 'routes and settings of devices', less: ({ routes: _routes, sysctls: _sysctls, ...rest }) => rest },
];

/** The facts, whole where they fit. Pure. */
export function fitFacts(facts: HostFacts): HostFacts {
  let fitting = facts;
  const gone: Unknown[] = [];
  for (const { what, less } of STEPS) {
    const chars = JSON.stringify(fitting).length;
    if (chars <= MAX_CHARS) break;
    fitting = less(fitting);
    gone.push({ what: `${what} of node ${facts.node}`, why: `its facts have ${Math.round(chars / 1024 ** 2)} MiB, more than a snapshot keeps of one host` });
  }
  return gone.length === 0 ? facts : { ...fitting, unknown: [...(facts.unknown ?? []), ...gone] };
}
