/** Answers plain questions — one pod or address to another, nothing uncertain — without building what only explanations need. */
import { hasBit } from '../compile/bits.ts';
import { between, type Engine } from '../compile/engine.ts';
import { isolationOf, type Side } from '../compile/side.ts';
import type { Protocol } from '../model/ports.ts';
import { decide } from './decide.ts';
import type { End } from './ends.ts';
import { decisionText } from './reasons.ts';

/** Which rules of one direction decide, as a text that is the same for the same rules; undefined where something is uncertain. */
function signature(engine: Engine, side: Side, subject: number, other: number, atom: number): string | undefined {
  let found = '';
  for (let number = 0; number < side.stages.length; number += 1) {
    const stage = side.stages[number]!;
    let [settled, passed] = [false, false];
    for (const entry of stage.entries[subject] ?? []) {
      const { rule, must, may, ports, certain } = side.rules[entry.rule]!;
      if (!hasBit(may, other) || !engine.ports.sets.has(ports, atom)) continue;
      if (!certain || !entry.certain || !hasBit(must, other)) return undefined;
      found += `${entry.rule},`;
      if (rule.action === 'pass') passed = true;
      else settled = true;
      if (passed || !stage.stage.unordered) break;
    }
    if (settled) return found;
    const isolation = isolationOf(stage, subject);
    if (passed || isolation === 'no') continue;
    return isolation === 'yes' ? `${found}isolated ${number}` : undefined;
  }
  return `${found}open`;
}

const plain = (end: End): boolean => end.kind === 'address' || (end.kind === 'pod' && !end.pod.hostNetwork);

export class Quick {
  readonly #engine: Engine;
  /** Sentences as JSON, by direction, end and deciding rules. */
  readonly #sentences = new Map<string, string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Verdict and sentences, as `because` of a line of JSON has them; undefined where the question is not plain. */
  answer(from: End, to: End, protocol: Protocol, port: number): { verdict: 'allow' | 'deny'; because: string } | undefined {
    const engine = this.#engine;
    if (!plain(from) || !plain(to) || (from.kind === 'pod' && to.kind === 'pod' && from.pod === to.pod) || (from.kind === 'address' && to.kind === 'address')) return undefined;
    if (engine.state.enforcer.enforces.value.length === 0) return undefined;
    const atom = engine.ports.atom(protocol, port);
    const { allow, depends } = engine.outcomes.get(between(engine, from.class, to.class));
    if (engine.ports.sets.has(depends, atom)) return undefined;
    const verdict = engine.ports.sets.has(allow, atom) ? 'allow' : 'deny';
    const egress = this.#side(engine.egress.side, from, to, atom, verdict);
    const ingress = this.#side(engine.ingress.side, to, from, atom, verdict);
    if (egress === undefined || ingress === undefined) return undefined;
    return { verdict, because: egress === '' || ingress === '' ? egress + ingress : `${egress},${ingress}` };
  }

  /** What one direction has to say; nothing where it allows what the other denies. */
  #side(side: Side, subject: End, other: End, atom: number, verdict: 'allow' | 'deny'): string | undefined {
    const mark = signature(this.#engine, side, subject.class, other.class, atom);
    if (mark === undefined) return undefined;
    const key = `${verdict} ${side.direction} ${subject.name} ${mark}`;
    const known = this.#sentences.get(key);
    if (known !== undefined) return known;
    const decision = decide(this.#engine, side, subject.class, other.class, atom);
    const made = verdict === 'deny' && decision.answer !== 'deny' ? '' : decisionText(decision, subject.name, 'document').map((one) => JSON.stringify(one)).join(',');
    this.#sentences.set(key, made);
    return made;
  }
}
