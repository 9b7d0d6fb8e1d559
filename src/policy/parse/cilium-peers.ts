/** Layer 3 of Cilium's rules: who the other side may be. */
import { at, list, text, type Fields } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { blockOf, parseAddress, prefixFault } from '../model/block.ts';
import { and, or, type Match } from '../model/match.ts';
import type { Direction } from '../model/rules.ts';
import { backendsOf } from '../world/services.ts';
import type { Service, World } from '../world/world.ts';
import type { Checker } from './checker.ts';
import { endpointSelector, ENDPOINTS, entityOf, type EndpointSelection } from './cilium-selector.ts';
import { labelSelector } from './label-selector.ts';

/** What rules are read against. */
export interface CiliumContext {
  world: World;
  /** CiliumCIDRGroups by name. */
  groups: ReadonlyMap<string, readonly string[]>;
}

export interface CiliumPeer extends EndpointSelection {
  path: Path;
}

/** CIDR groups of the input. */
export function cidrGroupsOf(objects: readonly LoadedObject[]): Map<string, string[]> {
  return new Map(objects.filter((one) => one.kind === 'CiliumCIDRGroup').map((one) => [one.name, list(at(one.body, 'spec', 'externalCIDRs')).map(String)]));
}

function blockAt(check: Checker, value: unknown, path: Path, except: readonly string[] = []): Match {
  const given = check.text(value, path) ?? '';
  const address = given.includes('/') ? undefined : parseAddress(given);
  const cidr = address === undefined ? given : `${given}/${address.width}`;
  if (prefixFault(cidr) === undefined) return { op: 'block', block: blockOf(cidr, except) };
  check.invalid(path, given, 'expected an address or a prefix');
  return { op: 'none' };
}

function cidrSet(check: Checker, value: unknown, path: Path, { groups }: CiliumContext): EndpointSelection {
  const given = check.map(value, path, ['cidr', 'except', 'cidrGroupRef', 'cidrGroupSelector']) ?? {};
  const except = (check.list(given['except'], [...path, 'except']) ?? []).flatMap((one, index) => {
    const cidr = check.text(one, [...path, 'except', index]) ?? '';
    if (prefixFault(cidr) === undefined) return cidr;
    check.invalid([...path, 'except', index], cidr, 'expected a prefix');
    return [];
  });
  const group = check.text(given['cidrGroupRef'], [...path, 'cidrGroupRef']);
  if (group === undefined && given['cidrGroupSelector'] === undefined) return { match: blockAt(check, given['cidr'], [...path, 'cidr'], except) };
  const known = group === undefined ? undefined : groups.get(group);
  const outside: Match = { op: 'kind', kind: 'address' };
  if (known === undefined) return { match: outside, condition: `what CIDR group ${group ?? 'of the selector'} holds, which is not in the input` };
  return { match: or(...known.filter((cidr) => prefixFault(cidr) === undefined).map((cidr): Match => ({ op: 'block', block: blockOf(cidr, except) }))) };
}

function servicePeer(service: Service, world: World): Match {
  const { selector } = service;
  if (selector !== undefined) return and(ENDPOINTS, { op: 'namespace', name: service.namespace }, ...Object.entries(selector).map(([key, value]): Match => ({ op: 'label', on: 'pod', key, values: [value] })));
  const addresses = [...(service.endpoints ?? []), ...backendsOf(service, world.pods).flatMap((pod) => pod.addresses)];
  return or(...addresses.flatMap((one): Match[] => { const address = parseAddress(one); return address === undefined ? [] : [{ op: 'block', block: blockOf(`${one}/${address.width}`) }]; }));
}

function services(check: Checker, value: unknown, path: Path, namespace: string | undefined, { world }: CiliumContext): EndpointSelection {
  const given = check.map(value, path, ['k8sService', 'k8sServiceSelector']) ?? {};
  const name = text(at(given['k8sService'], 'serviceName'));
  if (name === undefined) return { match: { op: 'unknown', why: 'services by selector' }, condition: 'which services the selector of toServices selects' };
  const id = `${text(at(given['k8sService'], 'namespace')) ?? namespace ?? 'default'}/${name}`;
  const found = world.services.find((one) => one.id === id);
  return found === undefined ? { match: { op: 'unknown', why: id }, condition: `the backends of Service ${id}, which is not in the input` } : { match: servicePeer(found, world) };
}

const FQDN: Match = { op: 'kind', kind: 'address' };

/**
 * The peers of a rule; undefined where it names none, so that layer 4 alone counts. A list that is there but
 * empty selects nobody.
 */
export function ciliumPeers(check: Checker, rule: Fields, path: Path, direction: Direction, namespace: string | undefined, context: CiliumContext): CiliumPeer[] | undefined {
  const prefix = direction === 'ingress' ? 'from' : 'to';
  const peers: CiliumPeer[] = [];
  let named = false;
  const each = (key: string, read: (value: unknown, at: Path) => EndpointSelection): void => {
    const listed = check.list(rule[`${prefix}${key}`], [...path, `${prefix}${key}`]);
    if (listed === undefined) return;
    named = true;
    listed.forEach((value, index) => {
      const where = [...path, `${prefix}${key}`, index];
      peers.push({ path: where, ...read(value, where) });
    });
  };
  each('Endpoints', (value, where) => endpointSelector(check, value, where, namespace));
  each('CIDR', (value, where) => ({ match: blockAt(check, value, where) }));
  each('CIDRSet', (value, where) => cidrSet(check, value, where, context));
  each('Nodes', (value, where) => ({ match: and({ op: 'kind', kind: 'host' }, labelSelector(check, value, where, 'node') ?? { op: 'all' }) }));
  each('Groups', () => ({ match: FQDN, condition: 'which addresses a cloud provider\'s group holds' }));
  const entities = check.list(rule[`${prefix}Entities`], [...path, `${prefix}Entities`]);
  const allHosts = entities?.includes('host') === true && entities.includes('remote-node');
  each('Entities', (value, where) => {
    const entity = entityOf(check.text(value, where) ?? '');
    if (entity === undefined) check.invalid(where, value, 'is no entity');
    // Together they are all nodes, whichever is the pod's own.
    return allHosts && (value === 'host' || value === 'remote-node') ? { match: { op: 'kind', kind: 'host' } } : entity ?? { match: { op: 'none' } };
  });
  if (direction === 'egress') {
    each('FQDNs', (value) => ({ match: FQDN, condition: `which addresses ${text(at(value, 'matchName')) ?? text(at(value, 'matchPattern')) ?? 'a name'} stands for in the DNS` }));
    each('Services', (value, where) => services(check, value, where, namespace, context));
  }
  return named ? peers : undefined;
}
