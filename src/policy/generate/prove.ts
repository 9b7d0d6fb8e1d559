/** Proves of generated policies that they allow each connection seen, and nothing else between the workloads seen. */
import { between, compile, type Engine } from '../compile/engine.ts';
import { readText } from '../input/objects.ts';
import { parseAddress } from '../model/block.ts';
import type { Protocol } from '../model/ports.ts';
import { readPolicies } from '../parse/policies.ts';
import type { Generated, Link } from './generate.ts';
import type { Selectable } from './workloads.ts';

export interface Proof {
  /** Pairs of pods whose ports were compared. */
  pairs: number;
  /** What is otherwise than it should be; empty when the proof holds. */
  faults: string[];
}

function classOf(engine: Engine, side: Selectable | string): number | undefined {
  if (typeof side !== 'string') return engine.universe.ofPod(side.pods[0]!);
  const address = parseAddress(side);
  return address === undefined ? undefined : engine.universe.ofAddress(engine.addresses.classOf(address));
}

/** Compiles the policies as the API has them, over the same cluster, and compares. */
export function prove(before: Engine, { policies, links }: Generated): Proof {
  const { objects } = readText('generated', policies.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const { stages, problems } = readPolicies(objects, before.state.world, before.state.enforcer);
  const [engine] = compile([{ ...before.state, stages }]);
  const faults = problems.filter((one) => one.severity === 'error').map((one) => one.message);
  const { ports: { sets }, outcomes } = engine!;
  const nameOf = (side: Selectable | string): string => (typeof side === 'string' ? side : side.names.join(' and '));
  const allowed = (link: Link): boolean => {
    const [from, to] = [classOf(engine!, link.from), classOf(engine!, link.to)];
    if (from === undefined || to === undefined) return false;
    return sets.has(outcomes.get(between(engine!, from, to)).allow, engine!.ports.atom(link.protocol as Protocol, link.port));
  };
  for (const link of links) if (!allowed(link)) faults.push(`${nameOf(link.from)} → ${nameOf(link.to)} ${link.protocol} ${link.port} was seen and is not allowed`);
  const groups = [...new Set(links.flatMap((link) => [link.from, link.to]))].filter((side) => typeof side !== 'string');
  let pairs = 0;
  for (const from of groups) {
    for (const to of groups) {
      const wanted = engine!.ports.setOf({ include: links.filter((link) => link.from === from && link.to === to).map(({ protocol, port }) => ({ protocol: protocol as Protocol, from: port, to: port })), exclude: [] }, []);
      const several = from.pods.flatMap((source) => to.pods.filter((target) => target !== source).map((target) => ({ source, target })));
      pairs += several.length;
      for (const { source, target } of several) {
        const { allow, depends } = outcomes.get(between(engine!, engine!.universe.ofPod(source), engine!.universe.ofPod(target)));
        const more = sets.minus(sets.and(sets.or(allow, depends), engine!.ports.transports), wanted);
        if (!sets.isEmpty(more)) faults.push(`${source.id} → ${target.id} would be allowed more than was seen`);
      }
    }
  }
  return { pairs, faults };
}
