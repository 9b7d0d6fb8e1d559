/** One direction of a rule set, compiled: for each class the rules that apply to it, in order, as bits. */
import type { PortMatch } from '../model/ports.ts';
import type { Direction, Isolation, Rule, Stage } from '../model/rules.ts';
import { addInto, both, eachBit, hasBit, isEmpty, noBits, setBit, without, type Bits } from './bits.ts';
import type { Evaluator } from './evaluate.ts';
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
  stages: CompiledStage[];
}

interface Tools {
  universe: Universe;
  evaluator: Evaluator;
  ports: PortSpace;
  /** Pods in the network of their nodes, where nothing is promised about them. */
  hosts: Bits | undefined;
  /** Classes that resolve all named ports alike. */
  namings: readonly { classes: Bits; sample: number }[];
}

/** Classes grouped by their named ports, for rules that have such. */
export function namingsOf(universe: Universe): Tools['namings'] {
  const groups = new Map<string, { classes: Bits; sample: number }>();
  universe.classes.forEach(({ ports }, index) => {
    const key = ports.map((port) => `${port.protocol} ${port.name} ${port.port}`).join();
    const group = groups.get(key) ?? { classes: noBits(universe.size), sample: index };
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
  for (const { classes, sample } of namings) {
    const set = ports.setOf(rule.ports, universe.classes[sample]!.ports);
    const known = bySet.get(set);
    if (known === undefined) bySet.set(set, classes.slice());
    else addInto(known, classes);
  }
  return [...bySet].map(([set, at]) => ({ set, at }));
}

function addRule(rule: Rule, side: Side, entries: CompiledStage['entries'], tools: Tools): void {
  const subject = tools.evaluator.extent(rule.subject);
  const peer = tools.evaluator.extent(rule.peer);
  if (isEmpty(subject.may) || isEmpty(peer.may)) return;
  for (const { set, at } of portsByDestination(rule, tools)) {
    if (tools.ports.sets.isEmpty(set)) continue;
    // Ports are the destination's: the peer's of an egress rule, the subject's of an ingress rule.
    const limit = (bits: Bits): Bits => (at === undefined || rule.direction === 'ingress' ? bits : both(bits, at));
    const may = limit(peer.may);
    const must = peer.must === peer.may ? may : limit(peer.must);
    // Whether a name means a port in a node's network is as little promised as all else about such pods.
    const peers = at === undefined || rule.direction === 'ingress' || tools.hosts === undefined ? { must, may } : { must: without(must, tools.hosts), may };
    if (isEmpty(peers.may)) continue;
    const number = side.rules.length;
    side.rules.push({ rule, ...peers, ports: set, certain: rule.condition === undefined });
    const add = (index: number): void => {
      if (at !== undefined && rule.direction === 'ingress' && !hasBit(at, index)) return;
      const entry = { rule: number, certain: hasBit(subject.must, index) };
      const known = entries[index];
      if (known === undefined) entries[index] = [entry];
      else known.push(entry);
    };
    if (subject.few === undefined) eachBit(subject.may, add);
    else subject.few.forEach(add);
  }
}

function isolate(isolations: readonly Isolation[], stage: CompiledStage, evaluator: Evaluator): void {
  for (const { subject, condition } of isolations) {
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

/** Compiles one direction of a rule set. */
export function compileSide(direction: Direction, stages: readonly Stage[], tools: Tools): Side {
  const side: Side = { direction, rules: [], stages: [] };
  for (const stage of stages) {
    const size = tools.universe.size;
    const compiled: CompiledStage = { stage, entries: Array.from({ length: size }), isolatedMust: noBits(size), isolatedMay: noBits(size) };
    for (const rule of stage.rules) if (rule.direction === direction) addRule(rule, side, compiled.entries, tools);
    isolate(stage.isolations.filter((one) => one.direction === direction), compiled, tools.evaluator);
    side.stages.push(compiled);
  }
  return side;
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

