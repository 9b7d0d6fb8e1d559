/** Calico's NetworkPolicies as Kubernetes' ones, where these can say the same. */
import { at, fields, list, text, type Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { LabelsOf, Match } from '../model/match.ts';
import { calicoSelector } from '../parse/calico-selector.ts';
import { DIRECTIONS, metadataOf, type Direction } from './source.ts';

/** Why a policy cannot be converted, with the field. */
export class Unconvertible extends Error {}

const no = (path: string, why: string): never => {
  throw new Unconvertible(`${path}: ${why}`);
};

type Expressions = { key: string; operator: string; values?: string[] }[];

/** An expression as requirements that must all hold; there is nothing else in a label selector. */
function requirements(match: Match, on: LabelsOf, path: string): Expressions {
  const wrong = (): never => no(path, 'a label selector cannot say this');
  switch (match.op) {
    case 'all': return [];
    case 'and': return match.of.flatMap((one) => requirements(one, on, path));
    case 'label': return match.on === on && match.values.length > 0 ? [{ key: match.key, operator: 'In', values: [...match.values] }] : wrong();
    case 'has': return match.on === on ? [{ key: match.key, operator: 'Exists' }] : wrong();
    case 'namespace': return on === 'namespace' ? [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [match.name] }] : wrong();
    case 'not': {
      const inner = match.of;
      if (inner.op === 'label' && inner.on === on && inner.values.length > 0) return [{ key: inner.key, operator: 'NotIn', values: [...inner.values] }];
      return inner.op === 'has' && inner.on === on ? [{ key: inner.key, operator: 'DoesNotExist' }] : wrong();
    }
    case 'or': case 'none': case 'kind': case 'account': case 'text': case 'block': case 'unknown': return wrong();
  }
}

function selectorOf(source: unknown, on: LabelsOf, path: string): { matchExpressions?: Expressions } {
  const match = calicoSelector(text(source) ?? '', on);
  if ('fault' in match) return no(path, match.fault);
  const found = requirements(match, on, path);
  return found.length === 0 ? {} : { matchExpressions: found };
}

/** A side of a rule; undefined where it limits nothing. */
function peerOf(entity: Fields, path: string): object[] | undefined {
  for (const key of ['notSelector', 'serviceAccounts', 'services']) if (entity[key] !== undefined) no(`${path}.${key}`, 'Kubernetes has nothing like it');
  const [nets, notNets] = [list(entity['nets']).map(String), list(entity['notNets']).map(String)];
  const { selector, namespaceSelector } = entity;
  if (nets.length > 0) {
    if (selector !== undefined || namespaceSelector !== undefined) no(path, 'Kubernetes cannot ask for addresses and labels at once');
    return nets.map((cidr) => ({ ipBlock: { cidr: cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`, ...(notNets.length > 0 ? { except: notNets } : {}) } }));
  }
  if (notNets.length > 0) no(`${path}.notNets`, 'Kubernetes has exceptions within a block only');
  if (selector === undefined && namespaceSelector === undefined) return undefined;
  return [{ ...(namespaceSelector === undefined ? {} : { namespaceSelector: selectorOf(namespaceSelector, 'namespace', `${path}.namespaceSelector`) }), ...(selector === undefined ? {} : { podSelector: selectorOf(selector, 'pod', `${path}.selector`) }) }];
}

function portsOf(rule: Fields, path: string): object[] | undefined {
  for (const key of ['notProtocol', 'icmp', 'notICMP', 'ipVersion', 'http']) if (rule[key] !== undefined) no(`${path}.${key}`, 'Kubernetes has nothing like it');
  if (at(rule['destination'], 'notPorts') !== undefined) no(`${path}.destination.notPorts`, 'Kubernetes has nothing like it');
  if (rule['protocol'] === undefined) return undefined;
  const protocol = typeof rule['protocol'] === 'string' ? rule['protocol'].toUpperCase() : '';
  if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) no(`${path}.protocol`, 'Kubernetes knows TCP, UDP and SCTP');
  const ports = list(at(rule['destination'], 'ports'));
  if (ports.length === 0) return [{ protocol }];
  return ports.map((port) => {
    const [from, to] = String(port).split(':').map(Number);
    return typeof port === 'number' || /^\d+(:\d+)?$/.test(String(port)) ? { protocol, port: from, ...(to === undefined ? {} : { endPort: to }) } : { protocol, port };
  });
}

function ruleOf(value: unknown, direction: Direction, path: string): object {
  const rule = fields(value);
  if (rule['action'] !== 'Allow') no(`${path}.action`, `Kubernetes knows no ${String(text(rule['action']))}`);
  const [own, other] = direction === 'ingress' ? ['destination', 'source'] as const : ['source', 'destination'] as const;
  for (const key of Object.keys(fields(rule[own])).filter((one) => one !== 'ports' || own === 'source')) no(`${path}.${own}.${key}`, 'a rule of Kubernetes applies to all pods of its policy');
  if (at(rule['source'], 'ports') !== undefined) no(`${path}.source.ports`, 'Kubernetes does not look at source ports');
  const [peers, ports] = [peerOf(fields(rule[other]), `${path}.${other}`), portsOf(rule, path)];
  return { ...(peers === undefined ? {} : { [direction === 'ingress' ? 'from' : 'to']: peers }), ...(ports === undefined ? {} : { ports }) };
}

/** One NetworkPolicy of Kubernetes. Errors: Unconvertible naming the field. */
export function toKubernetes(policy: LoadedObject): object {
  if (policy.kind !== 'NetworkPolicy') return no('kind', `Kubernetes has nothing like a ${policy.kind}`);
  const spec = fields(policy.body['spec']);
  if ((spec['tier'] ?? 'default') !== 'default') no('spec.tier', 'Kubernetes has no tiers');
  if (spec['serviceAccountSelector'] !== undefined) no('spec.serviceAccountSelector', 'Kubernetes has nothing like it');
  const sections = Object.fromEntries(DIRECTIONS.map((direction) => [direction, list(spec[direction]).map((rule, index) => ruleOf(rule, direction, `spec.${direction}[${index}]`))]));
  const given = list(spec['types']);
  const types = given.length > 0 ? given : [...((sections['ingress'] ?? []).length > 0 || (sections['egress'] ?? []).length === 0 ? ['Ingress'] : []), ...((sections['egress'] ?? []).length > 0 ? ['Egress'] : [])];
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadataOf(policy), spec: { podSelector: selectorOf(spec['selector'], 'pod', 'spec.selector'), policyTypes: types, ...sections } };
}
