/** One side of a Calico rule: everything that is written in it must hold (EntityRule). */
import type { Fields } from '../../cluster/fields.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { ALL, and, NONE, not, or, type LabelsOf, type Match } from '../model/match.ts';
import type { PortItem, Protocol } from '../model/ports.ts';
import type { Labels, World } from '../world/world.ts';
import { backendsOf } from '../world/services.ts';
import { asksForGlobal, calicoSelector } from './calico-selector.ts';
import { netOf, selectsSet, type NetworkSet } from './calico-sets.ts';
import type { Checker } from './checker.ts';

/** What rules are read against. */
export interface CalicoContext {
  sets: readonly NetworkSet[];
  world: World;
}

/** Workload endpoints: pods that have an address of their own. */
export const WORKLOADS: Match = { op: 'kind', kind: 'pod', exactly: true };

export const ENTITY_FIELDS = ['nets', 'notNets', 'selector', 'notSelector', 'namespaceSelector', 'ports', 'notPorts', 'serviceAccounts', 'services'];

/** A selector's meaning; a fault of it is an issue. */
export function selectorAt(check: Checker, value: unknown, path: Path, on: LabelsOf): Match | undefined {
  const source = check.text(value, path);
  if (source === undefined || source === '') return undefined;
  const match = calicoSelector(source, on);
  if (!('fault' in match)) return match;
  check.invalid(path, source, `invalid selector: ${match.fault}`);
  return NONE;
}

function nets(check: Checker, value: unknown, path: Path): Match | undefined {
  const listed = check.list(value, path) ?? [];
  if (listed.length === 0) return undefined;
  return or(...listed.map((one, index): Match => {
    const text = check.text(one, [...path, index]) ?? '';
    const block = netOf(text);
    if (block !== undefined) return { op: 'block', block };
    check.invalid([...path, index], text, 'expected an address or a prefix');
    return NONE;
  }));
}

/** Endpoints and network sets that an expression selects; `scope` is where they may lie, `namespaced` leaves out what has no namespace. */
function selected(expression: Match, scope: Match, namespaced: boolean, { sets, world }: CalicoContext): Match {
  const labels = (name: string): Labels => world.namespaces.get(name)?.labels ?? {};
  const whole = and(scope, expression);
  const found = sets.filter((set) => (!namespaced || set.namespace !== undefined) && selectsSet(whole, set, labels)).flatMap((set) => set.blocks);
  return or(and(WORKLOADS, whole), ...found.map((block): Match => ({ op: 'block', block })));
}

/** Everything without a namespace: of what pods may be ends of, the global network sets. */
function selectedGlobally(expression: Match, { sets }: CalicoContext): Match {
  const found = sets.filter((set) => set.namespace === undefined && selectsSet(expression, set, () => ({}))).flatMap((set) => set.blocks);
  return or(...found.map((block): Match => ({ op: 'block', block })));
}

function accounts(check: Checker, value: unknown, path: Path): Match | undefined {
  const given = check.map(value, path, ['names', 'selector']);
  if (given === undefined) return undefined;
  const names = (check.list(given['names'], [...path, 'names']) ?? []).map((one, index) => check.text(one, [...path, 'names', index]) ?? '');
  const selector = selectorAt(check, given['selector'], [...path, 'selector'], 'account');
  if (names.length === 0 && selector === undefined) return undefined;
  return and(names.length > 0 ? { op: 'account', names } : ALL, selector ?? ALL);
}

export interface Entity {
  match: Match;
  /** Ports that a service of the entity brings, where there is one. */
  ports: readonly PortItem[] | undefined;
  condition: string | undefined;
}

/** The backends of a service and their ports; a condition where the service is not in the input. */
function service(check: Checker, value: unknown, path: Path, namespace: string | undefined, { world }: CalicoContext): Entity | undefined {
  const given = check.map(value, path, ['name', 'namespace']);
  const name = check.text(given?.['name'], [...path, 'name']);
  if (name === undefined) return undefined;
  const id = `${check.text(given?.['namespace'], [...path, 'namespace']) ?? namespace ?? ''}/${name}`;
  const found = world.services.find((one) => one.id === id);
  if (found === undefined) return { match: { op: 'unknown', why: `Service ${id}` }, ports: undefined, condition: `the backends of Service ${id}, which is not in the input` };
  const pods = backendsOf(found, world.pods);
  const match = found.selector === undefined
    ? or(...pods.flatMap((pod) => pod.addresses.flatMap((address): Match[] => { const block = netOf(address); return block === undefined ? [] : [{ op: 'block', block }]; })))
    : and(WORKLOADS, { op: 'namespace', name: found.namespace }, ...Object.entries(found.selector).map(([key, one]): Match => ({ op: 'label', on: 'pod', key, values: [one] })));
  const ports = found.ports.map(({ protocol, target }): PortItem => (typeof target === 'number' ? { protocol: protocol as Protocol, from: target, to: target } : { protocol: protocol as Protocol, name: target }));
  return { match, ports, condition: undefined };
}

/** What an entity rule matches. In a policy of a namespace selectors see that namespace alone, unless they name others. */
export function entity(check: Checker, value: unknown, path: Path, namespace: string | undefined, context: CalicoContext): Entity {
  const given: Fields = check.map(value, path, ENTITY_FIELDS) ?? {};
  const viaService = service(check, given['services'], [...path, 'services'], namespace, context);
  const selector = selectorAt(check, given['selector'], [...path, 'selector'], 'pod');
  const notSelector = selectorAt(check, given['notSelector'], [...path, 'notSelector'], 'pod');
  const namespaces = selectorAt(check, given['namespaceSelector'], [...path, 'namespaceSelector'], 'namespace');
  const account = accounts(check, given['serviceAccounts'], [...path, 'serviceAccounts']);
  const scope: Match = namespaces ?? (namespace === undefined ? ALL : { op: 'namespace', name: namespace });
  const selecting = selector !== undefined || namespaces !== undefined || account !== undefined || (notSelector !== undefined && namespace !== undefined);
  const expression = and(selector ?? ALL, account ?? ALL);
  const written = typeof given['namespaceSelector'] === 'string' ? given['namespaceSelector'] : '';
  const positive = selecting ? or(asksForGlobal(written) ? selectedGlobally(expression, context) : NONE, selected(expression, scope, namespaces !== undefined || namespace !== undefined, context)) : ALL;
  const included = nets(check, given['nets'], [...path, 'nets']);
  const excluded = nets(check, given['notNets'], [...path, 'notNets']);
  const match = and(positive, notSelector === undefined ? ALL : not(selected(notSelector, ALL, false, context)), included ?? ALL, excluded === undefined ? ALL : not(excluded), viaService?.match ?? ALL);
  return { match, ports: viaService?.ports, condition: viaService?.condition };
}
