/** SARIF is valid by the standard's own schema, and its lines are those of the objects. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { runMain } from '../cli/testing/run-main.ts';
import { packageRoot } from '../core/package-root.ts';
import type { FindingsReport } from './document.ts';
import { renderSarif } from './sarif.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-sarif-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// The schema is written for draft 4; all the words that it uses mean the same in draft 7, but for the name of its own address.
const { $schema: _draft, id: _address, ...body } = schema;
const formats = { uri: (text: string) => URL.canParse(text), 'uri-reference': (text: string) => URL.canParse(text, 'file:///work/'), 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) };
const validate = new Ajv({ strict: false, unicodeRegExp: false, formats }).compile(body);

interface Region { startLine: number }
interface Location { physicalLocation?: { artifactLocation: { uri: string }; region: Region } }
interface Log { runs: { results: { ruleId: string; message: { text: string }; locations: Location[]; relatedLocations?: Location[]; suppressions?: object[] }[] }[] }

/** The log, after it was found valid. */
function valid(text: string): Log {
  const log = JSON.parse(text) as Log;
  expect(validate(log) ? [] : validate.errors).toEqual([]);
  return log;
}

describe('SARIF', () => {
  it('refuses what is none, so that the check can fail', () => {
    for (const wrong of [{ version: '2.1.0' }, { version: '2.0.0', runs: [] }, { version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: { text: 'x' }, level: 'info' }] }] }, { version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: { text: 'x' }, locations: [{ physicalLocation: { region: { startLine: 0 } } }] }] }] }]) expect(validate(wrong)).toBe(false);
  });

  it('is valid for the example cluster, and leads to lines where the objects begin', async () => {
    const [run] = valid((await runMain('audit', join(packageRoot(), 'examples/founding-cluster'), '-o', 'sarif')).stdout).runs;
    expect(run?.results.length).toBeGreaterThan(25);
    const places = (run?.results ?? []).flatMap(({ locations, relatedLocations = [] }) => [...locations, ...relatedLocations]).flatMap(({ physicalLocation }) => physicalLocation ?? []);
    expect(places.length).toBeGreaterThan(25);
    for (const { artifactLocation: { uri }, region: { startLine } } of places) expect(beginsObject(new URL(uri), startLine), `${uri}:${startLine}`).toBe(true);
  }, 60_000);

  it('names the line in lists, second documents, files with comments before, and names with blanks', async () => {
    const service = (name: string, indent: string): string => ['apiVersion: v1', 'kind: Service', `metadata: {name: ${name}, namespace: shop}`, 'spec: {type: LoadBalancer, clusterIP: 10.43.0.9, selector: {app: web}, loadBalancerIP: 192.168.99.5, ports: [{port: 80}]}'].map((line, at) => `${at === 0 ? indent.replace(/ {2}$/, '- ') : indent}${line}\n`).join('');
    const many = join(dir, 'many things.yaml');
    writeFileSync(many, `# a remark\n\n${service('first', '')}---\n# another\n${service('second', '')}---\napiVersion: v1\nkind: List\nitems:\n${service('third', '    ')}${service('fourth', '    ')}`);
    writeFileSync(join(dir, 'pool.json'), JSON.stringify({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'lan', namespace: 'metallb-system' }, spec: { addresses: ['192.168.10.0/28'] } }, null, 2));
    const [run] = valid((await runMain('audit', many, join(dir, 'pool.json'), '-o', 'sarif', '--only', 'FL-LB-002')).stdout).runs;
    const lines = readFileSync(many, 'utf8').split('\n');
    const found = (run?.results ?? []).map(({ message, locations: [first] }) => {
      const { artifactLocation, region } = first?.physicalLocation ?? { artifactLocation: { uri: '' }, region: { startLine: 0 } };
      expect(artifactLocation.uri).toBe(pathToFileURL(many).href);
      return [/shop\/(\w+)/.exec(message.text)?.[1] ?? '', lines.findIndex((line) => line.includes(`name: ${/shop\/(\w+)/.exec(message.text)?.[1] ?? '?'},`)) + 1 - region.startLine];
    });
    // The name stands two lines below the object's first.
    expect(Object.fromEntries(found)).toEqual({ first: 2, second: 2, third: 2, fourth: 2 });
  }, 60_000);

  it('is valid whatever is in a finding', () => {
    const report = (text: string, line: number): FindingsReport => {
      const finding = { rule: 'FL-X-001', severity: 'warning' as const, subjects: [text], summary: text, evidence: [{ source: text, excerpt: text, level: 'observed' as const, place: { file: `d/${text}`, line } }, { source: text, excerpt: text, level: 'observed' as const, place: { file: '-', line } }], why: text, fix: [{ what: text, command: text }], refs: [text] };
      return { version: 1, tool: '1.2.3', subject: text, findings: [finding], ignored: [{ finding: { ...finding, rule: 'FL-X-002' }, reason: text, by: 'remark' }, { finding, reason: text, by: 'baseline' }], unknown: [{ what: text, why: text }], checked: [{ rule: 'FL-X-001', title: text, verdict: 'fail' }] };
    };
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1 }), (text, line) => {
      const [run] = valid(renderSarif(report(text, line))).runs;
      expect(run?.results.map(({ suppressions }) => suppressions?.length ?? 0)).toEqual([0, 1, 1]);
    }));
  });
});

/** Whether an object, or an item of a list, begins at this line (counted from 1). */
function beginsObject(file: URL, line: number): boolean {
  const lines = readFileSync(file, 'utf8').split('\n');
  const own = lines[line - 1] ?? '';
  const before = lines.slice(0, line - 1).findLast((one) => !/^\s*(#.*)?$/.test(one));
  return /^\s*- \S/.test(own) || (/^[a-zA-Z]+:/.test(own) && (before === undefined || before.startsWith('---')));
}
