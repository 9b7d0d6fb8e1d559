/** Compares the engine with a naive evaluator, over all ends of a random world. For tests. */
import type { Engine } from '../compile/engine.ts';
import type { Protocol } from '../model/ports.ts';
import { classOf, classVerdict } from './engine-of.ts';
import type { TestEnd, TestPod } from './kubernetes-oracle.ts';
import { OUTSIDE } from './kubernetes-worlds.ts';

type Allows = (from: TestEnd, to: TestEnd, protocol: string, port: number) => boolean;

/** Throws the first question on which they do not agree. */
export function mustAgree(engine: Engine, pods: readonly TestPod[], allows: Allows, ports: readonly number[] = [1, 80, 443], protocols: readonly Protocol[] = ['TCP', 'UDP']): void {
  const ends: TestEnd[] = [...pods, ...OUTSIDE.filter((one) => !pods.some((pod) => pod.addresses.includes(one)))];
  // Looked up once: it is what long runs would spend most of their time with.
  const classes = new Map(ends.map((end) => [end, classOf(engine, end)]));
  const pairs = ends.flatMap((from) => ends.filter((to) => typeof from !== 'string' || typeof to !== 'string').map((to) => ({ from, to })));
  for (const { from, to } of pairs) {
    for (const port of ports) {
      for (const protocol of protocols) {
        const expected = allows(from, to, protocol, port) ? 'allow' : 'deny';
        const got = classVerdict(engine, classes.get(from)!, classes.get(to)!, port, protocol);
        if (got !== expected) throw new Error(`${JSON.stringify(from)} → ${JSON.stringify(to)} ${protocol} ${port}: ${got}, expected ${expected}`);
      }
    }
  }
}
