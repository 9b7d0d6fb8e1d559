/**
 * What a recorded iptables table does with one new packet, as far as that is certain. Matches that are not understood
 * may or may not hold, so that a verdict is only given where they cannot change it.
 */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import { contains, parsePrefix } from '../net/prefix.ts';

type Table = NonNullable<HostFacts['iptables']>[number]['tables'][number];

/** A packet that opens a connection. */
export interface Packet {
  protocol: 'tcp' | 'udp' | 'ipencap';
  source: string;
  /** Absent for protocols without ports. */
  port?: number;
  /** Device that it comes in by; absent when not known. */
  device?: string;
}

export interface Verdict {
  verdict: 'accept' | 'drop' | 'undecided';
  /** The rule, or the policy, that decides. */
  by: string;
}

type Tri = 'yes' | 'no' | 'maybe';
const PROTOCOL_NUMBERS: Readonly<Record<Packet['protocol'], string>> = { tcp: '6', udp: '17', ipencap: '4' };
/** Targets after which a packet goes on to the next rule. */
const PASSING = new Set(['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'TRACE', 'AUDIT', 'CLASSIFY', 'DSCP', 'SET', 'CT', 'ULOG']);

const tri = (value: boolean): Tri => (value ? 'yes' : 'no');
const not = (value: Tri): Tri => (value === 'maybe' ? 'maybe' : value === 'yes' ? 'no' : 'yes');

function inPrefix(text: string, address: string): Tri {
  const whole = (one: string): string => (one.includes('/') ? one : `${one}/${one.includes(':') ? 128 : 32}`);
  try {
    return tri(contains(parsePrefix(whole(text)), parsePrefix(whole(address))));
  } catch {
    return 'maybe';
  }
}

/** `22`, `1:1024`, `80,443,8000:9000`. */
function inPorts(text: string, port: number | undefined): Tri {
  if (port === undefined) return 'no';
  return tri(text.split(',').some((one) => {
    const [first = '', last = first] = one.split(':');
    return port >= Number(first) && port <= Number(last);
  }));
}

/** Whether one option of a rule holds. */
function holds(option: string, value: string, packet: Packet): Tri {
  switch (option) {
    case '-p': return tri(value === packet.protocol || value === PROTOCOL_NUMBERS[packet.protocol] || value === 'all');
    case '-s': return inPrefix(value, packet.source);
    case '-i': return packet.device === undefined ? (value === 'lo' ? 'no' : 'maybe') : tri(value.endsWith('+') ? packet.device.startsWith(value.slice(0, -1)) : packet.device === value);
    case '--dport': case '--dports': return inPorts(value, packet.port);
    // The source port of a tunnel is any.
    case '--ctstate': case '--state': return value.split(',').includes('NEW') ? 'yes' : value.includes('UNTRACKED') ? 'maybe' : 'no';
    // What comes to INPUT is for the host.
    case '--dst-type': return value === 'LOCAL' ? 'yes' : value === 'BROADCAST' || value === 'MULTICAST' ? 'no' : 'maybe';
    default: return 'maybe';
  }
}

/** Options without a value, or with values that say nothing about the packet. */
const PLAIN_OPTIONS = new Set(['-m', '-j', '-g', '--reject-with', '--log-prefix', '--log-level', '--nflog-prefix', '--nflog-group', '--limit-burst', '--comment']);

interface Parsed { matches: Tri; target: string | undefined }

function parse(rule: string, packet: Packet): Parsed {
  const words = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  let matches: Tri = 'yes';
  let target: string | undefined;
  for (let at = 2; at < words.length; at++) {
    const negated = words[at] === '!';
    if (negated) at++;
    const option = words[at] ?? '';
    const value = words[at + 1]?.startsWith('-') === false ? (words[++at] ?? '') : '';
    if (option === '-j' || option === '-g') target = value;
    if (PLAIN_OPTIONS.has(option)) continue;
    const one = negated ? not(holds(option, value, packet)) : holds(option, value, packet);
    if (one === 'no' || matches === 'no') matches = 'no';
    else if (one === 'maybe') matches = 'maybe';
  }
  return { matches, target };
}

interface Walk { table: Table; packet: Packet; mayAccept: boolean; mayDrop: boolean }

/** Goes through a chain; undefined when the packet comes out at its end. */
function walk(state: Walk, chain: string, certain: boolean, depth: number): { verdict: 'accept' | 'drop'; by: string } | undefined {
  for (const rule of state.table.rules) {
    if (!rule.startsWith(`-A ${chain} `)) continue;
    const { matches, target } = parse(rule, state.packet);
    if (matches === 'no' || target === undefined || PASSING.has(target)) continue;
    const sure = certain && matches === 'yes';
    if (target === 'RETURN') {
      if (sure) return undefined;
      // What comes behind it may not be reached.
      state.mayAccept = true;
      state.mayDrop = true;
    } else if (target === 'ACCEPT' || target === 'DROP' || target === 'REJECT') {
      const verdict = target === 'ACCEPT' ? 'accept' : 'drop';
      if (sure) return { verdict, by: rule };
      if (verdict === 'accept') state.mayAccept = true;
      else state.mayDrop = true;
    } else if (state.table.chains.includes(target) && depth < 32) {
      const inner = walk(state, target, sure, depth + 1);
      if (inner !== undefined) return inner;
    } else {
      // A chain whose rules are not kept, or a target that is not known.
      state.mayAccept = true;
      state.mayDrop = true;
    }
  }
  return undefined;
}

/** The verdict of a table's built-in chain. */
export function verdictOf(table: Table, chain: string, packet: Packet): Verdict {
  const state: Walk = { table, packet, mayAccept: table.dropped > 0, mayDrop: table.dropped > 0 };
  const policy = table.policies[chain];
  const end = walk(state, chain, true, 0) ?? { verdict: policy === 'DROP' ? 'drop' as const : 'accept' as const, by: `policy ${policy ?? 'ACCEPT'} of ${chain}` };
  const contested = end.verdict === 'drop' ? state.mayAccept : state.mayDrop;
  return contested ? { verdict: 'undecided', by: end.by } : end;
}
