/** One state after the other, each compiled from the one before where only policies changed, and what changes between them. */
import { diff, type Difference, type DiffLevel } from '../ask/diff.ts';
import { recheck } from '../ask/recheck.ts';
import { compile, type Engine, type State } from '../compile/engine.ts';
import { recompile, type Recompiled } from '../compile/recompile.ts';

export interface Step {
  before: Engine;
  after: Engine;
  /** Classes whose traffic other rules judge; undefined where more than policies changed, so that all was compiled and compared. */
  touched: Recompiled['touched'] | undefined;
  difference: Difference;
}

export class Session {
  readonly #level: DiffLevel;
  #engine: Engine;

  constructor(state: State, level: DiffLevel) {
    this.#level = level;
    this.#engine = compile([state], { finest: true })[0]!;
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Goes on to another state. */
  next(state: State): Step {
    const before = this.#engine;
    const { world, enforcer } = before.state;
    const same = world === state.world && enforcer.name === state.enforcer.name && enforcer.blocksMatchNodes.value === state.enforcer.blocksMatchNodes.value;
    const recompiled = same ? recompile(before, state) : undefined;
    if (recompiled === undefined) {
      const [first, second] = compile([before.state, state], { finest: true }) as [Engine, Engine];
      this.#engine = second;
      return { before: first, after: second, touched: undefined, difference: diff(first, second, this.#level) };
    }
    this.#engine = recompiled.engine;
    return { before, after: recompiled.engine, touched: recompiled.touched, difference: recheck(before, recompiled, this.#level) };
  }
}
