/** Which address ranges a lab may be given. */
import { UsageError } from '../core/errors.ts';
import { formatPrefix, overlaps, parsePrefix, type Prefix } from '../net/prefix.ts';
import { INTERNET_ADDRESS, UNDERLAY } from './nodes/underlay.ts';

/** Length of the prefix that each node gets for its pods (kube-controller-manager's --node-cidr-mask-size for IPv4). */
const NODE_PREFIX = 24;
/** Longest Service prefix: cluster DNS is its tenth address. */
const LONGEST_SERVICE_PREFIX = 28;

export interface Ranges {
  clusterCidr: string;
  serviceCidr: string;
}

function parse(option: string, text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix.width !== 32) throw new UsageError(`${option} is ${text}; expected an IPv4 prefix`, { hint: 'the lab has no IPv6' });
  return prefix;
}

/** Checks the ranges for a lab of `nodes` nodes and returns them with their host bits cleared. Errors: UsageError naming the option. */
export function checkRanges(wanted: Ranges, nodes: number): Ranges {
  const cluster = parse('--cluster-cidr', wanted.clusterCidr);
  const service = parse('--service-cidr', wanted.serviceCidr);
  if (cluster.length > NODE_PREFIX || nodes > 2 ** (NODE_PREFIX - cluster.length)) {
    throw new UsageError(`--cluster-cidr ${wanted.clusterCidr} is too small for ${nodes} nodes: each takes a /${NODE_PREFIX} of it`);
  }
  if (service.length > LONGEST_SERVICE_PREFIX) {
    throw new UsageError(`--service-cidr ${wanted.serviceCidr} is too small; expected at most /${LONGEST_SERVICE_PREFIX}`);
  }
  const ranges = Object.entries({ '--cluster-cidr': cluster, '--service-cidr': service, 'the underlay': parsePrefix(`${UNDERLAY}.0/24`), "the lab's Internet": parsePrefix(`${INTERNET_ADDRESS}/24`) });
  for (const [index, [what, range]] of ranges.entries()) {
    for (const [other, second] of ranges.slice(index + 1)) {
      if (overlaps(range, second)) throw new UsageError(`${what} overlaps ${other}: ${formatPrefix(range)} and ${formatPrefix(second)}`, { hint: 'choose ranges apart from each other' });
    }
  }
  return { clusterCidr: formatPrefix(cluster), serviceCidr: formatPrefix(service) };
}
