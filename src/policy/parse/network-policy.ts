/** NetworkPolicy of networking.k8s.io/v1: validated as the API server does, translated to rules. */
import { nameOf, type LoadedObject } from '../input/object.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { blockOf, hasHostBits, prefixFault } from '../model/block.ts';
import { contains, parsePrefix } from '../../net/prefix.ts';
import { ALL, and, type Match } from '../model/match.ts';
import { ANY_PORT, LAST_PORT, TRANSPORTS, type PortItem, type PortMatch, type Protocol } from '../model/ports.ts';
import type { Direction, Isolation, PolicyRef, Rule } from '../model/rules.ts';
import { Checker, type Issue } from './checker.ts';
import { labelSelector } from './label-selector.ts';
import { objectNameFault, portFault, portNameFault } from './names.ts';

/** What one policy comes to; `rules` and `isolations` are empty when it was refused. */
export interface ParsedPolicy {
  policy: PolicyRef;
  rules: Rule[];
  isolations: Isolation[];
  issues: Issue[];
}

const PEERS = { ingress: 'from', egress: 'to' } as const;
const TYPES = { ingress: 'Ingress', egress: 'Egress' } as const;

/** ValidateIPBlock. An exception must be a strict part of the block. */
export function ipBlock(check: Checker, value: unknown, path: Path): Match | undefined {
  const block = check.map(value, path, ['cidr', 'except']);
  if (block === undefined) return undefined;
  const cidr = check.text(block['cidr'], [...path, 'cidr']) ?? '';
  if (cidr === '') check.required([...path, 'cidr']);
  const fault = cidr === '' ? 'empty' : prefixFault(cidr);
  if (fault !== undefined && cidr !== '') check.invalid([...path, 'cidr'], cidr, fault);
  if (fault === undefined && hasHostBits(cidr)) check.warn([...path, 'cidr'], `${cidr} has bits set behind its length; it means ${blockTextOf(cidr)}`);
  const except = (check.list(block['except'], [...path, 'except']) ?? []).map((one, index) => {
    const at = [...path, 'except', index];
    const text = check.text(one, at) ?? '';
    const wrong = prefixFault(text);
    if (wrong !== undefined) check.invalid(at, text, wrong);
    else if (fault === undefined && (!contains(parsePrefix(cidr), parsePrefix(text)) || parsePrefix(text).length <= parsePrefix(cidr).length)) check.invalid(at, text, 'must be a strict subset of `cidr`');
    return text;
  });
  return fault === undefined && !check.refused ? { op: 'block', block: blockOf(cidr, except) } : { op: 'none' };
}

function blockTextOf(cidr: string): string {
  const { network, length, width } = parsePrefix(cidr);
  return width === 32 ? `${[24n, 16n, 8n, 0n].map((shift) => (network >> shift) & 255n).join('.')}/${length}` : `the prefix of length ${length} that contains it`;
}

/** ValidateNetworkPolicyPort. Without a protocol it is TCP, without a port all ports of the protocol. */
function portItem(check: Checker, value: unknown, path: Path): PortItem[] {
  const item = check.map(value, path, ['protocol', 'port', 'endPort']);
  const protocol = check.text(item?.['protocol'], [...path, 'protocol']) ?? 'TCP';
  if (!TRANSPORTS.includes(protocol as Protocol)) {
    check.unsupported([...path, 'protocol'], protocol, ['SCTP', 'TCP', 'UDP']);
    return [];
  }
  const port = item?.['port'];
  const end = check.int(item?.['endPort'], [...path, 'endPort']);
  const endAt = [...path, 'endPort'];
  if (port === undefined || port === null) {
    if (end !== undefined) check.invalid(endAt, end, 'may not be specified when `port` is not specified');
    return [{ protocol: protocol as Protocol, from: 0, to: LAST_PORT }];
  }
  if (typeof port === 'string') {
    if (end !== undefined) check.invalid(endAt, end, 'may not be specified when `port` is non-numeric');
    const fault = portNameFault(port);
    if (fault !== undefined) check.invalid([...path, 'port'], port, fault);
    return [{ protocol: protocol as Protocol, name: port }];
  }
  const number = check.int(port, [...path, 'port']) ?? 0;
  const fault = portFault(number);
  if (fault !== undefined) check.invalid([...path, 'port'], port, fault);
  if (end !== undefined && end < number) check.invalid(endAt, end, 'must be greater than or equal to `port`');
  const endFault = end === undefined ? undefined : portFault(end);
  if (endFault !== undefined) check.invalid(endAt, end, endFault);
  return [{ protocol: protocol as Protocol, from: number, to: end ?? number }];
}

function ports(check: Checker, value: unknown, path: Path): PortMatch {
  const items = check.list(value, path) ?? [];
  // An empty list is the same as none: all traffic, whatever its protocol.
  return items.length === 0 ? ANY_PORT : { include: items.flatMap((one, index) => portItem(check, one, [...path, index])), exclude: [] };
}

/** ValidateNetworkPolicyPeer. Selectors see pods alone; a pod selector without a namespace selector those of the policy's namespace. */
function peer(check: Checker, value: unknown, path: Path, namespace: string): Match {
  const one = check.map(value, path, ['podSelector', 'namespaceSelector', 'ipBlock']) ?? {};
  const pods = labelSelector(check, one['podSelector'], [...path, 'podSelector'], 'pod');
  const namespaces = labelSelector(check, one['namespaceSelector'], [...path, 'namespaceSelector'], 'namespace');
  const block = ipBlock(check, one['ipBlock'], [...path, 'ipBlock']);
  const given = [pods, namespaces, block].filter((part) => part !== undefined).length;
  if (given === 0) check.required(path, 'must specify a peer');
  if (given > 1 && block !== undefined) check.forbidden(path, 'may not specify both ipBlock and another peer');
  if (block !== undefined) return block;
  return and({ op: 'kind', kind: 'pod' }, namespaces ?? { op: 'namespace', name: namespace }, pods ?? ALL);
}

/** The directions that a policy isolates: as written, or Ingress always and Egress where it has an egress rule. */
function directionsOf(check: Checker, types: unknown, egress: readonly unknown[]): Direction[] {
  const path = ['spec', 'policyTypes'];
  const given = check.list(types, path) ?? [];
  if (given.length > 2) check.invalid(path, given, 'may not specify more than two policyTypes');
  for (const one of given) {
    if (one !== 'Ingress' && one !== 'Egress') check.unsupported(path, one, ['Egress', 'Ingress']);
  }
  if (given.length === 0) return egress.length > 0 ? ['ingress', 'egress'] : ['ingress'];
  return (['ingress', 'egress'] as const).filter((direction) => given.includes(TYPES[direction]));
}

/** Parses one NetworkPolicy. What the API server would refuse takes no effect: it cannot be in a cluster. */
export function parseNetworkPolicy(object: LoadedObject): ParsedPolicy {
  const check = new Checker();
  const namespace = object.namespace ?? 'default';
  const policy: PolicyRef = { apiVersion: object.apiVersion, kind: object.kind, id: `${namespace}/${object.name}`, origin: object.origin };
  const nameFault = objectNameFault(object.name);
  if (nameFault !== undefined) check.invalid(['metadata', 'name'], object.name, nameFault);
  const spec = check.map(object.body['spec'], ['spec'], ['podSelector', 'policyTypes', 'ingress', 'egress']) ?? {};
  const chosen = labelSelector(check, spec['podSelector'], ['spec', 'podSelector'], 'pod') ?? ALL;
  const subject = and({ op: 'kind', kind: 'pod' }, { op: 'namespace', name: namespace }, chosen);
  const sections = {
    ingress: check.list(spec['ingress'], ['spec', 'ingress']) ?? [],
    egress: check.list(spec['egress'], ['spec', 'egress']) ?? [],
  };
  const directions = directionsOf(check, spec['policyTypes'], sections.egress);
  const rules: Rule[] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    sections[direction].forEach((value, index) => {
      const path = ['spec', direction, index];
      const rule = check.map(value, path, [PEERS[direction], 'ports']) ?? {};
      const match = ports(check, rule['ports'], [...path, 'ports']);
      const add = (at: Path, other: Match): void => void rules.push({ policy, path: at, direction, subject, peer: other, ports: match, action: 'allow' });
      const peersAt = [...path, PEERS[direction]];
      const peers = check.list(rule[PEERS[direction]], peersAt) ?? [];
      // No peers, or an empty list of them, are all peers.
      if (peers.length === 0) add(path, ALL);
      peers.forEach((one, number) => add([...peersAt, number], peer(check, one, [...peersAt, number], namespace)));
    });
  }
  if (!directions.includes('ingress') && sections.ingress.length > 0) check.warn(['spec', 'ingress'], 'has no effect, because policyTypes does not name Ingress');
  if (!directions.includes('egress') && sections.egress.length > 0) check.warn(['spec', 'egress'], 'has no effect, because policyTypes does not name Egress');
  if (check.refused) return { policy, rules: [], isolations: [], issues: check.issues };
  return {
    policy,
    rules: rules.filter((rule) => directions.includes(rule.direction)),
    isolations: directions.map((direction) => ({ policy, path: ['spec', 'podSelector'], direction, subject })),
    issues: check.issues,
  };
}

/** A policy as messages name it; only NetworkPolicies of Kubernetes have a namespace without writing it. */
export function policyName(object: LoadedObject): string {
  return nameOf({ ...object, namespace: object.namespace ?? (object.kind === 'NetworkPolicy' ? 'default' : undefined) });
}
