/** A question by names, and its answer over everything that the names stand for. */
import type { Engine } from '../compile/engine.ts';
import { PROTOCOLS, type Protocol } from '../model/ports.ts';
import { answer, type Verdict } from './answer.ts';
import { answerService } from './answer-service.ts';
import type { Route } from '../world/world.ts';
import type { Answer } from './decide.ts';
import { Directory, isRouteName, type End } from './ends.ts';
import { answerRoute } from './routes.ts';

export interface Question {
  from: string;
  to: string;
  protocol: Protocol;
  /** Undefined for routes alone, whose backends have ports of their own. */
  port: number | undefined;
}

export interface Reply {
  verdict: Answer | 'unknown';
  /** One for each pair of ends; several for workloads and services. */
  answers: Verdict[];
  /** Why there is none, or why it is not one for all. */
  why: string[];
}

const unknown = (why: string): Reply => ({ verdict: 'unknown', answers: [], why: [why] });

/** Why a protocol and port are none for a question to that end; undefined when they are. */
export function portFaultOf(to: string, protocol: string, port: number | undefined): string | undefined {
  if (!PROTOCOLS.includes(protocol as Protocol)) return `protocol ${JSON.stringify(protocol)} is none of ${PROTOCOLS.join(', ')}`;
  if (port === undefined) return isRouteName(to) ? undefined : 'the port is missing';
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? undefined : `port ${JSON.stringify(port)} is no whole number from 0 to 65535`;
}

export class Asker {
  readonly engine: Engine;
  readonly directory: Directory;

  constructor(engine: Engine) {
    this.engine = engine;
    this.directory = new Directory(engine);
  }

  /** The ends that a name stands for; a sentence where there are none. */
  ends(name: string): readonly End[] | string {
    const named = this.directory.find(name);
    if (named.kind === 'ends') return named.ends;
    return named.kind === 'unknown' ? named.why : `${named.name} cannot open connections`;
  }

  ask({ from, to, protocol, port }: Question): Reply {
    const sources = this.ends(from);
    if (typeof sources === 'string') return unknown(`Cannot tell: ${sources}.`);
    const target = this.directory.find(to);
    if (target.kind === 'unknown') return unknown(`Cannot tell: ${target.why}.`);
    const answers: Verdict[] = [];
    if (target.kind === 'route') return this.#throughRoute(sources, target.route);
    if (port === undefined) return unknown('Cannot tell: the question has no port.');
    for (const source of sources) {
      if (target.kind === 'ends') {
        for (const end of target.ends) {
          if (source.kind === 'address' && end.kind === 'address') return unknown('Cannot tell: both ends are outside the cluster.');
          answers.push(answer(this.engine, source, end, protocol, port));
        }
        continue;
      }
      const through = answerService(this.engine, this.directory, source, target.service, protocol, port);
      if (typeof through === 'string') return unknown(`Cannot tell: ${through}.`);
      answers.push(...through);
    }
    return merge(answers);
  }

  /** What cannot be followed may be open or not. */
  #throughRoute(sources: readonly End[], route: Route): Reply {
    if (sources.some((one) => one.kind === 'address')) return unknown(`Cannot tell: connections to what is behind ${route.kind} ${route.id} are opened by the pods of its controller; name these as the other end.`);
    const made = sources.map((source) => answerRoute(this.engine, this.directory, source, route));
    const faults = [...new Set(made.flatMap((one) => one.faults))].map((fault) => `Cannot tell: ${fault}.`);
    const answers = made.flatMap((one) => one.answers);
    if (answers.length === 0) return { verdict: 'unknown', answers, why: faults };
    const reply = merge(answers);
    return faults.length === 0 ? reply : { verdict: 'depends', answers, why: [...reply.why, ...faults] };
  }
}

/** Pairs of a workload with itself are its replicas, and a lone pod is itself; where pairs differ it depends on which. */
function merge(answers: Verdict[]): Reply {
  const verdicts = new Set(answers.map((one) => one.verdict));
  const [only] = verdicts;
  if (verdicts.size === 1 && only !== undefined) return { verdict: only, answers, why: [] };
  const count = (verdict: Answer): number => answers.filter((one) => one.verdict === verdict).length;
  return { verdict: 'depends', answers, why: [`Depends on which pods: of ${answers.length} pairs ${count('allow')} are allowed, ${count('deny')} denied, ${count('depends')} depend.`] };
}
