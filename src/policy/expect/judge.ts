/** Holds expectations against what policies allow. */
import { answer, type Verdict } from '../ask/answer.ts';
import type { End } from '../ask/ends.ts';
import { Asker } from '../ask/question.ts';
import { reasonsOf } from '../ask/reasons.ts';
import { eachBit } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import type { Protocol } from '../model/ports.ts';
import type { EndSet, Expectation } from './expectations.ts';

export interface Judged {
  expectation: Expectation;
  /** `unknown`: an end is not in the input, so that nothing was tried. */
  result: 'pass' | 'fail' | 'unknown';
  /** Pairs of ends that were tried. */
  tried: number;
  /** Sentences: what is otherwise than expected, and why. */
  because: string[];
}

/** Pairs shown of those that fail; of more only their number. */
const SHOWN = 5;

function endsOf(asker: Asker, set: EndSet): readonly End[] | string {
  if ('name' in set) return asker.ends(set.name);
  const pods = asker.engine.state.world.pods.filter((pod) => (set.namespaces?.includes(pod.namespace) ?? true) && Object.entries(set.labels).every(([key, value]) => pod.labels[key] === value));
  return pods.length === 0 ? `there is no pod of ${JSON.stringify(set)} in the input` : pods.map((pod) => asker.directory.ofPod(pod));
}

/** The ports of an expectation, one of each atom. */
function portsOf(engine: Engine, expectation: Expectation): { protocol: Protocol; port: number }[] {
  if (expectation.port !== undefined) return [expectation.port];
  const ports: { protocol: Protocol; port: number }[] = [];
  eachBit(engine.ports.sets.bits(engine.ports.transports), (atom) => ports.push(engine.ports.first(atom)));
  return ports;
}

function judgeOne(asker: Asker, expectation: Expectation): Judged {
  const service = 'name' in expectation.to ? asker.directory.find(expectation.to.name) : undefined;
  if ((service?.kind === 'route' || (service?.kind === 'service' && expectation.port !== undefined)) && 'name' in expectation.from && 'name' in expectation.to) {
    const { verdict, answers, why } = asker.ask({ from: expectation.from.name, to: expectation.to.name, protocol: 'TCP', port: undefined, ...expectation.port });
    const result = verdict === 'unknown' ? 'unknown' : verdict === expectation.expect ? 'pass' : 'fail';
    return { expectation, result, tried: answers.length, because: [...why, ...answers.filter((one) => one.verdict !== expectation.expect).slice(0, SHOWN).flatMap(lines)] };
  }
  const [from, to] = [endsOf(asker, expectation.from), endsOf(asker, expectation.to)];
  if (typeof from === 'string' || typeof to === 'string') return { expectation, result: 'unknown', tried: 0, because: [from, to].filter((one) => typeof one === 'string').map((one) => `Cannot tell: ${one}.`) };
  const failed: Verdict[] = [];
  let tried = 0;
  const ports = portsOf(asker.engine, expectation);
  for (const source of from) {
    for (const target of to) {
      if (source.kind === 'pod' && target.kind === 'pod' && source.pod === target.pod && !('name' in expectation.from)) continue;
      tried += 1;
      const wrong = ports.map(({ protocol, port }) => answer(asker.engine, source, target, protocol, port)).find((one) => one.verdict !== expectation.expect);
      if (wrong !== undefined) failed.push(wrong);
    }
  }
  if (tried === 0) return { expectation, result: 'unknown', tried, because: ['Cannot tell: both ends are the same pod.'] };
  const more = failed.length > SHOWN ? [`… and ${failed.length - SHOWN} more pairs of ${tried}`] : [];
  return { expectation, result: failed.length === 0 ? 'pass' : 'fail', tried, because: [...failed.slice(0, SHOWN).flatMap(lines), ...more] };
}

function lines(verdict: Verdict): string[] {
  return [`${verdict.from.name} → ${verdict.to.name} ${verdict.protocol} ${verdict.port}: ${verdict.verdict}`, ...reasonsOf(verdict, 'field').map((reason) => `  ${reason}`)];
}

/** All expectations, in order. */
export function judge(engine: Engine, expectations: readonly Expectation[]): Judged[] {
  const asker = new Asker(engine);
  return expectations.map((one) => judgeOne(asker, one));
}
