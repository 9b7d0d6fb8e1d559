/** Every format holds every finding, whatever characters are in it, and is well-formed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FindingsReport } from './document.ts';
import { renderReport } from './render.ts';

const report: FindingsReport = {
  version: 1, tool: '1.2.3', subject: 'a & <b>',
  findings: [{
    rule: 'FL-X-001', severity: 'error', subjects: ['Pod n/p'], summary: 'it is <broken> & "odd" | `x`',
    evidence: [{ source: 'Pod n/p spec', excerpt: 'a | b', level: 'observed', place: { file: 'dir/a b.yaml', line: 7 } }, { source: 'x', excerpt: 'y', level: 'inferred' }],
    why: 'because', fix: [{ what: 'do it', command: 'kubectl a\nkubectl b' }], refs: ['k3s#1'],
  }],
  ignored: [{ finding: { rule: 'FL-X-002', severity: 'info', subjects: ['cluster'], summary: 's', evidence: [{ source: 'x', excerpt: 'y', level: 'derived' }], why: 'w', fix: [], refs: [] }, reason: 'known', by: 'remark' }],
  unknown: [{ what: 'hosts', why: 'not read' }],
  checked: [{ rule: 'FL-X-001', title: 'one', verdict: 'fail' }, { rule: 'FL-X-002', title: 'two', verdict: 'fail' }, { rule: 'FL-X-003', title: 'three', verdict: 'unknown', why: 'hosts were not read' }],
};
const plain = { colour: false };

/** Names of tags that stay open, or close what is not open. */
function unbalanced(markup: string, alone: RegExp): string[] {
  const open: string[] = [];
  for (const [, close, name = '', , self] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/g)) {
    if (alone.test(name) || self === '/') continue;
    if (close === '/') {
      const last = open.pop();
      if (last !== name) return [`${name} closes ${last ?? 'nothing'}`];
    } else open.push(name);
  }
  return open;
}

describe('text', () => {
  it('names place, consequence, remedy, what is ignored and what is not known', () => {
    expect(renderReport(report, 'text', plain)).toBe([
      'error FL-X-001: it is <broken> & "odd" | `x`',
      '  about   Pod n/p',
      '  seen    Pod n/p spec (dir/a b.yaml:7): a | b',
      '  seen    x, inferred: y',
      '  breaks  because',
      '  to do   do it',
      '            kubectl a',
      '            kubectl b',
      '  see     k3s#1',
      '',
      'ignored:',
      '  FL-X-002 cluster: known (remark)',
      '',
      'not known:',
      '  hosts, because: not read',
      '',
      'a & <b>: 1 error, 1 ignored',
      '3 rules: 2 found something, 0 found nothing, 0 are about other clusters, 1 could not be judged',
      '',
    ].join('\n'));
  });
  it('has colour when it may', () => expect(renderReport(report, 'text', { colour: true })).toContain('\u001b[31merror\u001b[39m'));
  it('breaks long lines', () => {
    const long = { ...report, findings: report.findings.map((one) => ({ ...one, why: 'word '.repeat(60).trim(), summary: 'word '.repeat(60).trim() })) };
    expect(Math.max(...renderReport(long, 'text', plain).split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('markup', () => {
  it('is escaped in HTML and JUnit', () => {
    const html = renderReport(report, 'html', plain);
    expect(html).toContain('it is &lt;broken&gt; &amp; &quot;odd&quot;');
    expect(unbalanced(html, /^(meta|br)$/)).toEqual([]);
    const junit = renderReport(report, 'junit', plain);
    expect(junit).toContain('tests="3" failures="1" skipped="1"');
    expect(unbalanced(junit, /^xml$/)).toEqual([]);
  });

  it('is well-formed whatever is in a finding', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const odd: FindingsReport = { ...report, subject: text, findings: report.findings.map((one) => ({ ...one, summary: text, why: text, subjects: [text], evidence: [{ source: text, excerpt: text, level: 'observed' as const, place: { file: `f${text}`, line: 1 } }] })) };
      expect(unbalanced(renderReport(odd, 'html', plain), /^(meta|br)$/)).toEqual([]);
      const junit = renderReport(odd, 'junit', plain);
      expect(unbalanced(junit, /^xml$/)).toEqual([]);
      // oxlint-disable-next-line no-control-regex -- XML has none of these
      expect(junit).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
      expect(() => JSON.parse(renderReport(odd, 'sarif', plain)) as unknown).not.toThrow();
      expect(renderReport(odd, 'markdown', plain)).toMatch(/^# Audit of /);
    }));
  });

  it('cannot break out of a table cell or of code in Markdown', () => {
    const text = renderReport(report, 'markdown', plain);
    expect(text).toContain('| a \\| b |');
    expect(text).toContain('it is \\<broken\\> & "odd" \\| \\`x\\`');
    expect(text).toContain('```\nkubectl a\nkubectl b\n```');
  });
});

describe('SARIF', () => {
  const log = JSON.parse(renderReport(report, 'sarif', plain)) as { runs: { results: Record<string, unknown>[]; tool: { driver: { rules: unknown[] } } }[] };
  it('has file and line, rules, and what is ignored as suppressed', () => {
    const [run] = log.runs;
    expect(run?.tool.driver.rules).toHaveLength(3);
    expect(run?.results[0]).toMatchObject({ ruleId: 'FL-X-001', ruleIndex: 0, level: 'error', locations: [{ physicalLocation: { artifactLocation: { uri: 'dir/a%20b.yaml' }, region: { startLine: 7 } } }] });
    expect(run?.results[1]).toMatchObject({ suppressions: [{ kind: 'inSource', justification: 'known' }], locations: [{ logicalLocations: [{ fullyQualifiedName: 'cluster' }] }] });
  });
});

describe('JSON', () => {
  it('is the report itself', () => expect(JSON.parse(renderReport(report, 'json', plain))).toEqual(report));
});
