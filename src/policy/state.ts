/** From what the user named to a state that can be compiled: objects, their cluster, their policies, one enforcer. */
import { UsageError } from '../core/errors.ts';
import type { State } from './compile/engine.ts';
import type { Dialect, Enforcer } from './enforcers/enforcer.ts';
import { enforcerOf } from './enforcers/enforcers.ts';
import type { LoadedObject, Problem } from './input/object.ts';
import type { Loaded } from './input/objects.ts';
import { agentConfig } from './parse/cilium.ts';
import { dialectOf } from './parse/dialect.ts';
import { Parsed, readPolicies } from './parse/policies.ts';
import { readWorld } from './world/read-world.ts';
import type { World } from './world/world.ts';

export interface ReadState {
  state: State;
  problems: Problem[];
}

/** Dialects that only one enforcer understands. */
const OWN: readonly Dialect[] = ['calico', 'cilium'];

/** The enforcer that the policies of the input are written for. Errors: UsageError where they are for several. */
export function guessEnforcer(objects: readonly LoadedObject[]): Enforcer {
  const found = new Set(objects.map(dialectOf));
  const own = OWN.filter((dialect) => found.has(dialect));
  if (own.length > 1) throw new UsageError(`The input has policies of ${own.join(' and ')}, which no single CNI enforces.`, { hint: 'choose one with --enforcer' });
  return enforcerOf(own[0] ?? 'api');
}

/** The enforcer as the input configures it. */
function configured(enforcer: Enforcer, objects: readonly LoadedObject[]): Enforcer {
  const agent = enforcer.enforces.value.includes('cilium') ? agentConfig(objects) : undefined;
  return agent?.matchesNodes === true ? { ...enforcer, blocksMatchNodes: { value: true, source: `${agent.object.origin.file}: policy-cidr-match-mode` } } : enforcer;
}

/** The state of loaded objects under an enforcer; `auto` takes the one that the policies are written for. */
export function readState(loaded: Loaded, enforcer: string): ReadState {
  return new StateReader(enforcer).read(loaded);
}

/** Reads one state after the other: the world is the same object as long as nothing but policies changed, and so are the rules of policies that did not. */
export class StateReader {
  readonly #enforcer: string;
  readonly #parsed = new Parsed();
  #others: readonly LoadedObject[] = [];
  #world: World | undefined;

  constructor(enforcer: string) {
    this.#enforcer = enforcer;
  }

  read({ objects, problems }: Loaded): ReadState {
    const chosen = configured(this.#enforcer === 'auto' ? guessEnforcer(objects) : enforcerOf(this.#enforcer), objects);
    const world = this.#worldOf(objects);
    const policies = readPolicies(objects, world, chosen, this.#parsed);
    return { state: { world, stages: policies.stages, enforcer: chosen }, problems: [...problems, ...policies.problems] };
  }

  #worldOf(objects: readonly LoadedObject[]): World {
    const others = objects.filter((object) => dialectOf(object) === undefined);
    const same = this.#world !== undefined && others.length === this.#others.length && others.every((one, index) => one === this.#others[index]);
    this.#others = others;
    this.#world = same ? this.#world! : readWorld(objects);
    return this.#world;
  }
}
