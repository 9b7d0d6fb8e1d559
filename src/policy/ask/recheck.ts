/** What a change of policies changes, found from the classes whose rules changed alone. */
import { addInto, both, membersOf, noBits, setBit, type Bits } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import type { Recompiled } from '../compile/recompile.ts';
import type { Rows } from '../compile/rows.ts';
import { outsideName } from './end-names.ts';
import { Pairs, type Change, type Changed, type Difference, type DiffLevel, type Joint } from './diff.ts';

/** The peers of a class for which a direction says something else than before. */
function otherwise(before: Rows, after: Rows, subject: number, room: number): Bits {
  const found = noBits(room);
  for (const a of before.groupsOf(subject)) for (const b of after.groupsOf(subject)) if (a.outcome !== b.outcome) addInto(found, both(a.peers, b.peers));
  return found;
}

/** The pairs of classes that may have changed: destinations by source. */
function suspects(before: Engine, { engine: after, touched }: Recompiled): Map<number, Bits> {
  const { room } = after.universe;
  const found = new Map<number, Bits>();
  for (const source of touched.egress) found.set(source, otherwise(before.egress, after.egress, source, room));
  for (const target of touched.ingress) {
    for (const source of membersOf(otherwise(before.ingress, after.ingress, target, room))) {
      const known = found.get(source) ?? noBits(room);
      found.set(source, known);
      setBit(known, target);
    }
  }
  return found;
}

/**
 * The difference between an engine and what `recompile` made of it. Every pair of ends that is not looked at has both its
 * rows as before. Destinations of which the same is true come together, addresses outside as one, at the level of workloads every line once.
 */
export function recheck(before: Engine, recompiled: Recompiled, level: DiffLevel): Difference {
  const { engine: after } = recompiled;
  const { universe, addresses } = after;
  const pairs = new Pairs(before, after, level);
  const joints: (Joint | undefined)[] = [];
  const jointOf = (index: number): Joint => {
    const { kind, pods, address } = universe.classes[index]!;
    return (joints[index] ??= { a: index, b: index, pods: pods.map((pod) => ({ a: pod, b: pod })), address, host: kind === 'host' });
  };
  function* ofSource(from: Joint, targets: Bits): Generator<Changed> {
    const found = new Map<Change, { changed: Changed; to: string[]; addresses: number[] }>();
    for (const target of membersOf(targets)) {
      const to = jointOf(target);
      if (pairs.oneByOne(from, to)) {
        yield* pairs.between(from, to);
        continue;
      }
      const change = pairs.change(from, to);
      if (change === undefined) continue;
      const known = found.get(change) ?? { changed: { from: pairs.names(from), to: [], change, ends: { from, to } }, to: [], addresses: [] };
      found.set(change, known);
      if (to.address === undefined) known.to.push(...pairs.names(to));
      else known.addresses.push(to.address);
    }
    for (const { changed, to, addresses: those } of found.values()) yield { ...changed, to: those.length === 0 ? to : [...to, outsideName(addresses, those)] };
  }
  /** Sources outside, joined where the same changes for the same end. */
  function* fromOutside(sources: ReadonlyMap<number, Bits>): Generator<Changed> {
    const found = new Map<Change, Map<number, { changed: Changed; addresses: number[] }>>();
    for (const [source, targets] of sources) {
      const from = jointOf(source);
      for (const target of membersOf(targets)) {
        for (const changed of pairs.between(from, jointOf(target))) {
          const byTarget = found.get(changed.change) ?? new Map<number, { changed: Changed; addresses: number[] }>();
          found.set(changed.change, byTarget);
          const known = byTarget.get(target) ?? { changed, addresses: [] };
          byTarget.set(target, known);
          known.addresses.push(from.address!);
        }
      }
    }
    for (const byTarget of found.values()) for (const { changed, addresses: those } of byTarget.values()) yield { ...changed, from: [outsideName(addresses, those)] };
  }
  function* changes(): Generator<Changed> {
    const found = suspects(before, recompiled);
    const outside = new Map([...found].filter(([source]) => source >= universe.inside));
    for (const [source, targets] of found) if (source < universe.inside) yield* ofSource(jointOf(source), targets);
    yield* fromOutside(outside);
  }
  return { onlyA: [], onlyB: [], changes: level === 'pod' ? changes() : once(changes()) };
}

/** Leaves out pairs of names that were told before with the same change, as replicas of one workload bring them. */
function* once(changes: Iterable<Changed>): Generator<Changed> {
  const told = new Map<Change, Map<string, Set<string>>>();
  for (const changed of changes) {
    const bySource = told.get(changed.change) ?? new Map<string, Set<string>>();
    told.set(changed.change, bySource);
    for (const from of changed.from) {
      const seen = bySource.get(from) ?? new Set<string>();
      bySource.set(from, seen);
      const to = changed.to.filter((one) => seen.size !== seen.add(one).size);
      if (to.length > 0) yield { ...changed, from: [from], to };
    }
  }
}
