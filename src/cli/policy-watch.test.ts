import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { main } from '../main.ts';
import { runMain } from './testing/run-main.ts';

const PATIENCE = 60_000;
const root = mkdtempSync(join(tmpdir(), 'fairlead-policy-watch-'));
afterAll(() => rmSync(root, { recursive: true }));

const PODS = ['web', 'db', 'job'].map((name) => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}\nspec: {containers: [{name: c}]}\nstatus: {phase: Running}\n`).join('---\n');
const policy = (from: string, port: number): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: ${from}}}}]
      ports: [{port: ${port}}]
`;

let directories = 0;

interface Session {
  dir: string;
  write(file: string, text: string): void;
  /** Resolves when what was written since the last call has all of these. */
  until(...parts: string[]): Promise<{ stdout: string; stderr: string }>;
  stop(): Promise<number>;
}

/** A directory of manifests, and the command that watches it. */
async function watching(argv: (dir: string) => string[]): Promise<Session> {
  const dir = join(root, String((directories += 1)));
  mkdirSync(dir);
  writeFileSync(join(dir, 'pods.yaml'), PODS);
  writeFileSync(join(dir, 'policies.yaml'), policy('web', 5432));
  const [stop, seen] = [new AbortController(), { stdout: '', stderr: '' }];
  const code = main(argv(dir), { stdout: (text) => void (seen.stdout += text), stderr: (text) => void (seen.stderr += text), ask: () => Promise.resolve(undefined), env: {}, signal: stop.signal, isTerminal: { stdout: false, stderr: false } });
  const session: Session = {
    dir,
    // As editors do it: written aside, then moved into place.
    write: (file, text) => {
      writeFileSync(join(root, 'aside'), text);
      renameSync(join(root, 'aside'), join(dir, file));
    },
    until: async (...parts) => {
      await vi.waitFor(() => expect(`${seen.stdout}${seen.stderr}`).toSatisfy((text: string) => parts.every((one) => text.includes(one))), { timeout: PATIENCE, interval: 20 });
      const found = { ...seen };
      [seen.stdout, seen.stderr] = ['', ''];
      return found;
    },
    stop: async () => {
      stop.abort();
      return await code;
    },
  };
  return session;
}

describe('policy list --watch', () => {
  it('lists, and then tells what changes closes and opens', { timeout: PATIENCE }, async () => {
    const { dir, write, until, stop } = await watching((at) => ['policy', 'list', '--watch', '--enforcer', 'calico', at]);
    const first = await until('Ctrl-C');
    expect(first.stdout).toBe((await runMain('policy', 'list', '--enforcer', 'calico', dir)).stdout);
    write('policies.yaml', policy('job', 5432));
    expect((await until('policies.yaml changed')).stdout.split('\n').toSorted()).toEqual(['', '+ shop/job[Pod] => shop/db[Pod] : TCP 5432', '- shop/web[Pod] => shop/db[Pod] : TCP 5432']);
    // A policy of another file, and the end of the first.
    write('more.yaml', policy('web', 5433).replace('name: db', 'name: more'));
    expect((await until('more.yaml changed')).stdout).toBe('+ shop/web[Pod] => shop/db[Pod] : TCP 5433\n');
    rmSync(join(dir, 'policies.yaml'));
    expect((await until('policies.yaml changed')).stdout).toBe('- shop/job[Pod] => shop/db[Pod] : TCP 5432\n');
    write('pods.yaml', PODS.replaceAll('job', 'cron'));
    expect((await until('pods.yaml changed')).stdout).toBe('only before: shop/job[Pod]\nonly after: shop/cron[Pod]\n');
    expect(await stop()).toBe(0);
  });

  it('keeps the last good state where a file is broken, says so once, and goes on from there', { timeout: PATIENCE }, async () => {
    const { write, until, stop } = await watching((at) => ['policy', 'list', '--watch', '--enforcer', 'calico', at]);
    await until('Ctrl-C');
    write('policies.yaml', `${policy('job', 5432)}    - from: [\n`);
    const broken = await until('The last good state is kept.');
    expect(broken.stdout).toBe('');
    expect(broken.stderr).toMatch(/policies\.yaml:\d+: error: not valid YAML/);
    write('policies.yaml', policy('job', 70_000));
    expect((await until('The last good state is kept.')).stderr).toContain('spec.ingress[0].ports[0].port');
    write('policies.yaml', policy('web', 5433));
    expect((await until('policies.yaml changed')).stdout.split('\n').toSorted()).toEqual(['', '+ shop/web[Pod] => shop/db[Pod] : TCP 5433', '- shop/web[Pod] => shop/db[Pod] : TCP 5432']);
    expect(await stop()).toBe(0);
  });

  it('refuses what cannot be watched', { timeout: PATIENCE }, async () => {
    for (const [argv, says] of [[[], 'live cluster'], [['-'], 'standard input'], [['-o', 'json', root], 'not json'], [['--level', 'class', root], '--level class'], [[join(root, 'nothing')], 'no such file']] as const) {
      const ran = await runMain('policy', 'list', '--watch', ...argv);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(says);
    }
  });
});

describe('--watch of other verbs', () => {
  it('check: answers again what has another verdict', { timeout: PATIENCE }, async () => {
    const queries = join(root, 'queries.ndjson');
    writeFileSync(queries, ['web', 'job'].map((from) => `${JSON.stringify({ id: from, from: `shop/${from}`, to: 'shop/db', port: 5432 })}\n`).join(''));
    const { write, until, stop } = await watching((at) => ['policy', 'check', '--watch', '--queries', queries, '--enforcer', 'calico', at]);
    expect((await until('Ctrl-C')).stdout).toMatch(/"web","verdict":"allow".*\n.*"job","verdict":"deny"/);
    write('policies.yaml', `# the line moves\n${policy('web', 5432)}---\n${policy('job', 5432).replace('name: db', 'name: more')}`);
    const { stdout } = await until('1 answer changed');
    expect(stdout).toMatch(/^\{"id":"job","verdict":"allow"[^\n]*\n$/);
    expect(await stop()).toBe(0);
  });

  it('test: tells results that are others', { timeout: PATIENCE }, async () => {
    const expectations = join(root, 'expectations.yaml');
    writeFileSync(expectations, 'expectations:\n  - {name: web reaches db, from: shop/web, to: shop/db, port: 5432, expect: allow}\n');
    const { write, until, stop } = await watching((at) => ['policy', 'test', expectations, '--watch', '--enforcer', 'calico', at]);
    expect((await until('Ctrl-C')).stdout).toContain('pass: web reaches db');
    write('policies.yaml', policy('job', 5432));
    expect((await until('1 result changed; 1 of 1 do not hold')).stdout).toContain('fail: web reaches db');
    expect(await stop()).toBe(1);
  });

  it('lint: tells findings that come and go, a refused policy among them', { timeout: PATIENCE }, async () => {
    const { write, until, stop } = await watching((at) => ['policy', 'lint', '--watch', '--enforcer', 'calico', at]);
    await until('Ctrl-C');
    write('policies.yaml', policy('web', 70_000));
    expect((await until('1 new')).stdout).toContain('between 1 and 65535');
    write('policies.yaml', policy('web', 5432));
    expect((await until('1 gone')).stdout).toContain('gone: error');
    await stop();
  });

  it('diff: tells differences that come and go', { timeout: PATIENCE }, async () => {
    const { write, until, stop } = await watching((at) => ['policy', 'diff', '--watch', '--enforcer-a', 'none', '--enforcer-b', 'calico', at]);
    expect((await until('Ctrl-C')).stdout).toContain('- shop/job[Pod] => shop/db[Pod]');
    write('policies.yaml', policy('job', 5432));
    const { stdout } = await until('policies.yaml changed');
    expect(stdout).toContain('new: - shop/web[Pod] => shop/db[Pod] : All');
    expect(stdout).toContain('gone: - shop/web[Pod] => shop/db[Pod] : TCP 0-5431');
    expect(await stop()).toBe(1);
  });
});
