/** policy/selects-nothing, policy/peer-matches-nothing, policy/unknown-port: selectors and names that find nothing. */
import { isEmpty, meets, noBits, setBit, type Bits } from '../compile/bits.ts';
import type { Match } from '../model/match.ts';
import type { LintContext } from './context.ts';
import { placeOf, subjectOf, type Finding } from './finding.ts';

export function selectsNothing({ engine, isolations, rules }: LintContext): Finding[] {
  const reported = new Set<unknown>();
  const nothing = [...isolations, ...rules].filter(({ policy, subject }) => {
    if (reported.has(policy) || !isEmpty(engine.evaluator.extent(subject).may)) return false;
    reported.add(policy);
    return true;
  });
  return nothing.map(({ policy }): Finding => ({
    rule: 'policy/selects-nothing', severity: 'warning', subjects: [subjectOf(policy)], summary: 'selects no pod of the input', evidence: [placeOf(policy, ['spec'], 'derived')],
    why: 'A policy without pods has no effect; often a label or the namespace is misspelt.', fix: ['compare its selector with the labels of the pods'], refs: [],
  }));
}

/** Whether an expression looks for labels or names; that there are no nodes in the input, say, is no fault of a policy. */
function searches(match: Match): boolean {
  if (match.op === 'and' || match.op === 'or') return match.of.some(searches);
  return match.op === 'not' ? searches(match.of) : ['label', 'has', 'text', 'namespace', 'account'].includes(match.op);
}

export function peersNothing({ engine, rules }: LintContext): Finding[] {
  return rules.filter((rule) => searches(rule.peer) && isEmpty(engine.evaluator.extent(rule.peer).may)).map((rule): Finding => ({
    rule: 'policy/peer-matches-nothing', severity: 'warning', subjects: [subjectOf(rule.policy)], summary: 'a rule names peers of which the input has none', evidence: [placeOf(rule.policy, rule.path, 'derived')],
    why: `The rule ${rule.action === 'allow' ? 'allows' : rule.action === 'deny' ? 'denies' : 'passes'} nothing as things stand.`, fix: ['compare its selectors with the labels of pods and namespaces'], refs: [],
  }));
}

/** The classes that have a named port, by protocol and name. */
function namedPorts({ classes, room }: LintContext['engine']['universe']): (protocol: string, name: string) => Bits {
  const known = new Map<string, Bits>();
  classes.forEach(({ ports }, index) => {
    for (const { protocol, name } of ports) {
      const bits = known.get(`${protocol} ${name}`) ?? noBits(room);
      known.set(`${protocol} ${name}`, bits);
      setBit(bits, index);
    }
  });
  return (protocol, name) => known.get(`${protocol} ${name}`) ?? noBits(room);
}

export function unknownPorts({ engine, rules }: LintContext): Finding[] {
  const having = namedPorts(engine.universe);
  return rules.flatMap((rule): Finding[] => {
    const { include } = rule.ports;
    if (include === 'any' || !include.some((item) => 'name' in item)) return [];
    const destinations = engine.evaluator.extent(rule.direction === 'ingress' ? rule.subject : rule.peer).may;
    const missing = include.filter((item) => 'name' in item && !meets(destinations, having(item.protocol, item.name)));
    return missing.map((item) => ({
      rule: 'policy/unknown-port', severity: 'warning', subjects: [subjectOf(rule.policy)], summary: `no destination of the rule has a ${item.protocol} port named ${'name' in item ? item.name : ''}`,
      evidence: [placeOf(rule.policy, rule.path, 'derived')], why: 'A named port that no container has matches nothing.', fix: ['name the port in the containers, or write its number'], refs: [],
    }));
  });
}
