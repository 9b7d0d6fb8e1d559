/** A world for testing the engine: a map that steps write to key by key, with a failure or the tool's death before any single act. */
import type { Journal } from '../journal.ts';
import type { GateVerdict } from '../engine/ports.ts';
import { sealPlan } from '../plan/digest.ts';
import type { Handlers, Impact, Json, Plan, StepGroup, StepSpec } from '../types.ts';

/** What a step of the model does: these values into these keys, in this order. */
export interface Writes {
  [key: string]: string;
}

export type Injection =
  /** The act throws. */
  | 'fail'
  /** The process dies before the act: nothing acts any more until the next session. */
  | 'die'
  /** Journal only: the process dies after the entry reached the disk, before anybody learns of it. */
  | 'die-after';

export class Dead extends Error {}

export class ModelWorld {
  readonly values: Map<string, string>;
  /** Every act so far, in words, for messages of failing tests. */
  readonly acts: string[] = [];
  dead = false;
  #count = 0;
  #injections: ReadonlyMap<number, Injection> = new Map();
  #named: { prefix: string; injection: Injection; left: number }[] = [];

  constructor(initial: Readonly<Record<string, string>>) {
    this.values = new Map(Object.entries(initial));
  }

  /** Begins a session: acts are counted anew, from 0; `injections` says what happens at which. */
  begin(injections: ReadonlyMap<number, Injection>): void {
    this.dead = false;
    this.#count = 0;
    this.#injections = injections;
  }

  /** Injects at the next `times` acts whose words begin so. */
  inject(prefix: string, injection: Injection = 'fail', times = 1): void {
    this.#named.push({ prefix, injection, left: times });
  }

  /** To be called before every act. Throws what was injected there. */
  act(what: string): Injection | undefined {
    if (this.dead) throw new Dead(what);
    const named = this.#named.find(({ prefix, left }) => left > 0 && what.startsWith(prefix));
    if (named !== undefined) named.left--;
    const injection = named?.injection ?? this.#injections.get(this.#count++);
    this.acts.push(injection === undefined ? what : `${what} <- ${injection}`);
    if (injection === 'die') {
      this.dead = true;
      throw new Dead(what);
    }
    if (injection === 'fail') throw new Error(`injected failure: ${what}`);
    return injection;
  }

  set(key: string, value: string | null): void {
    if (value === null) this.values.delete(key);
    else this.values.set(key, value);
  }

  snapshot(): Record<string, string> {
    return Object.fromEntries([...this.values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Handlers of kind `write` over the world; `mayAct` is called before every write of an apply. */
export function writeHandlers(world: ModelWorld, mayAct: (step: StepSpec, captured: Json) => void = () => undefined): Handlers<null> {
  const writes = (step: StepSpec): [string, string][] => Object.entries(step.params as unknown as Writes);
  const has = (step: StepSpec): boolean => writes(step).every(([key, value]) => world.values.get(key) === value);
  return {
    write: {
      async check(_ctx, step) {
        world.act(`check ${step.id}`);
        return has(step);
      },
      async capture(_ctx, step) {
        world.act(`capture ${step.id}`);
        return Object.fromEntries(writes(step).map(([key]) => [key, world.values.get(key) ?? null]));
      },
      async apply(_ctx, step, captured) {
        for (const [key, value] of writes(step)) {
          world.act(`apply ${step.id} ${key}=${value}`);
          mayAct(step, captured);
          world.set(key, value);
        }
      },
      async verify(_ctx, step) {
        world.act(`verify ${step.id}`);
        return { ok: has(step), evidence: [JSON.stringify(world.snapshot())] };
      },
      async undo(_ctx, step, captured) {
        for (const [key, value] of Object.entries(captured as Record<string, string | null>).toReversed()) {
          world.act(`undo ${step.id} ${key}=${value}`);
          world.set(key, value);
        }
      },
    },
  };
}

/** A gate that passes unless a failure is injected (`fail` gives the verdict fail). */
export function modelGate(world: ModelWorld): (step: StepSpec) => Promise<GateVerdict> {
  return async (step) => {
    try {
      world.act(`gate ${step.id}`);
    } catch (error) {
      if (error instanceof Dead) throw error;
      return { verdict: 'fail', reasons: ['injected: 3 of 20 probes lost, expected 0'], figures: { lost: 3 } };
    }
    return { verdict: 'pass', reasons: [], figures: { lost: 0 } };
  };
}

/** The journal as seen by a process that may die at every append. */
export function mortalJournal(journal: Journal, world: ModelWorld): Journal {
  return {
    path: journal.path,
    repairedBytes: journal.repairedBytes,
    get entries() {
      return journal.entries;
    },
    async append(body) {
      const injection = world.act(`journal ${body.type}${'step' in body ? ` ${body.step}` : ''}`);
      const entry = await journal.append(body);
      if (injection === 'die-after') {
        world.dead = true;
        throw new Dead(body.type);
      }
      return entry;
    },
    close: () => journal.close(),
  };
}

/** A step of kind `write`. */
export function writeStep(id: string, group: StepGroup, writes: Writes, more: { gate?: boolean; impact?: Impact[] } = {}): StepSpec {
  const node = group.startsWith('node:') ? { node: group.slice('node:'.length) } : {};
  return {
    id, kind: 'write', group, ...node, title: `writes ${Object.keys(writes).join(', ')}`, actions: Object.entries(writes).map(([key, value]) => `${key} = ${value}`),
    undo: group === 'commit' ? [] : ['put the old values back'], impact: more.impact ?? [], invariants: [1], gate: more.gate ?? false, params: { ...writes },
  };
}

/** A sealed plan of such steps. */
export function modelPlan(steps: StepSpec[]): Plan {
  return sealPlan(
    {
      cluster: { id: '6b7e2d0c-0000-4000-8000-000000000001', name: 'model', distro: 'k3s', kubernetes: '1.34.4', nodes: [{ name: 'a', role: 'server' }] },
      from: 'old', to: 'new', canary: { before: 'open', after: 'denied' }, options: {}, preconditions: [], steps,
    },
    new Date(0),
  );
}

/** What the world holds when exactly these steps are applied, in order, over what it held at first. */
export function expected(initial: Readonly<Record<string, string>>, steps: readonly StepSpec[]): Record<string, string> {
  const world = new ModelWorld(initial);
  for (const step of steps) for (const [key, value] of Object.entries(step.params as unknown as Writes)) world.set(key, value);
  return world.snapshot();
}
