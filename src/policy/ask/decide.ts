/** Asks the rules of one direction one after the other, as an enforcer does, and keeps what each said. */
import type { Engine } from '../compile/engine.ts';
import { hasBit } from '../compile/bits.ts';
import { isolationOf, type CompiledStage, type Side } from '../compile/side.ts';
import type { Direction, Isolation, Rule } from '../model/rules.ts';

export type Answer = 'allow' | 'deny' | 'depends';

/** A rule of a policy that selects the subject, and how far it fits the connection. */
export interface Heard {
  stage: string;
  rule: Rule;
  /** Whether the peer and the port fit; `maybe` where it hangs on something. */
  peer: 'yes' | 'no' | 'maybe';
  port: boolean;
  /** Both fit, and nothing before it had decided. */
  counts: boolean;
  /** It decided, or was one of those that did. */
  decided: boolean;
  /** Why it may not hold, in words. */
  unless: string | undefined;
}

export interface Decision {
  direction: Direction;
  answer: Answer;
  heard: Heard[];
  /** The policies that isolate the subject, where their end decided. */
  isolated: Isolation[];
  /** Some policy selects the subject in this direction. */
  selected: boolean;
}

const isolations = new WeakMap<CompiledStage, Map<number, Isolation[]>>();

/** The policies that isolate a class in a stage. */
function isolatingOf(engine: Engine, side: Side, stage: CompiledStage, subject: number): Isolation[] {
  const known = isolations.get(stage) ?? new Map<number, Isolation[]>();
  isolations.set(stage, known);
  const found = known.get(subject) ?? stage.stage.isolations.filter((one) => one.direction === side.direction && hasBit(engine.evaluator.extent(one.subject).may, subject));
  known.set(subject, found);
  return found;
}

function unless(engine: Engine, rule: Rule, certainSubject: boolean, peer: Heard['peer'], subject: number, other: number): string | undefined {
  if (rule.condition !== undefined) return rule.condition;
  const host = (index: number): boolean => engine.universe.classes[index]!.kind === 'host';
  if (!certainSubject) return host(subject) ? `policies and pods in the node's network (${engine.state.enforcer.hostNetwork.source})` : 'whether the policy selects it is not certain';
  if (peer !== 'maybe') return undefined;
  if (engine.universe.classes[other]!.unknownAddress) return 'the input does not tell its address, which may lie in the block';
  return host(other) ? `selectors and pods in the node's network (${engine.state.enforcer.hostNetwork.source})` : 'whether the rule means it is not certain';
}

interface Progress {
  answer: Answer | undefined;
  maybe: Set<'allow' | 'deny'>;
}

function settle(progress: Progress, action: 'allow' | 'deny'): void {
  if (progress.answer !== undefined) return;
  progress.answer = progress.maybe.has(action === 'allow' ? 'deny' : 'allow') ? 'depends' : action;
}

/** A rule with named ports is compiled once for each way to resolve them; the one for this destination speaks for it. */
function hear(heard: Heard[], one: Heard): void {
  const last = heard.at(-1);
  if (last?.rule !== one.rule) heard.push(one);
  else if (one.counts || (!last.counts && last.peer === 'no' && one.peer !== 'no')) heard[heard.length - 1] = one;
}

/** A rule that may pass may bring either about. */
function perhaps({ maybe }: Progress, action: Rule['action']): void {
  if (action !== 'deny') maybe.add('allow');
  if (action !== 'allow') maybe.add('deny');
}

/** The decision of one direction for a class, its peer's class, and a port's atom. */
export function decide(engine: Engine, side: Side, subject: number, other: number, atom: number): Decision {
  const decision: Decision = { direction: side.direction, answer: 'allow', heard: [], isolated: [], selected: false };
  const progress: Progress = { answer: undefined, maybe: new Set() };
  for (const stage of side.stages) {
    const entries = stage.entries[subject] ?? [];
    const isolation = isolationOf(stage, subject);
    decision.selected ||= entries.length > 0 || isolation !== 'no';
    let passed = false;
    const open = progress.answer === undefined;
    for (const entry of entries) {
      const { rule, must, may, ports, certain } = side.rules[entry.rule]!;
      const peer = hasBit(must, other) ? 'yes' : hasBit(may, other) ? 'maybe' : 'no';
      const port = engine.ports.sets.has(ports, atom);
      const fits = peer !== 'no' && port;
      // In a stage without order every rule that fits is a reason, not only the first.
      const counts = fits && open && !passed && (progress.answer === undefined || stage.stage.unordered);
      const firm = counts && certain && entry.certain && peer === 'yes';
      if (counts || rule.implied === undefined) hear(decision.heard, { stage: stage.stage.name, rule, peer, port, counts, decided: firm, unless: counts && !firm ? unless(engine, rule, entry.certain, peer, subject, other) : undefined });
      if (!counts) continue;
      if (firm && rule.action === 'pass') passed = true;
      else if (firm) settle(progress, rule.action as 'allow' | 'deny');
      else perhaps(progress, rule.action);
    }
    if (progress.answer !== undefined || passed || isolation === 'no') continue;
    decision.isolated = isolatingOf(engine, side, stage, subject);
    if (isolation === 'yes') settle(progress, 'deny');
    else progress.maybe.add('deny');
  }
  settle(progress, 'allow');
  decision.answer = progress.answer ?? 'allow';
  return decision;
}
