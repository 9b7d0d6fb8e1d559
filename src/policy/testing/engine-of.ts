/** Compiles objects written in a test, and asks about ends named as tests name them. For tests. */
import { compile, between, type Engine } from '../compile/engine.ts';
import { problemText } from '../input/object.ts';
import { readText } from '../input/objects.ts';
import { parseAddress } from '../model/block.ts';
import type { Protocol } from '../model/ports.ts';
import { readState } from '../state.ts';
import type { TestEnd } from './kubernetes-oracle.ts';

export interface Made {
  engine: Engine;
  problems: string[];
}

/** Compiles a stream of YAML, or objects. */
export function engineOf(input: string | readonly object[], enforcer = 'calico'): Made {
  const text = typeof input === 'string' ? input : input.map((one) => JSON.stringify(one)).join('\n---\n');
  const { state, problems } = readState(readText('test.yaml', text), enforcer);
  const [engine] = compile([state]);
  if (engine === undefined) throw new Error('nothing was compiled');
  return { engine, problems: problems.map(problemText) };
}

/** The class of an end: `ns/pod`, a test's pod, a node's name, or an address. */
export function classOf(engine: Engine, end: TestEnd): number {
  const { universe, state: { world } } = engine;
  const id = typeof end === 'string' ? end : `${end.namespace}/${end.name}`;
  const pod = world.pods.find((one) => one.id === id);
  if (pod !== undefined) return universe.ofPod(pod);
  const node = world.nodes.find((one) => one.name === id);
  if (node !== undefined) return universe.ofNode(node);
  const address = parseAddress(id);
  if (address === undefined) throw new Error(`${id} is no end`);
  return universe.ofAddress(engine.addresses.classOf(address));
}

/** The engine's verdict on classes alone: without what is particular to a pair, such as a pod and its node. */
export function verdictOf(engine: Engine, from: TestEnd, to: TestEnd, port: number, protocol: Protocol = 'TCP'): 'allow' | 'deny' | 'depends' {
  return classVerdict(engine, classOf(engine, from), classOf(engine, to), port, protocol);
}

/** The same for classes that are known. */
export function classVerdict(engine: Engine, from: number, to: number, port: number, protocol: Protocol): 'allow' | 'deny' | 'depends' {
  const outcome = engine.outcomes.get(between(engine, from, to));
  const atom = engine.ports.atom(protocol, port);
  return engine.ports.sets.has(outcome.allow, atom) ? 'allow' : engine.ports.sets.has(outcome.depends, atom) ? 'depends' : 'deny';
}
