/** Compiles what changed when policies did and nothing else: the rest of the engine, its numbers and its rows are kept. */
import { blockText } from '../model/block.ts';
import { hasBit, setBit, type Bits } from './bits.ts';
import { portRanges, seenBy, toolsOf, type Engine, type State } from './engine.ts';
import { Rows } from './rows.ts';
import { compileSide, treatedAlike, type Tools } from './side.ts';

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

function direction(before: Rows, state: State, tools: Tools, outcomes: Engine['outcomes']): { rows: Rows; touched: number[] } {
  const rows = new Rows(compileSide(before.side.direction, state.stages, tools, before.side), tools.universe, outcomes);
  const touched: number[] = [];
  for (let subject = 0; subject < tools.universe.size; subject += 1) {
    if (treatedAlike(before.side, rows.side, subject)) rows.keep(before, subject);
    else touched.push(subject);
  }
  return { rows, touched };
}

/**
 * The engine of a state that has the world and the enforcer of the engine before, which was compiled in the finest classes,
 * and other policies. Both stay usable, and their numbers mean the same: of classes, ports and outcomes. Undefined where the
 * engine has no room left for addresses that are now told apart; then it is of no more use, and all has to be compiled anew.
 *
 * What it costs: a look at every class and at every rule of every class; rows, by far the most work, are computed anew only
 * for classes whose rules changed, and only once they are asked for.
 */
export function recompile(before: Engine, state: State): Recompiled | undefined {
  const { universe, evaluator, ports, addresses, outcomes } = before;
  const { seen, blocks } = seenBy(state);
  const distinct = new Map(blocks.map((block) => [blockText(block), block]));
  const parents = addresses.refine(distinct.values());
  if (universe.size + parents.length > universe.room) return undefined;
  if (parents.length > 0) extend(before, parents);
  ports.refine(portRanges(state, seen.portNames));
  const tools = toolsOf(universe, evaluator, ports, state.enforcer);
  const [ingress, egress] = [before.ingress, before.egress].map((rows) => direction(rows, state, tools, outcomes));
  return { engine: { state, universe, evaluator, ports, addresses, outcomes, ingress: ingress!.rows, egress: egress!.rows }, touched: { ingress: ingress!.touched, egress: egress!.touched } };
}
