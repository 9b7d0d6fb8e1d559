/** Which rules run: by id, or by family. */
import { UsageError } from '../core/errors.ts';
import type { Rule } from './rule.ts';

/** The family in an id: CIDR in FL-CIDR-001. */
export function familyOf(id: string): string {
  return id.split('-')[1] ?? '';
}

function matching(rules: readonly Rule[], name: string): readonly Rule[] {
  const wanted = name.trim().toUpperCase();
  const found = rules.filter(({ id }) => id === wanted || familyOf(id) === wanted.replace(/^FL-/, '').replace(/-$/, ''));
  if (found.length > 0) return found;
  const families = [...new Set(rules.map(({ id }) => familyOf(id)))].join(', ');
  throw new UsageError(`there is no rule and no family ${JSON.stringify(name)}`, { hint: `Families are ${families}; \`fairlead audit rules\` lists the rules.` });
}

/** Rules that `only` names (all when empty) without those that `skip` names; both may be lists with commas. Errors: UsageError for a name that is none, and when nothing is left. */
export function selectRules(rules: readonly Rule[], only: readonly string[], skip: readonly string[]): Rule[] {
  const names = (list: readonly string[]): string[] => list.flatMap((one) => one.split(',')).filter((one) => one.trim() !== '');
  const left = new Set(names(skip).flatMap((name) => [...matching(rules, name)]));
  const wanted = names(only).length === 0 ? rules : [...new Set(names(only).flatMap((name) => [...matching(rules, name)]))];
  const chosen = rules.filter((rule) => wanted.includes(rule) && !left.has(rule));
  if (chosen.length === 0) throw new UsageError('no rule is left to run: --skip takes away everything that --only names');
  return chosen;
}

/** One rule by its id. Errors: UsageError. */
export function findRule(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((one) => one.id === id.trim().toUpperCase());
  if (rule !== undefined) return rule;
  const near = rules.filter((one) => familyOf(one.id) === familyOf(id.toUpperCase())).map((one) => one.id);
  throw new UsageError(`there is no rule ${id}`, { hint: near.length > 0 ? `Of that family there are ${near.join(', ')}.` : '`fairlead audit rules` lists them.' });
}
