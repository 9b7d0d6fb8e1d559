/** What lint finds: a rule of good sense that a policy breaks, with the place, the reason and what to do. */
import type { PolicyRef } from '../model/rules.ts';
import { pathText, type Path } from '../../cluster/manifests/origin.ts';
import { fieldPlace } from '../../cluster/manifests/position.ts';

export type Severity = 'info' | 'warning' | 'error';

export interface Evidence {
  /** `FILE:LINE`; the snapshot or cluster alone where there are no lines. */
  source: string;
  excerpt: string;
  level: 'observed' | 'derived' | 'inferred';
}

export interface Finding {
  /** `policy/selects-nothing`. */
  rule: string;
  severity: Severity;
  subjects: string[];
  summary: string;
  evidence: Evidence[];
  why: string;
  fix: string[];
  refs: string[];
}

/** The evidence of a place in a policy. */
export function placeOf(policy: PolicyRef, path: Path, level: Evidence['level'] = 'observed'): Evidence {
  return { source: fieldPlace(policy.origin, path), excerpt: pathText(path), level };
}

export const subjectOf = (policy: PolicyRef): string => `${policy.kind} ${policy.id}`;

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Findings by severity, then by place. */
export function sorted(findings: readonly Finding[]): Finding[] {
  const place = ({ evidence }: Finding): [string, number] => {
    const source = evidence[0]?.source ?? '';
    const [, file = source, line = '0'] = /^(.*):(\d+)$/.exec(source) ?? [];
    return [file, Number(line)];
  };
  return findings.toSorted((a, b) => {
    const [x, y] = [place(a), place(b)];
    return ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || (x[0] < y[0] ? -1 : x[0] > y[0] ? 1 : x[1] - y[1]);
  });
}

/** Findings as text, with a last line that counts them. */
export function findingsText(findings: readonly Finding[]): string {
  const blocks = findings.map(({ rule, severity, subjects, summary, evidence, fix }) =>
    `${[severity, ...(subjects.length === 0 ? [] : [subjects.join(', ')]), summary].join(': ')} [${rule}]\n${evidence.map((one) => `  ${one.source}: ${one.excerpt}\n`).join('')}${fix.map((one) => `  fix: ${one}\n`).join('')}`);
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  return `${blocks.join('')}${count('error')} errors, ${count('warning')} warnings, ${count('info')} remarks\n`;
}
