/** The trial of the audit without a lab: its faults are well defined, its judgement is right, its page says what its rows say. */
import { describe, expect, it } from 'vitest';
import { RULES } from '../src/audit/rules.ts';
import type { Finding } from '../src/core/finding.ts';
import { forLab } from './audit-trial/fault.ts';
import { FAULTS } from './audit-trial/faults.ts';
import { judge, leftOver } from './audit-trial/judge.ts';
import { figures, readRows, renderPage, type Row } from './audit-trial/table.ts';

const finding = (rule: string, subject: string, severity: Finding['severity'] = 'error'): Finding => ({ rule, severity, subjects: [subject], summary: `${rule} at ${subject}`, evidence: [], why: '', fix: [], refs: [] });
const fault = { rule: 'FL-A-001', subject: 'Node a', also: { 'FL-B-001': 'it follows' } };
const before = [finding('FL-Z-001', 'cluster')];

describe('the faults', () => {
  const nodes = Object.fromEntries(['server-1', 'agent-1', 'agent-2'].map((name, at) => [name, { name: `t-${name}`, address: `192.168.77.${11 + at}`, podCidr: `10.42.${at}.0/24` }]));

  it('are at least forty, each once, of every family of rules', () => {
    expect(new Set(FAULTS.map(({ id }) => id)).size).toBe(FAULTS.length);
    expect(FAULTS.length).toBeGreaterThanOrEqual(40);
    const family = (id: string): string => id.split('-')[1] ?? '';
    expect(new Set(FAULTS.map(({ rule }) => family(rule)))).toEqual(new Set(RULES.map(({ id }) => family(id))));
  });

  it.each(FAULTS.map((one) => [one.id, one] as const))('%s names rules that exist and can say more than info, and nodes that a lab has', (_id, one) => {
    for (const rule of [one.rule, ...Object.keys(one.also ?? {})]) expect(RULES.find(({ id }) => id === rule)?.severity).toMatch(/^(warning|error)$/);
    expect(Object.keys(one.also ?? {})).not.toContain(one.rule);
    expect(JSON.stringify(forLab(one, nodes))).not.toMatch(/\{(?:server|agent)-\d/);
  });

  it('get the names of a lab, and refuse a node that it does not have', () => {
    const [some] = FAULTS;
    if (some === undefined) throw new Error('there are no faults');
    expect(forLab({ ...some, what: '{agent-1} {agent-1.address} {agent-1.podCidr} {agent-1.podPrefix}' }, nodes).what).toBe('t-agent-1 192.168.77.12 10.42.1.0/24 10.42.1');
    expect(() => forLab({ ...some, what: '{agent-9}' }, nodes)).toThrow(/no node for \{agent-9\}/);
  });
});

describe('the judgement', () => {
  it('takes the meant rule about the right subject as found, declared rules as consequences, and anything else as false', () => {
    const verdict = judge(fault, before, [...before, finding('FL-A-001', 'Node a'), finding('FL-B-001', 'Node a'), finding('FL-C-001', 'Node a', 'warning'), finding('FL-D-001', 'Node a', 'info')]);
    expect(verdict).toEqual({ found: true, summary: 'FL-A-001 at Node a', consequences: ['FL-B-001 (error): FL-B-001 at Node a (it follows)'], falsePositives: ['FL-C-001 (warning): FL-C-001 at Node a'] });
  });

  it('does not take what was there before, what is for information, or another subject for the fault', () => {
    expect(judge(fault, [finding('FL-A-001', 'Node a')], [finding('FL-A-001', 'Node a')]).found).toBe(false);
    expect(judge(fault, before, [finding('FL-A-001', 'Node a', 'info')]).found).toBe(false);
    expect(judge(fault, before, [finding('FL-A-001', 'Node b')])).toMatchObject({ found: false, falsePositives: ['FL-A-001 (error): FL-A-001 at Node b'] });
  });

  it('sees that something has become worse', () => {
    expect(judge({ ...fault, also: {} }, [finding('FL-A-001', 'Node a', 'warning')], [finding('FL-A-001', 'Node a')]).found).toBe(true);
  });

  it('names what a fault has left, and what is gone', () => {
    expect(leftOver(before, [finding('FL-A-001', 'Node a')])).toEqual(['still found: FL-A-001 (error): FL-A-001 at Node a', 'no longer found: FL-Z-001 (error): FL-Z-001 at cluster']);
    expect(leftOver(before, [...before, finding('FL-A-001', 'Node a', 'info')])).toEqual([]);
  });
});

describe('the page', () => {
  const row = (more: Partial<Row>): Row => ({ id: FAULTS[0]?.id ?? '', found: true, summary: 's', consequences: [], falsePositives: [], unknown: [], left: [], seconds: 1, code: 'a', day: '2026-01-01', machine: 'm', ...more });

  it('has recall and precision of what ran', () => {
    expect(figures([row({ consequences: ['c'] }), row({ found: false, falsePositives: ['f'] })]).text).toBe('recall 50.0 % (1 of 2 faults found by the rule meant for them), precision 66.7 % (2 of 3 new findings above info true: 1 of the faults themselves, 1 declared consequences)');
    expect(figures([]).text).toContain('recall no figure');
  });

  it('says of each row what it says, and of older code that it is', () => {
    const page = renderPage([row({ found: false, falsePositives: ['FL-X-001 (error): y'], left: ['z'] })], new Map());
    expect(page).toContain('**missed**; **false**: FL-X-001 (error): y; **left**: z');
    expect(page).toContain('(older code)');
  });

  it('is made of rows of faults that exist', () => {
    expect([...readRows().keys()].filter((id) => !FAULTS.some((one) => one.id === id))).toEqual([]);
  });
});
