/** Hostile input at the front door: a clear error, little memory, and nothing written. Memory is that of the whole process, measured. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMain } from '../src/cli/testing/run-main.ts';
import { packageRoot } from '../src/core/package-root.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-hostile-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const MB = 1024 ** 2;
/** Prints, at its end, the most memory that the process had, in KiB: since its program began (VmHWM), where the system tells; the resource usage also counts what its parent had. */
const METER = "data:text/javascript,import{readFileSync}from'node:fs';process.on('exit',()=>{let m;try{m=/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1]}catch{m=process.resourceUsage().maxRSS}process.stderr.write('maxrss '+m+'\\n')})";

interface Run { code: number | null; stderr: string; megabytes: number }
/** `fairlead snapshot FILE` in a process of its own. */
function snapshot(file: string): Run {
  const { status, stderr } = spawnSync(process.execPath, ['--import', METER, join(packageRoot(), 'bin/fairlead.js'), 'snapshot', file, '--to', join(dir, 'out.tgz')], { encoding: 'utf8' });
  return { code: status, stderr, megabytes: Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? NaN) / 1024 };
}

const tar = async (files: Record<string, string | Uint8Array>): Promise<Uint8Array> => await packTar(Object.entries(files).map(([name, body]) => ({ header: { name, size: typeof body === 'string' ? Buffer.byteLength(body) : body.length, type: 'file' as const }, body })));
const MANIFEST = JSON.stringify({ format: 'fairlead-snapshot', version: 1, tool: '1', collectedAt: new Date(0).toISOString(), source: 'files', from: [], files: {}, unlisted: [], unknown: [] });

/** Nine aliases of nine, eight times: 43 million values, in a field that is kept. */
const BOMB = `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: x}\na: &a {a: 1, b: 2}\n${'bcdefghi'.split('').map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at] ?? ''},`.repeat(9)}]\n`).join('')}spec: {subject: {x: *i}}\n`;

describe('memory', () => {
  /** What the same command takes for one small object. */
  let idle = 0;
  beforeAll(() => {
    writeFileSync(join(dir, 'small.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n');
    idle = snapshot(join(dir, 'small.yaml')).megabytes;
    rmSync(join(dir, 'out.tgz'));
  }, 300_000);

  it.each<[string, string, () => string | Uint8Array | Promise<Uint8Array>, RegExp]>([
    ['100 MB of one YAML object', 'object.yaml', () => Buffer.concat([Buffer.from('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  x: |\n'), Buffer.alloc(100 * MB, `    ${'x'.repeat(1019)}\n`)]), /object\.yaml:1: this object is longer than 4 MiB/],
    ['100 MB of one JSON object', 'object.json', () => Buffer.concat([Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","data":{"x":"'), Buffer.alloc(100 * MB, 'x'), Buffer.from('"}}')]), /object\.json:1: this object is longer than 4 MiB/],
    ['100 MB of blanks', 'blank.yaml', () => Buffer.alloc(100 * MB, ' '), /blank\.yaml:1: nothing but blanks in the first 4 MiB/],
    ['aliases that blow up', 'bomb.yaml', () => BOMB, /AdminNetworkPolicy x has more than 200000 values: YAML aliases/],
    ['an archive that unpacks to 100 MB of something else', 'bomb.tgz', async () => gzipSync(await tar({ 'other.bin': new Uint8Array(100 * MB) })), /bomb\.tgz:1: this is no snapshot: it has no snapshot\.json/],
  ])('%s', async (_what, name, content, message) => {
    writeFileSync(join(dir, name), await content());
    const { code, stderr, megabytes } = snapshot(join(dir, name));
    rmSync(join(dir, name));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(megabytes - idle).toBeLessThan(100);
  }, 600_000);
});

describe('what is wrong', () => {
  it.each<[string, string, () => string | Uint8Array | Promise<Uint8Array>, RegExp]>([
    ['a deep nest of YAML', 'deep.yaml', () => `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: ${'['.repeat(50_000)}`, /deep\.yaml:\d+: not valid YAML/],
    ['a deep nest of JSON', 'deep.json', () => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":${'['.repeat(50_000)}`, /deep\.json:1: the file ends inside of a JSON object/],
    ['a kind that is a number', 'kind.yaml', () => 'apiVersion: v1\nkind: 5\nmetadata: {name: x}\n', /kind\.yaml:1: apiVersion or kind is missing, or is no text/],
    ['metadata that is a list', 'meta.yaml', () => 'apiVersion: v1\nkind: Pod\nmetadata: [x]\n', /meta\.yaml:1: Pod without metadata/],
    ['bytes that are no UTF-8', 'latin.yaml', () => Buffer.from('apiVersion: v1\nkind: Namespace\nmetadata: {name: caf\xe9}\n', 'latin1'), /latin\.yaml:1: on this line or a later one are bytes that are no UTF-8 text/],
    ['UTF-16', 'utf16.yaml', () => Buffer.from('\ufeffapiVersion: v1\n', 'utf16le'), /utf16\.yaml:1: /],
    ['an archive that is cut off', 'cut.tgz', async () => gzipSync(await tar({ 'snapshot.json': MANIFEST, 'hosts.ndjson': 'x'.repeat(90_000) })).subarray(0, 200), /cut\.tgz:1: the archive is damaged or cut off/],
    ['an archive whose names climb out', 'climb.tgz', async () => gzipSync(await tar({ 'snapshot.json': MANIFEST, '../../climbed.ndjson': 'x' })), /"\.\.\/\.\.\/climbed\.ndjson", which leads out of it/],
    ['an archive with an absolute name', 'absolute.tgz', async () => gzipSync(await tar({ [join(dir, 'absolute.ndjson')]: 'x' })), /which leads out of it/],
    ['an archive whose manifest lies', 'lies.tgz', async () => gzipSync(await tar({ 'snapshot.json': MANIFEST.replace('"files":{}', '"files":{"objects/Pod.core.ndjson":7}') })), /Pod\.core\.ndjson should have 7 lines and has 0/],
  ])('%s', async (_what, name, content, message) => {
    const here = join(dir, name.replace('.', '-'), 'deep', 'er');
    mkdirSync(here, { recursive: true });
    writeFileSync(join(here, name), await content());
    const ran = await runMain('audit', join(here, name));
    expect(ran.stderr).toMatch(message);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    const made = await runMain('snapshot', join(here, name), '--to', join(here, 'out'));
    expect(made.code).toBe(2);
    // Nothing but what was put there, here or above.
    expect(readdirSync(join(dir, name.replace('.', '-')), { recursive: true }).map(String).toSorted()).toEqual(['deep', 'deep/er', `deep/er/${name}`]);
    expect(readdirSync(dir).filter((one) => /climbed|absolute\.ndjson/.test(one))).toEqual([]);
  }, 300_000);
});
