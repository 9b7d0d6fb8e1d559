/** Subjects, peers and ports of the administrators' policies (policy.networking.k8s.io). */
import type { Fields } from '../../cluster/fields.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { blockOf, prefixFault } from '../model/block.ts';
import { ALL, and, NONE, or, type Match } from '../model/match.ts';
import { ANY_PORT, TRANSPORTS, wholeProtocol, type PortItem, type PortMatch, type Protocol } from '../model/ports.ts';
import type { Checker } from './checker.ts';
import { labelSelector } from './label-selector.ts';
import { portFault } from './names.ts';

/** Pods in a node's network are never meant (API: "host-networked pods are not included"). */
const PODS: Match = { op: 'kind', kind: 'pod', exactly: true };

/** Exactly one of the fields must be set. */
function onlyOne(check: Checker, value: Fields, path: Path, keys: readonly string[]): string | undefined {
  const set = keys.filter((key) => value[key] !== undefined && value[key] !== null);
  if (set.length === 1) return set[0];
  return set.length === 0 ? check.required(path, `exactly one of ${keys.join(', ')} must be set`) : check.forbidden(path, `exactly one of ${keys.join(', ')} may be set, and there are ${set.join(' and ')}`);
}

function namespacedPods(check: Checker, value: unknown, path: Path): Match {
  const given = check.map(value, path, ['namespaceSelector', 'podSelector']) ?? {};
  const namespaces = labelSelector(check, given['namespaceSelector'], [...path, 'namespaceSelector'], 'namespace') ?? ALL;
  return and(PODS, namespaces, labelSelector(check, given['podSelector'], [...path, 'podSelector'], 'pod') ?? ALL);
}

/** The pods that a policy is about. */
export function adminSubject(check: Checker, value: unknown, path: Path): Match {
  const given = check.map(value, path, ['namespaces', 'pods']);
  if (given === undefined) {
    check.required(path);
    return NONE;
  }
  const key = onlyOne(check, given, path, ['namespaces', 'pods']);
  if (key === 'pods') return namespacedPods(check, given['pods'], [...path, 'pods']);
  return key === undefined ? NONE : and(PODS, labelSelector(check, given['namespaces'], [...path, 'namespaces'], 'namespace') ?? ALL);
}

/** A peer; with a condition where names of the DNS decide, which only the traffic itself tells. */
export function adminPeer(check: Checker, value: unknown, path: Path, egress: boolean): { match: Match; condition?: string } {
  const keys = ['namespaces', 'pods', ...(egress ? ['nodes', 'networks', 'domainNames'] : [])];
  const given = check.map(value, path, keys) ?? {};
  const key = onlyOne(check, given, path, keys);
  const at = [...path, key ?? ''];
  switch (key) {
    case 'namespaces': return { match: and(PODS, labelSelector(check, given[key], at, 'namespace') ?? ALL) };
    case 'pods': return { match: namespacedPods(check, given[key], at) };
    case 'nodes': return { match: and({ op: 'kind', kind: 'host' }, labelSelector(check, given[key], at, 'node') ?? ALL) };
    case 'networks': {
      const blocks = (check.list(given[key], at) ?? []).map((one, index): Match => {
        const text = check.text(one, [...at, index]) ?? '';
        if (prefixFault(text) === undefined) return { op: 'block', block: blockOf(text) };
        check.invalid([...at, index], text, 'Invalid CIDR format provided');
        return NONE;
      });
      if (blocks.length === 0) check.invalid(at, [], 'should have at least 1 items');
      return { match: or(...blocks) };
    }
    case 'domainNames': return { match: { op: 'kind', kind: 'address' }, condition: `which addresses ${(check.list(given[key], at) ?? []).join(', ')} stand for` };
    case undefined:
    default: return { match: NONE };
  }
}

function number(check: Checker, value: unknown, path: Path): number {
  const port = check.int(value, path) ?? check.required(path) ?? 0;
  const fault = portFault(port);
  if (fault !== undefined) check.invalid(path, port, fault);
  return port;
}

function range(check: Checker, value: unknown, path: Path): { from: number; to: number } {
  const given = check.map(value, path, ['protocol', 'start', 'end']) ?? {};
  const [from, to] = [number(check, given['start'], [...path, 'start']), number(check, given['end'], [...path, 'end'])];
  if (from >= to) check.invalid(path, given, 'Start port must be less than End port');
  return { from, to };
}

function protocolOf(check: Checker, value: unknown, path: Path): Protocol {
  const text = check.text(value, path) ?? 'TCP';
  if (!TRANSPORTS.includes(text as Protocol)) check.unsupported(path, text, ['SCTP', 'TCP', 'UDP']);
  return text as Protocol;
}

const named = (name: string): PortItem[] => TRANSPORTS.map((protocol) => ({ protocol, name }));

/** `ports` of v1alpha1: a number, a range or a name. */
function portOfV1(check: Checker, value: unknown, path: Path): PortItem[] {
  const given = check.map(value, path, ['portNumber', 'portRange', 'namedPort']) ?? {};
  const key = onlyOne(check, given, path, ['portNumber', 'portRange', 'namedPort']);
  if (key === undefined) return [];
  const at = [...path, key];
  if (key === 'namedPort') return named(check.text(given[key], at) ?? '');
  const inner = check.map(given[key], at) ?? {};
  const protocol = protocolOf(check, inner['protocol'], [...at, 'protocol']);
  if (key === 'portRange') return [{ protocol, ...range(check, inner, at) }];
  const port = number(check, inner['port'], [...at, 'port']);
  return [{ protocol, from: port, to: port }];
}

/** `protocols` of v1alpha2: a protocol with or without a destination port, or a name. */
function protocolOfV2(check: Checker, value: unknown, path: Path): PortItem[] {
  const keys = ['tcp', 'udp', 'sctp', 'destinationNamedPort'];
  const given = check.map(value, path, keys) ?? {};
  const key = onlyOne(check, given, path, keys);
  if (key === undefined) return [];
  const at = [...path, key];
  if (key === 'destinationNamedPort') return named(check.text(given[key], at) ?? '');
  const protocol = key.toUpperCase() as Protocol;
  const inner = check.map(given[key], at, ['destinationPort']) ?? {};
  const port = check.map(inner['destinationPort'], [...at, 'destinationPort'], ['number', 'range']);
  if (port === undefined) return [wholeProtocol(protocol)];
  const portAt = [...at, 'destinationPort'];
  if (onlyOne(check, port, portAt, ['number', 'range']) === 'range') return [{ protocol, ...range(check, port['range'], [...portAt, 'range']) }];
  const one = number(check, port['number'], [...portAt, 'number']);
  return [{ protocol, from: one, to: one }];
}

/** The ports of a rule; without any it is all traffic. */
export function adminPorts(check: Checker, rule: Fields, path: Path, version: 1 | 2): PortMatch {
  const key = version === 1 ? 'ports' : 'protocols';
  const items = check.list(rule[key], [...path, key]);
  if (items === undefined) return ANY_PORT;
  if (items.length === 0) {
    // The version 1 of the API calls an empty list none; version 2 refuses it.
    if (version === 2) check.invalid([...path, key], items, 'should have at least 1 items');
    return ANY_PORT;
  }
  return { include: items.flatMap((one, index) => (version === 1 ? portOfV1 : protocolOfV2)(check, one, [...path, key, index])), exclude: [] };
}
