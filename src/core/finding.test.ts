/** The schema of findings accepts what is complete and refuses what cites nothing. */
import { describe, expect, it } from 'vitest';
import { findingSchema, fingerprint, severityRank, type Finding } from './finding.ts';

const whole: Finding = {
  rule: 'FL-CIDR-001',
  severity: 'error',
  subjects: ['IPPool default', 'cluster'],
  summary: 'the pool lies outside the cluster CIDR',
  evidence: [{ source: 'IPPool default spec.cidr', excerpt: '10.244.0.0/16', level: 'observed', place: { file: 'pools.yaml', line: 3 } }],
  why: 'sources are rewritten',
  fix: [{ what: 'move the pool' }],
  refs: [],
};

describe('a finding', () => {
  it('is accepted when it is complete', () => expect(findingSchema.parse(whole)).toEqual(whole));
  it.each([
    ['without evidence', { evidence: [] }],
    ['about nothing', { subjects: [] }],
    ['of an unknown severity', { severity: 'fatal' }],
    ['with evidence of line 0', { evidence: [{ ...whole.evidence[0], place: { file: 'a', line: 0 } }] }],
    ['with a field that nobody knows', { extra: 1 }],
  ])('is refused %s', (_what, part) => expect(findingSchema.safeParse({ ...whole, ...part }).success).toBe(false));

  it('keeps its name when figures change, and not when the subject does', () => {
    expect(fingerprint({ ...whole, subjects: ['cluster', 'IPPool default'] })).toBe(fingerprint(whole));
    expect(fingerprint({ ...whole, subjects: ['IPPool other'] })).not.toBe(fingerprint(whole));
  });

  it('orders severities', () => expect(severityRank('error')).toBeGreaterThan(severityRank('warning')));
});
