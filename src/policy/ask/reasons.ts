/** Says in words why an answer is as it is. */
import { pathText, placeText, type Path } from '../../cluster/manifests/origin.ts';
import { fieldPlace } from '../../cluster/manifests/position.ts';
import type { PolicyRef } from '../model/rules.ts';
import type { Verdict } from './answer.ts';
import type { Decision } from './decide.ts';

/** How a place in a file is written: by the line of the field, or of the document, which costs no second reading. */
export type Placing = 'field' | 'document';

/** Each rule has a path of its own, so that the path stands for the place. */
const known: Record<Placing, WeakMap<Path, string>> = { field: new WeakMap(), document: new WeakMap() };

/** `NetworkPolicy shop/db spec.ingress[0] (db.yaml:12)`. */
export function ruleText(policy: PolicyRef, path: Path, placing: Placing): string {
  const made = known[placing].get(path) ?? placed(policy, path, placing);
  known[placing].set(path, made);
  return made;
}

function placed(policy: PolicyRef, path: Path, placing: Placing): string {
  const { origin } = policy;
  const place = placing === 'field' ? fieldPlace(origin, path) : placeText(origin.file, origin.line);
  return `${policy.kind} ${policy.id} ${pathText(path)} (${place})`;
}

const DOES = { allow: 'allows it', deny: 'denies it', pass: 'passes it on,' } as const;
const MAY = { allow: 'may allow it', deny: 'may deny it', pass: 'may pass it on,' } as const;
const SIDE = { egress: 'leaving', ingress: 'entering' } as const;

/** Sentences about one direction; `name` is the end whose traffic it judges. */
export function decisionText(decision: Decision, name: string, placing: Placing): string[] {
  const side = SIDE[decision.direction];
  // What may or may not hold is worth a sentence only where the answer hangs on it.
  const counted = decision.heard.filter((heard) => heard.counts && (heard.decided || decision.answer === 'depends'));
  const rules = counted.map(({ rule, decided, unless }) => {
    return `${ruleText(rule.policy, rule.path, placing)} ${decided ? DOES[rule.action] : MAY[rule.action]} ${side} ${name}${unless === undefined ? '' : ` — depends on: ${unless}`}.`;
  });
  const settled = counted.some(({ decided, rule }) => decided && rule.action !== 'pass');
  if (settled) return rules;
  if (decision.isolated.length > 0) {
    const by = decision.isolated.map(({ policy, path }) => ruleText(policy, path, placing)).join('; ');
    return [...rules, `${name} is isolated for ${decision.direction} by ${by}, and no rule of ${decision.isolated.length === 1 ? 'it' : 'these'} ${counted.length > 0 ? 'certainly ' : ''}allows it.`];
  }
  return [...rules, decision.selected ? `No rule for ${decision.direction} decides about it at ${name}, and nothing isolates it: allowed.` : `No policy applies to ${name} for ${decision.direction}: allowed.`];
}

/** All sentences about an answer. A denial is told by the sides that deny alone. */
export function reasonsOf(verdict: Verdict, placing: Placing): string[] {
  const { egress, ingress, from, to, notes } = verdict;
  if (verdict.basis === 'unenforced') return ['Nothing is enforced: every policy is inert.', ...notes];
  const relevant = (decision: Decision | undefined): decision is Decision => decision !== undefined && (verdict.verdict !== 'deny' || decision.answer === 'deny');
  return [
    ...(relevant(egress) ? decisionText(egress, from.name, placing) : []),
    ...(relevant(ingress) && verdict.basis !== 'exception' ? decisionText(ingress, to.name, placing) : []),
    ...notes,
  ];
}
