/** A cluster's policies, compiled: answers for classes of endpoints, from which every other answer is made. */
import type { Enforcer } from '../enforcers/enforcer.ts';
import type { Block } from '../model/block.ts';
import type { LabelsOf, Match } from '../model/match.ts';
import { DIRECTIONS, type Stage } from '../model/rules.ts';
import type { Labels, World } from '../world/world.ts';
import { AddressSpace } from './address-space.ts';
import { bitsOf } from './bits.ts';
import { Evaluator } from './evaluate.ts';
import { OutcomeTable, type OutcomeId } from './outcome.ts';
import { PortSpace, type PortRange } from './port-space.ts';
import { Rows } from './rows.ts';
import { compileSide, namingsOf, type Tools } from './side.ts';
import { Universe, type Seen } from './universe.ts';

/** A cluster with its policies, as one enforcer takes them. */
export interface State {
  world: World;
  stages: readonly Stage[];
  enforcer: Enforcer;
}

/** What states that are compared must have in common, so that their ports, addresses and outcomes are the same numbers. */
export interface Tables {
  ports: PortSpace;
  addresses: AddressSpace;
  outcomes: OutcomeTable;
}

export interface Engine extends Tables {
  state: State;
  universe: Universe;
  evaluator: Evaluator;
  ingress: Rows;
  egress: Rows;
}

function walk(match: Match, visit: (match: Match) => void): void {
  visit(match);
  if (match.op === 'and' || match.op === 'or') for (const one of match.of) walk(one, visit);
  if (match.op === 'not') walk(match.of, visit);
}

/** What of a stage looks at the cluster. */
export type Parts = Pick<Stage, 'rules' | 'isolations'>;

/** Every expression of the stages, parts included, each once. */
function eachMatch(stages: readonly Parts[], visit: (match: Match) => void): void {
  const done = new Set<Match>();
  const once = (match: Match): void => {
    if (done.has(match)) return;
    done.add(match);
    walk(match, visit);
  };
  for (const { rules, isolations } of stages) {
    for (const { subject, peer } of rules) {
      once(subject);
      once(peer);
    }
    for (const { subject } of isolations) once(subject);
  }
}

interface Needs extends Seen {
  keys: Record<LabelsOf, Map<string, Set<string> | 'all'>>;
  portNames: Set<string>;
}

/** What the policies of a state look at. */
export function seenBy({ stages, enforcer }: Pick<State, 'enforcer'> & { stages: readonly Parts[] }): { seen: Needs; blocks: Block[] } {
  const seen: Needs = { keys: { pod: new Map(), namespace: new Map(), account: new Map(), node: new Map() }, accounts: false, portNames: new Set(), hostPorts: enforcer.hostNetwork.value === 'undefined', blocks: false, addresses: false };
  const blocks: Block[] = [];
  eachMatch(stages, (match) => {
    if (match.op === 'label' || match.op === 'has') {
      const values = seen.keys[match.on].get(match.key) ?? new Set();
      seen.keys[match.on].set(match.key, values);
      if (match.op === 'label' && values !== 'all') for (const value of match.values) values.add(value);
    }
    if (match.op === 'text') seen.keys[match.on].set(match.key, 'all');
    if (match.op === 'account') seen.accounts = true;
    if (match.op === 'block') blocks.push(match.block);
  });
  seen.blocks = blocks.length > 0;
  for (const { rules } of stages) {
    for (const { ports } of rules) {
      for (const item of [...(ports.include === 'any' ? [] : ports.include), ...ports.exclude]) if ('name' in item) seen.portNames.add(item.name);
    }
  }
  return { seen, blocks };
}

/** Every number that a rule may come to: those written, and those of pods that a name may mean. */
export function portRanges({ world, stages }: Pick<State, 'world'> & { stages: readonly Parts[] }, names: ReadonlySet<string>): PortRange[] {
  const ranges = new Map<string, PortRange>();
  const add = (range: PortRange): void => void ranges.set(`${range.protocol} ${range.from} ${range.to}`, range);
  for (const { rules } of stages) {
    for (const { ports } of rules) {
      for (const item of [...(ports.include === 'any' ? [] : ports.include), ...ports.exclude]) if (!('name' in item)) add(item);
    }
  }
  if (names.size > 0) {
    for (const pod of world.pods) {
      for (const { name, protocol, port } of pod.ports) if (names.has(name)) add({ protocol: protocol as PortRange['protocol'], from: port, to: port });
    }
  }
  return [...ranges.values()];
}

/** What any policy could look at, so that no policy tells two members of a class apart. */
function everything({ world, enforcer }: State): Seen {
  const all = (labels: Iterable<Labels>): Map<string, 'all'> => new Map([...labels].flatMap((one) => Object.keys(one).map((key) => [key, 'all'])));
  return {
    keys: {
      pod: all(world.pods.map((one) => one.labels)), namespace: all([...world.namespaces.values()].map((one) => one.labels)),
      account: all(world.accounts.values()), node: all(world.nodes.map((one) => one.labels)),
    },
    accounts: true, portNames: new Set(world.pods.flatMap((pod) => pod.ports.map((port) => port.name))), hostPorts: enforcer.hostNetwork.value === 'undefined', blocks: true, addresses: true,
  };
}

export function toolsOf(universe: Universe, evaluator: Evaluator, ports: PortSpace, enforcer: Enforcer): Tools {
  const hosts = enforcer.hostNetwork.value === 'undefined' ? bitsOf(universe.room, universe.classes.flatMap((one, id) => (one.kind === 'host' && one.pods.length > 0 ? id : []))) : undefined;
  let namings: ReturnType<typeof namingsOf> | undefined;
  return { universe, evaluator, ports, hosts, namings: () => (namings ??= namingsOf(universe)) };
}

/**
 * Compiles states that are to be compared; one alone is compared with nothing. `finest`: in classes that no policy tells
 * apart, so that `recompile` can take other policies in.
 */
export function compile(states: readonly State[], { finest = false } = {}): Engine[] {
  const needs = states.map((state) => seenBy(state));
  const addresses = new AddressSpace(needs.flatMap((one) => one.blocks));
  const ports = new PortSpace(states.flatMap((state, index) => portRanges(state, needs[index]!.seen.portNames)));
  const outcomes = new OutcomeTable(ports.sets);
  return states.map((state, index) => {
    const universe = new Universe(state.world, finest ? everything(state) : needs[index]!.seen, addresses);
    const evaluator = new Evaluator(universe, addresses, state.enforcer);
    const tools = toolsOf(universe, evaluator, ports, state.enforcer);
    const [ingress, egress] = DIRECTIONS.map((direction) => new Rows(compileSide(direction, state.stages, tools), universe, outcomes));
    return { state, universe, evaluator, ports, addresses, outcomes, ingress: ingress!, egress: egress! };
  });
}

/** What is allowed from one class to another: the source's egress and the destination's ingress. */
export function between(engine: Engine, from: number, to: number): OutcomeId {
  return engine.outcomes.both(engine.egress.at(from, to), engine.ingress.at(to, from));
}
