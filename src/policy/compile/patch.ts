/** A compiled direction after a few of its rules changed: what was compiled of all others is kept, and shared. */
import type { Rule, Stage } from '../model/rules.ts';
import { eachBit, noBits, setBit, type Bits } from './bits.ts';
import { addRule, compileRule, eachOf, isolate, type CompiledRule, type CompiledStage, type Entry, type Side, type Tools } from './side.ts';

/** Where two lists differ: between a common beginning and a common end. */
interface Span<T> {
  start: number;
  removed: readonly T[];
  added: readonly T[];
}

function spanOf<T>(before: readonly T[], after: readonly T[]): Span<T> {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { start, removed: before.slice(start, before.length - end), added: after.slice(start, after.length - end) };
}

/** Whether stages differ in nothing but their rules and isolations. */
export function sameStages(before: readonly Stage[], after: readonly Stage[]): boolean {
  return before.length === after.length && before.every(({ name, unordered }, index) => name === after[index]!.name && unordered === after[index]!.unordered);
}

/** What stages have of rules and isolations that the same stages did not have before. */
export function addedParts(before: readonly Stage[], after: readonly Stage[]): Pick<Stage, 'rules' | 'isolations'>[] {
  return after.map((stage, index) => ({ rules: spanOf(before[index]!.rules, stage.rules).added, isolations: spanOf(before[index]!.isolations, stage.isolations).added }));
}

/** How many entries of a class stand before the place where its new ones belong. */
function placeIn(entries: readonly Entry[], rules: readonly CompiledRule[], earlier: ReadonlySet<Rule>): number {
  const index = entries.findIndex((entry) => !earlier.has(rules[entry.rule]!.rule));
  return index < 0 ? entries.length : index;
}

/** The entries of a stage with other rules; `touched` gets the classes that have others. Compiled rules that come are put behind those of the side. */
function patchEntries(before: CompiledStage, after: Stage, side: Side, tools: Tools, touched: Bits): CompiledStage['entries'] {
  const span = spanOf(before.stage.rules, after.rules);
  const own = (rules: readonly Rule[]): Rule[] => rules.filter(({ direction }) => direction === side.direction);
  const [removed, added] = [new Set(own(span.removed)), own(span.added)];
  if (removed.size + added.length === 0) return before.entries;
  const earlier = new Set(before.stage.rules.slice(0, span.start));
  const affected = noBits(tools.universe.room);
  for (const rule of [...removed, ...added]) eachOf(tools.evaluator.extent(rule.subject), (index) => setBit(affected, index));
  const entries = before.entries.slice();
  const places = new Map<number, number>();
  const known = new Map<Rule, Set<CompiledRule>>();
  eachBit(affected, (index) => {
    setBit(touched, index);
    const old = entries[index] ?? [];
    places.set(index, placeIn(old, side.rules, earlier));
    entries[index] = old.filter((entry) => {
      const compiled = side.rules[entry.rule]!;
      if (!removed.has(compiled.rule)) return true;
      known.set(compiled.rule, (known.get(compiled.rule) ?? new Set()).add(compiled));
      return false;
    });
  });
  for (const compiled of known.values()) side.spent += compiled.size;
  for (const rule of added) {
    addRule([...(known.get(rule) ?? compileRule(rule, tools))], side, tools.evaluator, (index, entry) => {
      const place = places.get(index)!;
      entries[index]!.splice(place, 0, entry);
      places.set(index, place + 1);
    });
  }
  for (const index of places.keys()) if (entries[index]!.length === 0) entries[index] = undefined;
  return entries;
}

/** The isolations of a stage with others; `touched` gets the classes that are isolated otherwise. */
function patchIsolations(before: CompiledStage, after: Stage, side: Side, tools: Tools, touched: Bits): Pick<CompiledStage, 'isolatedMust' | 'isolatedMay'> {
  const { removed, added } = spanOf(before.stage.isolations, after.isolations);
  if (![...removed, ...added].some(({ direction }) => direction === side.direction)) return before;
  const made = { isolatedMust: noBits(tools.universe.room), isolatedMay: noBits(tools.universe.room) };
  isolate(side.direction, after.isolations, made, tools.evaluator);
  for (const which of ['isolatedMust', 'isolatedMay'] as const) eachBit(made[which].map((word, at) => word ^ before[which][at]!), (index) => setBit(touched, index));
  return made;
}

/**
 * Compiles a direction of stages that are the same as before but for some rules (`sameStages`), with the tools of before,
 * and names the classes that other rules may judge. Undefined where it is time to compile it as a whole, because more
 * compiled rules are kept than used.
 */
export function patchSide(before: Side, stages: readonly Stage[], tools: Tools): { side: Side; touched: Bits } | undefined {
  if (before.spent * 2 > before.rules.length) return undefined;
  const touched = noBits(tools.universe.room);
  const side: Side = { direction: before.direction, rules: before.rules.slice(), spent: before.spent, stages: [] };
  stages.forEach((stage, index) => {
    const old = before.stages[index]!;
    const { isolatedMust, isolatedMay } = patchIsolations(old, stage, side, tools, touched);
    side.stages.push({ stage, entries: patchEntries(old, stage, side, tools, touched), isolatedMust, isolatedMay });
  });
  return { side, touched };
}
