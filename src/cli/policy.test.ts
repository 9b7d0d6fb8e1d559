import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { main, type MainIo } from '../main.ts';
import { POLICY_SCHEMAS } from '../policy/public-schemas.ts';

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

let dir: string;
const file = (name: string): string => join(dir, name);

async function policy(...argv: string[]): Promise<Ran> {
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  const io: MainIo = {
    stdout: (text) => (ran.stdout += text), stderr: (text) => (ran.stderr += text), ask: () => Promise.resolve(undefined), env: {},
    signal: new AbortController().signal, isTerminal: { stdout: false, stderr: false },
  };
  ran.code = await main(['policy', ...argv], io);
  return { ...ran, stdout: ran.stdout.replaceAll(dir, 'DIR'), stderr: ran.stderr.replaceAll(dir, 'DIR') };
}

function fits(schema: string, text: string): unknown {
  const validate = new Ajv2020({ strict: false }).compile(POLICY_SCHEMAS[schema] as object);
  const value: unknown = JSON.parse(text);
  validate(value);
  return validate.errors;
}

const SHOP = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from:
        - podSelector: {matchLabels: {app: web}}
      ports:
        - port: sql
`;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-policy-'));
  mkdirSync(file('shop'));
  mkdirSync(file('empty'));
  writeFileSync(join(dir, 'shop', 'all.yaml'), SHOP);
  writeFileSync(file('broken.yaml'), `${SHOP}---\na: [\n`);
  writeFileSync(file('open.yaml'), SHOP.replace('    - from:', '    - {}\n    - from:'));
  writeFileSync(file('queries.ndjson'), '{"id":1,"from":"shop/web","to":"shop/db","port":5432}\n\n{"id":"b","from":"203.0.113.1","to":"shop/db","protocol":"TCP","port":5432}\n');
  writeFileSync(file('flows.ndjson'), '{"from":"shop/web","to":"shop/db","port":5432,"count":3}\n{"from":"shop/db","to":"shop/web","port":80}\n{"from":"shop/web","to":"shop/db","port":22}\n');
  writeFileSync(file('expect.yaml'), 'expectations:\n  - {name: sql, from: shop/web, to: shop/db, port: 5432, expect: allow}\n  - {from: shop/web, to: shop/db, port: any, expect: deny}\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('policy list', { timeout: 60_000 }, () => {
  it('shows all connectivity as text, CSV, JSON and dot', async () => {
    const ran = await policy('list', file('shop'));
    expect(ran).toEqual({
      code: 0, stderr: '',
      stdout: 'shop/db[Deployment] => shop/web[Deployment] : All\nshop/db[Deployment] => outside 0.0.0.0/0 ::/0 : All\nshop/web[Deployment] => shop/db[Deployment] : TCP 5432\nshop/web[Deployment] => outside 0.0.0.0/0 ::/0 : All\noutside 0.0.0.0/0 ::/0 => shop/web[Deployment] : All\n',
    });
    expect((await policy('list', '-o', 'csv', '--level', 'pod', file('shop'))).stdout.split('\n').slice(0, 2)).toEqual(['from,to,allow,depends', 'shop/db,shop/web,All,']);
    expect((await policy('list', '-o', 'dot', file('shop'))).stdout).toContain('  "shop/web[Deployment]" -> "shop/db[Deployment]" [label="TCP 5432"];\n');
    const page = (await policy('list', '-o', 'html', file('shop'))).stdout;
    expect(page).toContain('<td class="some" title="shop/web[Deployment] → shop/db[Deployment]: TCP 5432">○</td>');
    expect(page).toContain('<td class="all" title="shop/db[Deployment] → shop/web[Deployment]: All">●</td>');
    const drawing = (await policy('list', '-o', 'svg', file('shop'))).stdout;
    expect(drawing).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*>\n(?:<(?:title|style|text|g)\b[^\n]*\n)+<\/svg>\n$/);
    expect([...drawing.matchAll(/<title>([^<]*)<\/title><rect class="(\w+)"/g)].map(([, title, kind]) => [title, kind])).toEqual([
      ['itself', 'self'], ['shop/db[Deployment] → shop/web[Deployment]: All', 'all'], ['shop/web[Deployment] → shop/db[Deployment]: TCP 5432', 'some'], ['itself', 'self'],
    ]);
    expect(fits('policy-list.v1', (await policy('list', '-o', 'json', file('shop'))).stdout)).toBeNull();
    expect(fits('policy-list.v1', (await policy('list', '-o', 'json', '--level', 'class', file('shop'))).stdout)).toBeNull();
  });

  it('goes on without a broken document, which it names by file and line, unless --strict', async () => {
    const ran = await policy('list', file('broken.yaml'));
    expect([ran.code, ran.stdout.split('\n').length]).toEqual([0, 6]);
    expect(ran.stderr).toMatch(/^DIR\/broken\.yaml:2[23]: error: not valid YAML: .*; the document that begins in line 22 is left out\.\n$/);
    expect(await policy('lint', '--strict', file('broken.yaml'))).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('1 part of the input cannot be used.') as string });
    expect(await policy('list', '--strict', file('broken.yaml'))).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('1 part of the input cannot be used.') as string });
  });

  it('says when there is nothing that policies could apply to', async () => {
    writeFileSync(file('none.yaml'), SHOP.slice(SHOP.lastIndexOf('---')));
    expect(await policy('list', file('none.yaml'))).toEqual({ code: 0, stdout: '', stderr: 'The input has no pods and no workloads, so that there is nothing that policies could apply to.\n' });
  });

  it.each([
    ['nothing.yaml', 'no such file or directory'],
    ['empty', 'has no manifests: expected files named *.yaml'],
  ])('says what is wrong with %s', async (name, message) => {
    expect(await policy('list', file(name))).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) as string });
  });
});

describe('policy ask, explain and check', { timeout: 60_000 }, () => {
  it('answer with the rules that decide', async () => {
    expect(await policy('ask', '--from', 'shop/web', '--to', 'shop/db', '--port', '5432', file('shop'))).toEqual({
      code: 0, stderr: '',
      stdout: 'allow: shop/web → shop/db TCP 5432\n  No policy applies to shop/web for egress: allowed.\n  NetworkPolicy shop/db spec.ingress[0].from[0] (DIR/shop/all.yaml:18) allows it entering shop/db.\n',
    });
    const denied = await policy('ask', '--from', 'shop/web', '--to', 'shop/db', '--port', '22', '-o', 'json', file('shop'));
    expect([denied.code, fits('policy-answer.v1', denied.stdout)]).toEqual([1, null]);
    expect((await policy('ask', '--from', 'shop/web', '--to', 'shop/db', '--port', '22', '--enforcer', 'kube-router', file('shop'))).stdout).toContain('What is denied is rejected: the client hears it at once (kube-router');
  });

  it('explain every rule and the smallest edit', async () => {
    const ran = await policy('explain', '--from', 'shop/web', '--to', 'shop/db', '--port', '22', file('shop'));
    expect(ran.stdout).toContain('1. NetworkPolicy shop/db spec.ingress[0].from[0] (DIR/shop/all.yaml:18): does not fit: the port');
    expect(ran.stdout).toContain('add {"protocol":"TCP","port":22} to ports of NetworkPolicy shop/db spec.ingress[0] (DIR/shop/all.yaml:17)');
    expect(fits('policy-explanation.v1', (await policy('explain', '--from', 'shop/web', '--to', 'shop/db', '--port', '22', '-o', 'json', file('shop'))).stdout)).toBeNull();
    expect((await policy('explain', file('shop'))).stdout).toContain('allow: shop/web → shop/db TCP 5432\n');
  });

  it('answer files of questions line by line', async () => {
    const ran = await policy('check', '--queries', file('queries.ndjson'), file('shop'));
    const lines = ran.stdout.trim().split('\n');
    expect(lines.map((line) => fits('policy-check.v1', line))).toEqual([null, null]);
    expect(lines.map((line) => (JSON.parse(line) as { id: unknown; verdict: string }).verdict)).toEqual(['allow', 'deny']);
  });

  it.each([
    [['ask', '--from', 'x', '--to', 'shop/db', '--port', '1'], 1, 'unknown: x → shop/db'],
    [['ask', '--from', 'shop/web', '--to', 'shop/db', '--port', '70000'], 2, '--port is "70000"'],
    [['explain', '--from', 'shop/web'], 2, 'A question needs --from, --to and --port'],
    [['diff'], 2, 'There is nothing to compare'],
    [['list', '--enforcer', 'weave'], 2, 'Allowed choices are auto, api'],
  ])('%j is answered with %i and words', async (argv, code, message) => {
    const ran = await policy(...argv, file('shop'));
    expect([ran.code, `${ran.stdout}${ran.stderr}`]).toEqual([code, expect.stringContaining(message)]);
  });

  it('names the line of a question that is none', async () => {
    writeFileSync(file('bad.ndjson'), '{"id":1,"from":"shop/web","to":"shop/db","port":1}\n{"id":2}\n');
    expect(await policy('check', '--queries', file('bad.ndjson'), file('shop'))).toMatchObject({ code: 2, stderr: expect.stringContaining('bad.ndjson:2 is no question') as string });
  });
});

describe('policy diff, lint, test, impact, generate and convert', { timeout: 60_000 }, () => {
  it('compares two states, and one under two enforcers', async () => {
    const states = await policy('diff', file('shop'), file('open.yaml'));
    expect([states.code, states.stdout]).toEqual([1, '+ shop/web[Deployment] => shop/db[Deployment] : TCP 0-5431,5433-65535; UDP; SCTP\n+ outside 0.0.0.0/0 => shop/db[Deployment] : All\n+ outside ::/0 => shop/db[Deployment] : All\n']);
    const enforced = await policy('diff', '--enforcer-a', 'none', '--enforcer-b', 'calico', '--explain', '-o', 'json', file('shop'));
    expect(fits('policy-diff.v1', enforced.stdout)).toBeNull();
    expect(enforced.stderr).toMatch(/^3 closed, 0 opened \(pairs of ends\)\nWhat is denied is dropped: .*\nConnections that exist when a policy appears go on until they end \(.*\)\.\n$/);
    expect(await policy('diff', file('shop'), file('shop'))).toMatchObject({ code: 0, stdout: '' });
  });

  it('finds what is wrong', async () => {
    const ran = await policy('lint', '-o', 'json', file('open.yaml'));
    expect([ran.code, fits('policy-lint.v1', ran.stdout)]).toEqual([0, null]);
    expect(ran.stdout).toContain('policy/redundant');
  });

  it('holds expectations', async () => {
    const ran = await policy('test', file('expect.yaml'), file('shop'));
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('1 passed, 1 failed, 0 unknown\n')]);
    expect(fits('policy-test.v1', (await policy('test', file('expect.yaml'), file('shop'), '-o', 'json')).stdout)).toBeNull();
    expect((await policy('test', file('expect.yaml'), file('shop'), '-o', 'junit')).stdout).toContain('<testsuite name="fairlead policy test" tests="2" failures="1" errors="0">');
  });

  it('counts what would be denied of what was seen', async () => {
    const ran = await policy('impact', '--flows', file('flows.ndjson'), file('shop'));
    expect([ran.code, ran.stdout.split('\n').at(-2)]).toEqual([1, 'of 5 connections seen: 1 would be denied, 0 depend, 0 cannot be told, 4 stay']);
    expect(fits('policy-impact.v1', (await policy('impact', '--flows', file('flows.ndjson'), '-o', 'json', file('shop'))).stdout)).toBeNull();
  });

  it('makes policies of flows that then allow them', async () => {
    const ran = await policy('generate', '--from-flows', file('flows.ndjson'), file('shop'));
    expect([ran.code, ran.stderr]).toEqual([0, '2 policies for 3 links between workloads; proved on 2 pairs of pods\n']);
    writeFileSync(file('made.yaml'), `${SHOP.slice(0, SHOP.lastIndexOf('---'))}${ran.stdout}`);
    expect((await policy('impact', '--flows', file('flows.ndjson'), file('made.yaml'))).code).toBe(0);
  });

  it('converts', async () => {
    const ran = await policy('convert', '--to', 'calico', file('shop'));
    expect([ran.code, ran.stderr]).toEqual([0, '1 converted, 0 refused; the connectivity of all pods is the same\n']);
    expect(ran.stdout).toContain("selector: app == 'db'");
  });

  it.each([
    ['x: 1\n', 'expected a mapping with the list `expectations`'],
    ['expectations:\n  - {from: a/b, to: c/d, expect: maybe}\n', 'bad-expect.yaml:2: expectations[0].expect: "maybe"; expected allow or deny'],
    ['expectations:\n  - {from: {ns: a}, to: c/d, expect: deny}\n', 'expectations[0].from: expected the name of an end, or {namespace or namespaces, labels}; ns is not known'],
    ['expectations:\n  - {from: a/b, to: c/d, port: x, expect: deny}\n', 'expectations[0].port: "x" is neither a port nor any'],
    ['expectations:\n  - {from: a/b, to: c/d, port: 1, protocol: ICMP, expect: deny}\n', 'expectations[0].protocol: "ICMP" is none of TCP, UDP, SCTP'],
    ['expectations: [\n', 'This is not YAML'],
  ])('names what is wrong with expectations %j', async (text, message) => {
    writeFileSync(file('bad-expect.yaml'), text);
    expect(await policy('test', file('bad-expect.yaml'), file('shop'))).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) as string });
  });
});
