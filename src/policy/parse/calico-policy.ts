/** Calico's NetworkPolicy and GlobalNetworkPolicy: validated, translated to rules. */
import type { Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { ALL, and, type Match } from '../model/match.ts';
import type { PortMatch } from '../model/ports.ts';
import type { Direction, Isolation, PolicyRef, Rule } from '../model/rules.ts';
import { calicoPorts } from './calico-ports.ts';
import { entity, selectorAt, WORKLOADS, type CalicoContext } from './calico-entity.ts';
import { Checker, type Issue } from './checker.ts';

export interface CalicoPolicy {
  policy: PolicyRef;
  tier: string;
  /** Lower is asked first; none is last. */
  order: number;
  rules: Rule[];
  /** Endpoints that the tier's default action holds for. */
  applied: Isolation[];
  issues: Issue[];
}

const FIELDS = ['tier', 'order', 'selector', 'types', 'ingress', 'egress', 'serviceAccountSelector', 'namespaceSelector', 'doNotTrack', 'preDNAT', 'applyOnForward', 'performanceHints', 'stagedAction'];
const RULE_FIELDS = ['action', 'protocol', 'notProtocol', 'icmp', 'notICMP', 'ipVersion', 'source', 'destination', 'http', 'metadata'];
const TYPES = { ingress: 'Ingress', egress: 'Egress' } as const;

/** Without types: Ingress unless there are egress rules alone (libcalico-go, defaultPolicyTypesField). */
function directionsOf(check: Checker, spec: Fields, sections: Readonly<Record<Direction, readonly unknown[]>>): Direction[] {
  const given = check.list(spec['types'], ['spec', 'types']) ?? [];
  for (const one of given) if (one !== 'Ingress' && one !== 'Egress') check.unsupported(['spec', 'types'], one, ['Egress', 'Ingress']);
  if (given.length > 0) return (['ingress', 'egress'] as const).filter((direction) => given.includes(TYPES[direction]));
  if (sections.egress.length === 0) return ['ingress'];
  return sections.ingress.length === 0 ? ['egress'] : ['ingress', 'egress'];
}

/** Both families: of one of them a rule sees only its own addresses. */
function familyOf(check: Checker, value: unknown, path: Path): Match {
  const version = check.int(value, path);
  if (version === undefined) return ALL;
  if (version !== 4 && version !== 6) check.unsupported(path, version, ['4', '6']);
  return { op: 'block', block: { cidr: { network: 0n, length: 0, width: version === 4 ? 32 : 128 }, except: [] } };
}

interface Reader {
  check: Checker;
  policy: PolicyRef;
  namespace: string | undefined;
  subject: Match;
  context: CalicoContext;
}

/** One rule; undefined for Log, which decides nothing. */
function ruleOf({ check, policy, namespace, subject, context }: Reader, value: unknown, direction: Direction, path: Path): Rule | undefined {
  const rule = check.map(value, path, RULE_FIELDS) ?? {};
  const action = check.text(rule['action'], [...path, 'action']) ?? '';
  if (!['allow', 'deny', 'log', 'pass'].includes(action.toLowerCase())) check.unsupported([...path, 'action'], action, ['Allow', 'Deny', 'Log', 'Pass']);
  const source = entity(check, rule['source'], [...path, 'source'], namespace, context);
  const destination = entity(check, rule['destination'], [...path, 'destination'], namespace, context);
  const given = check.map(rule['destination'], [...path, 'destination']) ?? {};
  const written = calicoPorts(check, rule, given, path);
  const ports: PortMatch = destination.ports !== undefined && direction === 'egress' ? { include: destination.ports, exclude: written.exclude } : written;
  const [own, other] = direction === 'ingress' ? [destination, source] : [source, destination];
  const sourceFields = check.map(rule['source'], [...path, 'source']) ?? {};
  const conditions = [
    source.condition, destination.condition,
    ...(['ports', 'notPorts'].some((key) => (check.list(sourceFields[key], [...path, 'source', key]) ?? []).length > 0) ? ['the source port'] : []),
    ...(rule['http'] === undefined || rule['http'] === null ? [] : ['HTTP methods and paths, which application layer policy judges']),
  ].filter((one) => one !== undefined);
  if (action.toLowerCase() === 'log') return undefined;
  const family = familyOf(check, rule['ipVersion'], [...path, 'ipVersion']);
  return {
    policy, path, direction, ports, subject: and(subject, own.match), peer: and(other.match, family),
    action: action.toLowerCase() as Rule['action'], ...(conditions.length > 0 ? { condition: conditions.join('; ') } : {}),
  };
}

/** Parses one policy. Those for hosts alone (doNotTrack, preDNAT) say nothing about pods. */
export function parseCalicoPolicy(object: LoadedObject, context: CalicoContext): CalicoPolicy {
  const check = new Checker();
  const global = object.kind === 'GlobalNetworkPolicy';
  const namespace = global ? undefined : object.namespace ?? 'default';
  const policy: PolicyRef = { apiVersion: object.apiVersion, kind: object.kind, id: global ? object.name : `${namespace}/${object.name}`, origin: object.origin };
  const spec = check.map(object.body['spec'], ['spec'], FIELDS) ?? {};
  const selector = selectorAt(check, spec['selector'], ['spec', 'selector'], 'pod') ?? ALL;
  const account = selectorAt(check, spec['serviceAccountSelector'], ['spec', 'serviceAccountSelector'], 'account') ?? ALL;
  const namespaces = selectorAt(check, spec['namespaceSelector'], ['spec', 'namespaceSelector'], 'namespace') ?? ALL;
  const scope: Match = namespace === undefined ? namespaces : { op: 'namespace', name: namespace };
  const subject = and(WORKLOADS, scope, selector, account);
  const sections = { ingress: check.list(spec['ingress'], ['spec', 'ingress']) ?? [], egress: check.list(spec['egress'], ['spec', 'egress']) ?? [] };
  const directions = directionsOf(check, spec, sections);
  const reader = { check, policy, namespace, subject, context };
  const rules = (['ingress', 'egress'] as const).flatMap((direction) => sections[direction].flatMap((value, index) => ruleOf(reader, value, direction, ['spec', direction, index]) ?? []));
  const hostOnly = spec['doNotTrack'] === true || spec['preDNAT'] === true;
  if (hostOnly) check.warn(['spec'], 'doNotTrack and preDNAT policies apply to host endpoints, not to pods; it has no part in the answers');
  const order = spec['order'];
  if (order !== undefined && order !== null && typeof order !== 'number') check.invalid(['spec', 'order'], order, 'expected a number');
  const inert = check.refused || hostOnly;
  return {
    policy, tier: check.text(spec['tier'], ['spec', 'tier']) ?? 'default', order: typeof order === 'number' ? order : Number.POSITIVE_INFINITY,
    rules: inert ? [] : rules.filter((rule) => directions.includes(rule.direction)),
    applied: inert ? [] : directions.map((direction) => ({ policy, path: ['spec', 'selector'], direction, subject })),
    issues: check.issues,
  };
}
