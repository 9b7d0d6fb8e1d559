/** One direction of a rule set, compiled: for each class the rules that apply to it, in order, as bits. */
import type { PortMatch } from '../model/ports.ts';
import type { Direction, Isolation, Rule, Stage } from '../model/rules.ts';
import { addInto, both, eachBit, hasBit, isEmpty, noBits, setBit, without, type Bits } from './bits.ts';
import type { Evaluator, Extent } from './evaluate.ts';
import type { PortSpace } from './port-space.ts';
import type { SetId } from './set-table.ts';
import type { Universe } from './universe.ts';

/** A rule as far as it concerns destinations that resolve its named ports alike. */
export interface CompiledRule {
  rule: Rule;
  must: Bits;
  may: Bits;
  ports: SetId;
  /** The rule hangs on nothing but endpoints and ports. */
  certain: boolean;
  /** The only subjects, of those of the rule, that resolve its ports so; undefined where all do. */
  subjects: Bits | undefined;
}

/** A compiled rule as it applies to one class of subjects. */
export interface Entry {
  /** Number of the compiled rule. */
  rule: number;
  /** The policy selects these subjects in any case. */
  certain: boolean;
}

export interface CompiledStage {
  stage: Stage;
  /** By class of subjects; absent where no rule applies. */
  entries: (Entry[] | undefined)[];
  isolatedMust: Bits;
  isolatedMay: Bits;
}

export interface Side {
  direction: Direction;
  rules: CompiledRule[];
  /** How many of these no entry has any more. */
  spent: number;
  stages: CompiledStage[];
}

/** What compiling a direction needs, the same for all its rules. */
export interface Tools {
  universe: Universe;
  evaluator: Evaluator;
  ports: PortSpace;
  /** Pods in the network of their nodes, where nothing is promised about them. */
  hosts: Bits | undefined;
  /** Classes that resolve all named ports alike; made when a rule with such ports is. */
  namings(): readonly Naming[];
}

interface Naming {
  classes: Bits;
  sample: number;
}

/** Classes grouped by their named ports, for rules that have such. */
export function namingsOf(universe: Universe): Naming[] {
  const groups = new Map<string, Naming>();
  universe.classes.forEach(({ ports }, index) => {
    const key = ports.map((port) => `${port.protocol} ${port.name} ${port.port}`).join();
    const group = groups.get(key) ?? { classes: noBits(universe.room), sample: index };
    groups.set(key, group);
    group.classes[index >>> 5]! |= 1 << (index & 31);
  });
  return [...groups.values()];
}

const hasNames = ({ include, exclude }: PortMatch): boolean => [...(include === 'any' ? [] : include), ...exclude].some((item) => 'name' in item);

/** The rule's ports at each kind of destination: the atoms, and the classes there; undefined stands for all classes. */
function portsByDestination(rule: Rule, { ports, universe, namings }: Tools): { set: SetId; at: Bits | undefined }[] {
  if (!hasNames(rule.ports)) return [{ set: ports.setOf(rule.ports, []), at: undefined }];
  const bySet = new Map<SetId, Bits>();
  for (const { classes, sample } of namings()) {
    const set = ports.setOf(rule.ports, universe.classes[sample]!.ports);
    const known = bySet.get(set);
    if (known === undefined) bySet.set(set, classes.slice());
    else addInto(known, classes);
  }
  return [...bySet].map(([set, at]) => ({ set, at }));
}

/** What a rule comes to, by how destinations resolve its ports. */
export function compileRule(rule: Rule, tools: Tools): CompiledRule[] {
  const peer = tools.evaluator.extent(rule.peer);
  if (isEmpty(peer.may)) return [];
  return portsByDestination(rule, tools).flatMap(({ set, at }) => {
    if (tools.ports.sets.isEmpty(set)) return [];
    // Ports are the destination's: the peer's of an egress rule, the subject's of an ingress rule.
    const ingress = rule.direction === 'ingress';
    const limit = (bits: Bits): Bits => (at === undefined || ingress ? bits : both(bits, at));
    const may = limit(peer.may);
    const must = peer.must === peer.may ? may : limit(peer.must);
    // Whether a name means a port in a node's network is as little promised as all else about such pods.
    const peers = at === undefined || ingress || tools.hosts === undefined ? { must, may } : { must: without(must, tools.hosts), may };
    return isEmpty(peers.may) ? [] : [{ rule, ...peers, ports: set, certain: rule.condition === undefined, subjects: ingress ? at : undefined }];
  });
}

/** Calls with each class that an expression may match. */
export function eachOf({ may, few }: Extent, take: (index: number) => void): void {
  if (few === undefined) eachBit(may, take);
  else few.forEach(take);
}

/** Takes a rule into a side, and hands its entry to every class of subjects that it may be for. */
export function addRule(compiled: readonly CompiledRule[], side: Side, evaluator: Evaluator, add: (index: number, entry: Entry) => void): void {
  for (const one of compiled) {
    const subject = evaluator.extent(one.rule.subject);
    const rule = side.rules.length;
    side.rules.push(one);
    eachOf(subject, (index) => {
      if (one.subjects === undefined || hasBit(one.subjects, index)) add(index, { rule, certain: hasBit(subject.must, index) });
    });
  }
}

/** Marks what a stage isolates in a direction. */
export function isolate(direction: Direction, isolations: readonly Isolation[], stage: Pick<CompiledStage, 'isolatedMust' | 'isolatedMay'>, evaluator: Evaluator): void {
  for (const { direction: its, subject, condition } of isolations) {
    if (its !== direction) continue;
    const { must, may, few } = evaluator.extent(subject);
    if (few === undefined) {
      if (condition === undefined) addInto(stage.isolatedMust, must);
      addInto(stage.isolatedMay, may);
      continue;
    }
    for (const index of few) {
      if (condition === undefined) setBit(stage.isolatedMust, index);
      setBit(stage.isolatedMay, index);
    }
  }
}

/** The compiled rules that some entry has, each once: of a side that was patched others are kept, and some stand there twice. */
function usedRules({ rules, spent, stages }: Side): Iterable<CompiledRule> {
  if (spent === 0) return rules;
  const used = new Set<CompiledRule>();
  for (const { entries } of stages) for (const own of entries) for (const { rule } of own ?? []) used.add(rules[rule]!);
  return used;
}

/** Compiles one direction of a rule set. Rules that were compiled before, with the same tools, are taken from there. */
export function compileSide(direction: Direction, stages: readonly Stage[], tools: Tools, before?: Side): Side {
  const side: Side = { direction, rules: [], spent: 0, stages: [] };
  const earlier = before === undefined ? undefined : Map.groupBy(usedRules(before), (one) => one.rule);
  for (const stage of stages) {
    const { size, room } = tools.universe;
    const compiled: CompiledStage = { stage, entries: Array.from({ length: size }), isolatedMust: noBits(room), isolatedMay: noBits(room) };
    const add = (index: number, entry: Entry): void => {
      const known = compiled.entries[index];
      if (known === undefined) compiled.entries[index] = [entry];
      else known.push(entry);
    };
    for (const rule of stage.rules) {
      if (rule.direction !== direction || isEmpty(tools.evaluator.extent(rule.subject).may)) continue;
      addRule(earlier?.get(rule) ?? compileRule(rule, tools), side, tools.evaluator, add);
    }
    isolate(direction, stage.isolations, compiled, tools.evaluator);
    side.stages.push(compiled);
  }
  return side;
}

/** What decides about a class in a stage: its isolation, and pairs of a compiled rule and whether it certainly applies; nothing where the stage leaves it alone. */
function judgedBy(side: Side, stage: CompiledStage, subject: number): unknown[] {
  const [isolated, entries = []] = [isolationOf(stage, subject), stage.entries[subject]];
  return isolated === 'no' && entries.length === 0 ? [] : [isolated, ...entries.flatMap((entry) => [side.rules[entry.rule], entry.certain])];
}

/** Whether the same rules, in the same order, judge a class before and after. */
export function treatedAlike(before: Side, after: Side, subject: number): boolean {
  const [a, b] = [before, after].map((side) => side.stages.map((stage) => judgedBy(side, stage, subject)).filter((one) => one.length > 0)) as [unknown[][], unknown[][]];
  return a.length === b.length && a.every((one, index) => one.length === b[index]!.length && one.every((part, at) => part === b[index]![at]));
}

/** Every set that a compiled direction has. */
export function* setsOf(side: Side): Generator<Bits> {
  for (const { must, may, subjects } of side.rules) yield* [must, may, ...(subjects === undefined ? [] : [subjects])];
  for (const { isolatedMust, isolatedMay } of side.stages) yield* [isolatedMust, isolatedMay];
}

/** Whether a class' traffic that no rule of the stage matched is denied there. */
export function isolationOf(stage: CompiledStage, subject: number): 'yes' | 'no' | 'maybe' {
  return hasBit(stage.isolatedMust, subject) ? 'yes' : hasBit(stage.isolatedMay, subject) ? 'maybe' : 'no';
}

/** One step of judging: rules that say the same of their ports, joined where their order does not matter. */
export interface Step {
  must: Bits;
  may: Bits;
  ports: SetId;
  action: Rule['action'];
  certain: boolean;
}

/** The steps of a stage for one class of subjects. */
export function stepsOf(side: Side, stage: CompiledStage, subject: number): Step[] {
  const made = (stage.entries[subject] ?? []).map(({ rule: number, certain }) => {
    const { rule, must, may, ports, certain: firm } = side.rules[number]!;
    return { must, may, ports, action: rule.action, certain: certain && firm };
  });
  if (stage.stage.unordered) made.sort((a, b) => a.ports - b.ports || Number(b.certain) - Number(a.certain));
  const steps: (Step & { own?: true })[] = [];
  for (const one of made) {
    const last = steps.at(-1);
    if (last === undefined || last.ports !== one.ports || last.action !== one.action || last.certain !== one.certain) {
      steps.push(one);
      continue;
    }
    if (last.own === undefined) {
      const exact = last.must === last.may;
      last.must = last.must.slice();
      last.may = exact && one.must === one.may ? last.must : last.may.slice();
      last.own = true;
    }
    if (last.must === last.may && one.must !== one.may) last.may = last.may.slice();
    addInto(last.must, one.must);
    if (last.may !== last.must) addInto(last.may, one.may);
  }
  return steps;
}

/** A key that is the same for classes that a direction treats alike. */
export function treatmentOf(side: Side, subject: number): string {
  return side.stages.map((stage) => `${isolationOf(stage, subject)}:${(stage.entries[subject] ?? []).map((entry) => (entry.certain ? entry.rule : `${entry.rule}?`)).join()}`).join(';');
}

/** A direction that leaves a class alone. */
export function untouched(side: Side, subject: number): boolean {
  return side.stages.every((stage) => stage.entries[subject] === undefined && isolationOf(stage, subject) === 'no');
}

