/** Connections through Services of which a policy with blocks of addresses may see another address than an end's own. */
import { parsePrefix } from '../../net/prefix.ts';
import { hasBit } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import { PRIVATE } from '../compile/universe.ts';
import { parseAddress } from '../model/block.ts';
import { and, NONE, or, type Match } from '../model/match.ts';
import type { Service } from '../world/world.ts';
import { combine, type Verdict } from './answer.ts';
import { decide, type Decision } from './decide.ts';

/** The Service that a connection goes through, and its port there. */
export interface Through {
  service: Service;
  port: number;
}

const SOURCE_IP = 'kubernetes.io/docs/tutorials/services/source-ip';

const ofEngine = new WeakMap<Engine, readonly number[]>();

/** Classes of addresses some of which lie in private ranges, where Services and nodes have theirs that the input does not tell. */
function privateClasses(engine: Engine): readonly number[] {
  const made = ofEngine.get(engine) ?? findPrivate(engine);
  ofEngine.set(engine, made);
  return made;
}

function findPrivate({ addresses, universe }: Engine): number[] {
  const ranges = Object.values(PRIVATE).flat().map(parsePrefix);
  return addresses.classes.flatMap((one, index) => {
    const meets = one.ranges.some(({ width, from, to }) => ranges.some(({ width: other, network, length }) => width === other && network <= to && from < network + (1n << BigInt(other - length))));
    return meets ? [universe.ofAddress(index)] : [];
  });
}

function classesOf({ addresses, universe }: Engine, texts: readonly string[]): number[] {
  return texts.flatMap((text) => parseAddress(text) ?? []).map((address) => universe.ofAddress(addresses.classOf(address)));
}

/** What policies may see instead of the pod behind a Service. */
const destinations = (engine: Engine, { addresses, headless }: Service): readonly number[] => (headless ? [] : addresses.length > 0 ? classesOf(engine, addresses) : privateClasses(engine));

/** What they may see instead of a client outside: its load balancer, or the node that it came to. */
function sources(engine: Engine, { addresses, headless, keepsClient }: Service): readonly number[] {
  if (headless) return [];
  const { nodes } = engine.state.world;
  const hosts = keepsClient ? [] : nodes.length > 0 ? nodes.map((node) => engine.universe.ofNode(node)) : privateClasses(engine);
  return [...classesOf(engine, addresses), ...hosts];
}

const known = new WeakMap<Match, Match>();

/** An expression as far as it holds whatever the address is. */
function withoutBlocks(match: Match): Match {
  if (match.op === 'block') return NONE;
  if (match.op !== 'and' && match.op !== 'or' && match.op !== 'not') return match;
  const made = known.get(match) ?? stripped(match);
  known.set(match, made);
  return made;
}

function stripped(match: Match & { op: 'and' | 'or' | 'not' }): Match {
  if (match.op === 'not') return withoutBlocks(match.of) === match.of ? match : NONE;
  const parts = match.of.map(withoutBlocks);
  if (parts.every((one, index) => one === match.of[index])) return match;
  return match.op === 'and' ? and(...parts) : or(...parts);
}

/** Whether every rule behind a decision means the other end by its address alone. */
function byAddress({ evaluator }: Engine, { heard }: Decision, other: number): boolean {
  const counted = heard.filter((one) => one.counts);
  return counted.length > 0 && counted.every(({ rule }) => !hasBit(evaluator.extent(withoutBlocks(rule.peer)).may, other));
}

/** A decision as it is, and as it would be with another end in the place of the one that it was made for. */
interface Otherwise {
  was: Decision;
  is: Decision;
  for: number;
  instead: number;
}

const differs = (engine: Engine, one: Otherwise): boolean => one.was.answer !== one.is.answer && (byAddress(engine, one.was, one.for) || byAddress(engine, one.is, one.instead));

/**
 * What a firm answer hangs on after all, in words; undefined where it does not. Only blocks of addresses are in question:
 * that selectors and ports mean the pod behind a Service is common practice.
 */
export function rewritten(engine: Engine, { verdict, basis, from, to, protocol, port, egress, ingress }: Verdict, through: Through): string | undefined {
  if (verdict === 'depends' || basis !== 'policy' || egress === undefined || ingress === undefined) return undefined;
  if (engine.addresses.classes.every(({ blocks }) => blocks.size === 0)) return undefined;
  const { services } = engine.state.enforcer;
  if (services.value === 'undefined' && from.kind !== 'address') {
    const atom = engine.ports.atom(protocol, through.port);
    for (const instead of destinations(engine, through.service)) {
      const is = decide(engine, engine.egress.side, from.class, instead, atom);
      if (combine(is.answer, ingress.answer) !== verdict && differs(engine, { was: egress, is, for: to.class, instead })) {
        return `whether policies see the address of Service ${through.service.id} or that of the pod behind it, which is up to the CNI (${services.source})`;
      }
    }
  }
  if (from.kind !== 'address') return undefined;
  const atom = engine.ports.atom(protocol, port);
  for (const instead of sources(engine, through.service)) {
    const is = decide(engine, engine.ingress.side, to.class, instead, atom);
    if (combine(egress.answer, is.answer) !== verdict && differs(engine, { was: ingress, is, for: from.class, instead })) {
      return `whether policies see the client's own address or that of a node or load balancer which hands it on, which is up to them, the Service's externalTrafficPolicy and the CNI (${SOURCE_IP})`;
    }
  }
  return undefined;
}
