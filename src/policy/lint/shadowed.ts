/** policy/redundant, policy/shadowed: rules that change nothing, because others say the same or were asked before. */
import { isEmpty, without } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import type { CompiledStage, Side } from '../compile/side.ts';
import type { Rule } from '../model/rules.ts';
import type { LintContext } from './context.ts';
import { placeOf, subjectOf, type Finding } from './finding.ts';

/** Subjects with more rules than this are left out: comparing each with each would take long. */
const MOST = 500;

/**
 * For each rule of a stage whether others make up for it with every subject. Sound, not complete: a rule whose
 * ports only several others together cover is not found.
 */
function idle(engine: Engine, side: Side, stage: CompiledStage): Map<Rule, Rule> {
  const by = new Map<Rule, Rule>();
  const needed = new Set<Rule>();
  const { sets } = engine.ports;
  stage.entries.forEach((entries) => {
    if (entries === undefined) return;
    entries.forEach((entry, position) => {
      const own = side.rules[entry.rule]!;
      if (needed.has(own.rule)) return;
      if (entries.length > MOST) return void needed.add(own.rule);
      // In an ordered stage only rules before it count; else all others that are not themselves called idle for it.
      const others = entries.filter((other, at) => (stage.stage.unordered ? at !== position : at < position));
      let rest = own.may;
      let last: Rule | undefined;
      for (const other of others) {
        const { rule, must, ports, certain } = side.rules[other.rule]!;
        if (!certain || !other.certain || rule === own.rule || rule.implied !== undefined || by.get(rule) === own.rule || sets.minus(own.ports, ports) !== 0) continue;
        const left = without(rest, must);
        if (left.some((word, index) => word !== rest[index])) last = rule;
        rest = left;
        if (last !== undefined && isEmpty(rest)) break;
      }
      if (last !== undefined && isEmpty(rest)) by.set(own.rule, last);
      else needed.add(own.rule);
    });
  });
  for (const rule of needed) by.delete(rule);
  return by;
}

export function shadowed({ engine }: LintContext): Finding[] {
  return [engine.ingress.side, engine.egress.side].flatMap((side) => side.stages.flatMap((stage) =>
    [...idle(engine, side, stage)].filter(([rule]) => rule.implied === undefined).map(([rule, by]): Finding => stage.stage.unordered
      ? {
        rule: 'policy/redundant', severity: 'info', subjects: [subjectOf(rule.policy)], summary: `${rule.action === 'allow' ? 'allows' : 'denies'} what ${subjectOf(by.policy)} ${by.policy === rule.policy ? 'itself ' : ''}does already`,
        evidence: [placeOf(rule.policy, rule.path, 'derived'), placeOf(by.policy, by.path, 'derived')], why: 'Without the rule nothing would change for the pods of the input.', fix: ['take it away, or keep it for pods that are to come'], refs: [],
      }
      : {
        rule: 'policy/shadowed', severity: rule.action === by.action ? 'info' : 'warning', subjects: [subjectOf(rule.policy)],
        summary: `is never reached: ${subjectOf(by.policy)} ${by.policy === rule.policy ? 'itself ' : ''}${{ allow: 'allows', deny: 'denies', pass: 'passes on' }[by.action]} all of it before`,
        evidence: [placeOf(rule.policy, rule.path, 'derived'), placeOf(by.policy, by.path, 'derived')], why: 'The first rule that matches decides.', fix: ['put it first, or take it away'], refs: [],
      })));
}
