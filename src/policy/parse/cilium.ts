/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, and how the agent is told to enforce them. */
import { at, text, type Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { ALL, type Match } from '../model/match.ts';
import { ANY_PORT } from '../model/ports.ts';
import { DIRECTIONS, type Direction, type Isolation, type PolicyRef, type Rule, type Stage } from '../model/rules.ts';
import { Checker, type Issue } from './checker.ts';
import { ciliumPeers, type CiliumContext } from './cilium-peers.ts';
import { ciliumPorts } from './cilium-ports.ts';
import { endpointSelector, ENDPOINTS } from './cilium-selector.ts';

export interface CiliumPolicy {
  allow: Rule[];
  deny: Rule[];
  isolations: Isolation[];
  issues: Issue[];
}

const L3 = ['Endpoints', 'CIDR', 'CIDRSet', 'Entities', 'Nodes', 'Groups', 'Requires'];
const fieldsOf = (direction: Direction): string[] => [...L3.map((key) => `${direction === 'ingress' ? 'from' : 'to'}${key}`), 'toPorts', 'icmps', 'authentication', ...(direction === 'egress' ? ['toFQDNs', 'toServices'] : [])];
const SPEC = ['endpointSelector', 'nodeSelector', 'ingress', 'ingressDeny', 'egress', 'egressDeny', 'enableDefaultDeny', 'labels', 'description', 'log'];

interface Reader {
  check: Checker;
  policy: PolicyRef;
  namespace: string | undefined;
  subject: Match;
  context: CiliumContext;
}

/** The rules that one entry of a section comes to: each of its peers with each of its groups of ports. */
function rulesOf({ check, policy, namespace, subject, context }: Reader, value: unknown, path: Path, direction: Direction, action: 'allow' | 'deny'): Rule[] {
  const rule: Fields = check.map(value, path, fieldsOf(direction)) ?? {};
  const peers = ciliumPeers(check, rule, path, direction, namespace, context);
  const groups = ciliumPorts(check, rule, path);
  // An entry that names neither side isolates, and allows nothing (policy/intro, "Ingress Default Deny").
  if (peers === undefined && groups === undefined) return [];
  const requires = rule[direction === 'ingress' ? 'fromRequires' : 'toRequires'] === undefined ? [] : ['fromRequires and toRequires, which limit every rule of the policy'];
  const authentication = text(at(rule['authentication'], 'mode')) === 'required' ? ['mutual authentication of both ends'] : [];
  return (peers ?? [{ path, match: ALL, condition: undefined }]).flatMap((peer) => (groups ?? [undefined]).map((group): Rule => {
    const conditions = [...requires, ...authentication, peer.condition, group?.condition].filter((one) => one !== undefined);
    return { policy, path: peer.path, direction, subject, peer: peer.match, ports: group === undefined ? ANY_PORT : { include: group.items, exclude: [] }, action, ...(conditions.length > 0 ? { condition: conditions.join('; ') } : {}) };
  }));
}

/** One spec of a policy. */
function readSpec(object: LoadedObject, value: unknown, path: Path, context: CiliumContext): CiliumPolicy {
  const check = new Checker();
  const clusterwide = object.kind === 'CiliumClusterwideNetworkPolicy';
  const namespace = clusterwide ? undefined : object.namespace ?? 'default';
  const policy: PolicyRef = { apiVersion: object.apiVersion, kind: object.kind, id: namespace === undefined ? object.name : `${namespace}/${object.name}`, origin: object.origin };
  const spec = check.map(value, path, SPEC) ?? {};
  if (spec['nodeSelector'] !== undefined) {
    check.warn([...path, 'nodeSelector'], 'is a policy of nodes, not of pods; it has no part in the answers');
    return { allow: [], deny: [], isolations: [], issues: check.issues };
  }
  if (spec['endpointSelector'] === undefined || spec['endpointSelector'] === null) check.required([...path, 'endpointSelector'], 'rule must have one of EndpointSelector or NodeSelector');
  const { match: subject, condition } = endpointSelector(check, spec['endpointSelector'], [...path, 'endpointSelector'], namespace);
  const reader = { check, policy, namespace, subject, context };
  const made: CiliumPolicy = { allow: [], deny: [], isolations: [], issues: check.issues };
  const enabled = check.map(spec['enableDefaultDeny'], [...path, 'enableDefaultDeny'], DIRECTIONS) ?? {};
  for (const direction of DIRECTIONS) {
    const section = (key: string): readonly unknown[] => check.list(spec[key], [...path, key]) ?? [];
    const [allows, denies] = [section(direction), section(`${direction}Deny`)];
    made.allow.push(...allows.flatMap((one, index) => rulesOf(reader, one, [...path, direction, index], direction, 'allow')));
    made.deny.push(...denies.flatMap((one, index) => rulesOf(reader, one, [...path, `${direction}Deny`, index], direction, 'deny')));
    // Unless it says otherwise a section isolates (pkg/policy/api/rule_validation.go).
    const isolates = check.bool(enabled[direction], [...path, 'enableDefaultDeny', direction]) ?? allows.length + denies.length > 0;
    if (isolates) made.isolations.push({ policy, path: [...path, 'endpointSelector'], direction, subject, ...(condition === undefined ? {} : { condition }) });
  }
  return check.refused ? { allow: [], deny: [], isolations: [], issues: check.issues } : made;
}

/** Parses one policy: its `spec`, and each of its `specs`. */
export function parseCilium(object: LoadedObject, context: CiliumContext): CiliumPolicy {
  const { spec, specs } = object.body;
  const parts = [
    ...(spec === undefined || spec === null ? [] : [readSpec(object, spec, ['spec'], context)]),
    ...(Array.isArray(specs) ? specs.map((one: unknown, index) => readSpec(object, one, ['specs', index], context)) : []),
  ];
  const issues = parts.flatMap((part) => part.issues);
  // One broken spec makes the agent refuse the policy.
  const good = issues.some((issue) => issue.severity === 'error') ? [] : parts;
  return { allow: good.flatMap((one) => one.allow), deny: good.flatMap((one) => one.deny), isolations: good.flatMap((one) => one.isolations), issues };
}

/** The agent's configuration, where the input has it. */
export function agentConfig(objects: readonly LoadedObject[]): { object: LoadedObject; mode: string; matchesNodes: boolean } | undefined {
  const object = objects.find((one) => one.kind === 'ConfigMap' && one.name === 'cilium-config');
  if (object === undefined) return undefined;
  const data = at(object.body, 'data');
  return { object, mode: text(at(data, 'enable-policy')) ?? 'default', matchesNodes: (text(at(data, 'policy-cidr-match-mode')) ?? '').includes('nodes') };
}

/** With enforcement mode `always` every endpoint is isolated, whatever selects it. */
function always(object: LoadedObject): Isolation[] {
  const policy: PolicyRef = { apiVersion: object.apiVersion, kind: object.kind, id: `${object.namespace ?? 'default'}/${object.name}`, origin: object.origin };
  return DIRECTIONS.map((direction) => ({ policy, path: ['data', 'enable-policy'], direction, subject: ENDPOINTS }));
}

/** The stages: what is denied first, then what is allowed, Kubernetes' policies included; then endpoints that are isolated. */
export function ciliumStages(parsed: readonly CiliumPolicy[], kubernetes: readonly { rules: readonly Rule[]; isolations: readonly Isolation[] }[], objects: readonly LoadedObject[]): Stage[] {
  const config = agentConfig(objects);
  if (config?.mode === 'never') return [];
  const deny = parsed.flatMap((one) => one.deny);
  const allow = [...parsed.flatMap((one) => one.allow), ...kubernetes.flatMap((one) => one.rules)];
  const isolations = [...parsed.flatMap((one) => one.isolations), ...kubernetes.flatMap((one) => one.isolations), ...(config?.mode === 'always' ? always(config.object) : [])];
  return [
    ...(deny.length > 0 ? [{ name: 'deny rules', rules: deny, isolations: [], unordered: true }] : []),
    ...(isolations.length > 0 || allow.length > 0 ? [{ name: 'allow rules', rules: allow, isolations, unordered: true }] : []),
  ];
}
