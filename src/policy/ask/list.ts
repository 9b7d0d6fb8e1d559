/** Writes all connectivity, line by line, in memory that does not grow with the number of lines. */
import { eachBit, type Bits } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import type { OutcomeId } from '../compile/outcome.ts';
import type { PortRange } from '../compile/port-space.ts';
import { FULL } from '../compile/set-table.ts';
import { namesOf, outsideName, type Level } from './end-names.ts';
import type { LineFormat, ListedPorts } from './list-format.ts';
import { ledTo } from './routes.ts';
import { fromOutside, reaches, Visible } from './rectangles.ts';

export interface ListOptions {
  level: Level;
  /** Nodes are ends too. */
  nodes: boolean;
  format: LineFormat;
}

/** Handed over together, so that few writes are made. */
const CHUNK = 1 << 19;

/** Lines on their way out. */
class Lines {
  readonly #format: LineFormat;
  #buffer = '';
  #first = true;

  constructor(format: LineFormat) {
    this.#format = format;
    this.#buffer = format.header;
  }

  /** One line from a name to each of the others; joining is what makes millions a second. */
  add(from: string, to: readonly string[], outcome: OutcomeId): void {
    if (to.length === 0) return;
    this.#write(from, to, this.#format.after(outcome));
  }

  /** One line with ports of its own. */
  exactly(from: string, to: string, ports: ListedPorts): void {
    this.#write(from, [to], this.#format.exactly(ports));
  }

  #write(from: string, to: readonly string[], after: string): void {
    const before = this.#format.before(from);
    this.#buffer += `${this.#first ? '' : this.#format.between}${before}${to.join(`${after}${this.#format.between}${before}`)}${after}`;
    this.#first = false;
  }

  /** What is ready to be written, once it is worth it. */
  *ready(least = CHUNK): Generator<string> {
    if (this.#buffer.length <= least) return;
    yield this.#buffer;
    this.#buffer = '';
  }

  *end(): Generator<string> {
    this.#buffer += this.#format.footer;
    yield* this.ready(0);
  }
}

/** Lists what may talk to what, in pieces of text. An end's traffic with itself is left out. */
export function* list(engine: Engine, options: ListOptions): Generator<string> {
  const { level, nodes, format } = options;
  const { universe } = engine;
  const visible = new Visible(engine);
  const lines = new Lines(format);
  const names = universe.classes.map((one) => namesOf(one, level, nodes).map((name) => format.name(name)));
  for (const { source, to } of reaches(engine, visible)) {
    const sources = names[source]!;
    if (sources.length === 0) continue;
    if (universe.classes[source]!.kind === 'host' && level !== 'class') {
      listHost(engine, visible, source, options, lines);
      yield* lines.ready();
      continue;
    }
    for (const { outcome, targets } of to) {
      const { inside, outside } = split(engine, targets);
      const found = inside.flatMap((index) => names[index]!);
      // A class' members do not talk to themselves, but to one another.
      const itself = level !== 'class' && inside.includes(source);
      const many = level === 'class' && universe.classes[source]!.pods.length === 1 && inside.includes(source);
      for (const from of sources) {
        lines.add(from, itself || many ? found.filter((one) => one !== from) : found, outcome);
        yield* lines.ready();
      }
      if (outside.length > 0) for (const from of sources) lines.add(from, [format.name(outsideName(engine.addresses, outside))], outcome);
    }
  }
  for (const { target, from } of fromOutside(engine, visible)) {
    for (const { outcome, addresses } of from) lines.add(format.name(outsideName(engine.addresses, addresses)), names[target]!, outcome);
    yield* lines.ready();
  }
  if (level !== 'class') listRoutes(engine, level, format, lines);
  yield* lines.end();
}

/** What routes lead to: `depends` where not everybody is let in, because it is their controller who asks. */
function listRoutes(engine: Engine, level: Level, format: LineFormat, lines: Lines): void {
  const found = new Map<string, { from: string; to: string; allow: Set<number>; depends: Set<number> }>();
  for (const { route, pod, port, admits } of ledTo(engine)) {
    const [from, to] = [`${route.kind} ${route.id}`, level === 'pod' ? pod.id : pod.workload];
    const line = found.get(`${from} ${to}`) ?? { from, to, allow: new Set(), depends: new Set() };
    line[admits === 'everybody' ? 'allow' : 'depends'].add(port);
    found.set(`${from} ${to}`, line);
  }
  for (const { from, to, allow, depends } of found.values()) {
    const ranges = (ports: Iterable<number>): PortRange[] => [...ports].toSorted((a, b) => a - b).map((port) => ({ protocol: 'TCP', from: port, to: port }));
    // Of a workload's pods some may admit everybody and some not.
    lines.exactly(format.name(from), format.name(to), { allow: ranges([...allow].filter((port) => !depends.has(port))), depends: ranges(depends) });
  }
}

function split(engine: Engine, targets: Bits): { inside: number[]; outside: number[] } {
  const inside: number[] = [];
  const outside: number[] = [];
  eachBit(targets, (index) => {
    if (index < engine.universe.inside) inside.push(index);
    else outside.push(engine.universe.classes[index]!.address!);
  });
  return { inside, outside };
}

/** Nodes and pods in their network, one by one: each may reach every pod of its own node. */
function listHost(engine: Engine, visible: Visible, source: number, { level, nodes, format }: ListOptions, lines: Lines): void {
  const { universe } = engine;
  const one = universe.classes[source]!;
  const ends = [...one.pods.map((pod) => ({ name: level === 'pod' ? pod.id : pod.workload, node: pod.node })), ...(nodes ? one.nodes.map((node) => ({ name: `node ${node.name}`, node: node.name })) : [])];
  const written = new Set<string>();
  for (const { name, node } of ends) {
    const byOutcome = new Map<OutcomeId, Set<string>>();
    const add = (outcome: OutcomeId, target: string): void => {
      if (target !== name) byOutcome.set(outcome, (byOutcome.get(outcome) ?? new Set()).add(target));
    };
    const outside = new Map<OutcomeId, number[]>();
    universe.classes.forEach((target, index) => {
      const outward = engine.egress.at(source, index);
      const plain = visible.of(engine.outcomes.both(outward, engine.ingress.at(index, source)));
      if (target.kind === 'address') {
        if (plain !== undefined) outside.set(plain, [...(outside.get(plain) ?? []), target.address!]);
        return;
      }
      for (const pod of target.pods) {
        const outcome = target.kind === 'host' ? plain : visible.of(onNode(engine, outward, engine.ingress.at(index, source), node, pod.node));
        if (outcome !== undefined) add(outcome, level === 'pod' ? pod.id : pod.workload);
      }
      if (nodes && plain !== undefined) for (const other of target.nodes) add(plain, `node ${other.name}`);
    });
    for (const [outcome, targets] of byOutcome) {
      const key = `${name} ${outcome}`;
      const fresh = [...targets].filter((target) => level === 'pod' || !written.has(`${key} ${target}`));
      for (const target of fresh) written.add(`${key} ${target}`);
      lines.add(format.name(name), fresh.map((target) => format.name(target)), outcome);
    }
    for (const [outcome, addresses] of outside) {
      if (level !== 'pod' && written.has(`${name} ${outcome} outside`)) continue;
      written.add(`${name} ${outcome} outside`);
      lines.add(format.name(name), [format.name(outsideName(engine.addresses, addresses))], outcome);
    }
  }
}

/** A host's traffic to a pod: past the pod's ingress where it is the pod's own node, perhaps so where that is not known. */
export function onNode(engine: Engine, egress: OutcomeId, ingress: OutcomeId, node: string | undefined, other: string | undefined): OutcomeId {
  if (node !== undefined && other !== undefined) return node === other ? egress : engine.outcomes.both(egress, ingress);
  const { sets } = engine.ports;
  const { allow } = engine.outcomes.get(ingress);
  return engine.outcomes.both(egress, engine.outcomes.intern({ allow, depends: sets.minus(FULL, allow) }));
}
