/** What changes between two states: which connections close, which open, pair by pair of ends that both have. */
import { between, type Engine } from '../compile/engine.ts';
import type { OutcomeId } from '../compile/outcome.ts';
import { EMPTY, FULL, type SetId } from '../compile/set-table.ts';
import type { Pod } from '../world/world.ts';
import { outsideName } from './end-names.ts';
import { onNode } from './list.ts';

/** Ports by what happens to them. `may…`: an answer before or after depends on something. */
export interface Change {
  closed: SetId;
  opened: SetId;
  mayClose: SetId;
  mayOpen: SetId;
}

/** Ends that both states treat alike, each in its own way. */
export interface Joint {
  a: number;
  b: number;
  /** The same pod in both states. */
  pods: { a: Pod; b: Pod }[];
  address: number | undefined;
  host: boolean;
}

/** What a line of differences is about. */
export type DiffLevel = 'pod' | 'workload';

export interface Changed {
  from: readonly string[];
  to: readonly string[];
  change: Change;
  /** Classes of the ends in the two states, to look up reasons. */
  ends: { from: Joint; to: Joint };
}

export interface Difference {
  /** Workloads that only one of the states has. */
  onlyA: string[];
  onlyB: string[];
  changes: Generator<Changed>;
}

/** Compares outcomes; equal pairs are asked again and again, so that they are remembered. */
export class Comparison {
  readonly #engine: Engine;
  readonly #known = new Map<number, Change | undefined>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What changes from one outcome to another in TCP, UDP and SCTP; undefined when nothing does. */
  of(a: OutcomeId, b: OutcomeId): Change | undefined {
    if (a === b) return undefined;
    const key = a * 0x400_0000 + b;
    if (!this.#known.has(key)) this.#known.set(key, this.#compute(a, b));
    return this.#known.get(key);
  }

  #compute(a: OutcomeId, b: OutcomeId): Change | undefined {
    const { ports: { sets, transports }, outcomes } = this.#engine;
    const parts = (id: OutcomeId): { allow: SetId; depends: SetId; deny: SetId } => {
      const { allow, depends } = outcomes.get(id);
      return { allow: sets.and(allow, transports), depends: sets.and(depends, transports), deny: sets.and(transports, sets.minus(FULL, sets.or(allow, depends))) };
    };
    const [x, y] = [parts(a), parts(b)];
    const change = {
      closed: sets.and(x.allow, y.deny), opened: sets.and(x.deny, y.allow),
      mayClose: sets.or(sets.and(x.allow, y.depends), sets.and(x.depends, y.deny)),
      mayOpen: sets.or(sets.and(x.deny, y.depends), sets.and(x.depends, y.allow)),
    };
    return Object.values(change).every((set) => set === EMPTY) ? undefined : change;
  }
}

function jointsOf(a: Engine, b: Engine): { joints: Joint[]; onlyA: string[]; onlyB: string[] } {
  const others = new Map(b.state.world.pods.map((pod) => [`${pod.id} ${pod.workload}`, pod]));
  const joints = new Map<string, Joint>();
  const onlyA: Pod[] = [];
  for (const pod of a.state.world.pods) {
    const key = `${pod.id} ${pod.workload}`;
    const other = others.get(key);
    if (other === undefined) {
      onlyA.push(pod);
      continue;
    }
    others.delete(key);
    const [x, y] = [a.universe.ofPod(pod), b.universe.ofPod(other)];
    const joint = joints.get(`${x} ${y}`) ?? { a: x, b: y, pods: [], address: undefined, host: pod.hostNetwork || other.hostNetwork };
    joint.pods.push({ a: pod, b: other });
    joints.set(`${x} ${y}`, joint);
  }
  const outside = a.addresses.classes.map((_, address): Joint => ({ a: a.universe.ofAddress(address), b: b.universe.ofAddress(address), pods: [], address, host: false }));
  const names = (pods: Iterable<Pod>): string[] => [...new Set([...pods].map((pod) => pod.workload))];
  return { joints: [...joints.values(), ...outside], onlyA: names(onlyA), onlyB: names(others.values()) };
}

/** Compares two compiled states pair by pair of ends. */
export class Pairs {
  readonly #a: Engine;
  readonly #b: Engine;
  readonly #comparison: Comparison;
  readonly #nameOf: (pod: Pod) => string;
  readonly #names = new Map<Joint, readonly string[]>();

  constructor(a: Engine, b: Engine, level: DiffLevel) {
    [this.#a, this.#b, this.#comparison] = [a, b, new Comparison(a)];
    this.#nameOf = (pod) => (level === 'pod' ? pod.id : pod.workload);
  }

  /** What an end is called; a class of pods has several names. */
  names(joint: Joint): readonly string[] {
    const known = this.#names.get(joint);
    if (known !== undefined) return known;
    const made = joint.address === undefined ? [...new Set(joint.pods.map((pod) => this.#nameOf(pod.a)))] : [outsideName(this.#a.addresses, [joint.address])];
    this.#names.set(joint, made);
    return made;
  }

  /** What changes between two ends that are not looked at one by one. */
  change(from: Joint, to: Joint): Change | undefined {
    if (from.address !== undefined && to.address !== undefined) return undefined;
    return this.#comparison.of(between(this.#a, from.a, to.a), between(this.#b, from.b, to.b));
  }

  /** Whether each of the pods has to be looked at by itself, because it depends on its node what it reaches. */
  oneByOne(from: Joint, to: Joint): boolean {
    return from.host && to.address === undefined;
  }

  /** What changes between two ends. */
  *between(from: Joint, to: Joint): Generator<Changed> {
    if (this.oneByOne(from, to)) {
      yield* this.#fromHost(from, to);
      return;
    }
    const change = this.change(from, to);
    if (change !== undefined) yield { from: this.names(from), to: this.names(to), change, ends: { from, to } };
  }

  /** One by one: a host reaches the pods of its own node whatever their policies say. */
  *#fromHost(from: Joint, to: Joint): Generator<Changed> {
    for (const source of from.pods) {
      for (const target of to.pods) {
        const change = this.#comparison.of(hostOutcome(this.#a, from.a, to.a, source.a, target.a), hostOutcome(this.#b, from.b, to.b, source.b, target.b));
        if (change !== undefined) yield { from: [this.#nameOf(source.a)], to: [this.#nameOf(target.a)], change, ends: { from, to } };
      }
    }
  }
}

/** Compares two states that were compiled together. Ends that only one of them has are named, not compared. */
export function diff(a: Engine, b: Engine, level: DiffLevel): Difference {
  const { joints, onlyA, onlyB } = jointsOf(a, b);
  const pairs = new Pairs(a, b, level);
  function* changes(): Generator<Changed> {
    for (const from of joints) for (const to of joints) yield* pairs.between(from, to);
  }
  return { onlyA, onlyB, changes: changes() };
}

function hostOutcome(engine: Engine, from: number, to: number, source: Pod, target: Pod): OutcomeId {
  const [egress, ingress] = [engine.egress.at(from, to), engine.ingress.at(to, from)];
  return source.hostNetwork && !target.hostNetwork ? onNode(engine, egress, ingress, source.node, target.node) : engine.outcomes.both(egress, ingress);
}
