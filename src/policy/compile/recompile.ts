/** Compiles what changed when policies did and nothing else: the rest of the engine, its numbers and its rows are kept. */
import { blockText } from '../model/block.ts';
import { allBits, eachBit, hasBit, setBit, type Bits } from './bits.ts';
import { portRanges, seenBy, toolsOf, type Engine, type State } from './engine.ts';
import { addedParts, patchSide, sameStages } from './patch.ts';
import { Rows } from './rows.ts';
import { compileSide, treatedAlike, type Side, type Tools } from './side.ts';

/** The engine after a change of policies, and the classes whose traffic other rules judge than before. */
export interface Recompiled {
  engine: Engine;
  touched: Record<'ingress' | 'egress', number[]>;
}

/** New classes of addresses are parts of old ones: whatever a set says of the old one it says of its part. */
function extend(before: Engine, parents: readonly number[]): void {
  const { universe, evaluator, ingress, egress, addresses } = before;
  const first = universe.size;
  universe.grow(addresses);
  const done = new Set<Bits>();
  for (const sets of [evaluator.sets(), ingress.sets(), egress.sets()]) for (const bits of sets) done.add(bits);
  parents.forEach((parent, index) => {
    for (const bits of done) if (hasBit(bits, universe.ofAddress(parent))) setBit(bits, first + index);
    for (const { side } of [ingress, egress]) for (const { entries } of side.stages) entries[first + index] = entries[universe.ofAddress(parent)];
  });
}

/** A direction compiled as a whole, where any class may be judged otherwise; rules that did not change are not compiled again. */
function wholeSide(before: Side, state: State, tools: Tools): { side: Side; touched: Bits } {
  return { side: compileSide(before.direction, state.stages, tools, before), touched: allBits(tools.universe.size, tools.universe.room) };
}

function direction(before: Rows, state: State, tools: Tools, outcomes: Engine['outcomes'], same: boolean): { rows: Rows; touched: number[] } {
  const { side, touched: suspects } = (same ? patchSide(before.side, state.stages, tools) : undefined) ?? wholeSide(before.side, state, tools);
  const touched: number[] = [];
  eachBit(suspects, (subject) => {
    if (!treatedAlike(before.side, side, subject)) touched.push(subject);
  });
  const rows = new Rows(side, tools.universe, outcomes);
  rows.keep(before, touched);
  return { rows, touched };
}

/**
 * The engine of a state that has the world and the enforcer of the engine before, which was compiled in the finest classes,
 * and other policies. Both stay usable, and their numbers mean the same: of classes, ports and outcomes. Undefined where the
 * engine has no room left for addresses that are now told apart; then it is of no more use, and all has to be compiled anew.
 *
 * What it costs: a look at every rule, to find those that changed; what is done for classes and their rules is done for those
 * that a changed rule selects alone, and rows, by far the most work, only once they are asked for.
 */
export function recompile(before: Engine, state: State): Recompiled | undefined {
  const { universe, evaluator, ports, addresses, outcomes } = before;
  const same = sameStages(before.state.stages, state.stages);
  // Ports and blocks of rules that were there before are told apart already.
  const stages = same ? addedParts(before.state.stages, state.stages) : state.stages;
  const { seen, blocks } = seenBy({ stages, enforcer: state.enforcer });
  const distinct = new Map(blocks.map((block) => [blockText(block), block]));
  const parents = addresses.refine(distinct.values());
  if (universe.size + parents.length > universe.room) return undefined;
  if (parents.length > 0) extend(before, parents);
  ports.refine(portRanges({ world: state.world, stages }, seen.portNames));
  const tools = toolsOf(universe, evaluator, ports, state.enforcer);
  const [ingress, egress] = [before.ingress, before.egress].map((rows) => direction(rows, state, tools, outcomes, same));
  return { engine: { state, universe, evaluator, ports, addresses, outcomes, ingress: ingress!.rows, egress: egress!.rows }, touched: { ingress: ingress!.touched, egress: egress!.touched } };
}
