/** What people hand over becomes a snapshot, what is broken is refused with its place, and a snapshot reads back as it was written. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.ts';
import { BASE_CATALOGUE } from './base-catalogue.ts';
import { joinCatalogues } from './catalogue.ts';
import { loadSnapshot } from './load.ts';
import type { Snapshot } from './model.ts';
import { writeSnapshot } from './write.ts';

const root = mkdtempSync(join(tmpdir(), 'fairlead-load-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
/** A new directory with these files. */
function folder(files: Record<string, string | Uint8Array>): string {
  const dir = join(root, String(++made));
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

async function load(inputs: string[], stdin?: string): Promise<Snapshot> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode(stdin ?? ''));
  }
  return await loadSnapshot(inputs, { catalogue: joinCatalogues([BASE_CATALOGUE]), tool: '1.2.3', now: new Date(0), ...(stdin === undefined ? {} : { stdin: bytes() }) });
}

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
const names = (snapshot: Snapshot): string[] => snapshot.entries.map(({ object, place }) => `${object.kind} ${object.metadata.name} ${place === undefined ? '' : `${place.file.slice(root.length)}:${place.line}`}`.trim());

describe('inputs', () => {
  it('a directory: all YAML and JSON in it, with places; the rest is told', async () => {
    const dir = folder({
      'a.yaml': `# remark\n${namespace('a')}---\n${namespace('b')}`,
      'deep/b.json': JSON.stringify({ apiVersion: 'v1', kind: 'NamespaceList', items: [{ metadata: { name: 'c' } }] }, null, 1),
      'templates/x.yaml': 'apiVersion: v1\nkind: {{ .Values.kind }}\n',
      'kustomization.yaml': 'resources: [a.yaml]\n',
      'deep/.git/config.yaml': namespace('hidden'),
      'other.txt': 'no yaml',
      'crd.yaml': 'apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: t\n',
    });
    symlinkSync('/etc/passwd', join(dir, 'link.yaml'));
    const snapshot = await load([dir]);
    expect(names(snapshot)).toEqual(['Namespace a /1/a.yaml:2', 'Namespace b /1/a.yaml:7', 'Namespace c /1/deep/b.json:5']);
    expect(snapshot.unlisted).toEqual([{ apiVersion: 'example.com/v1', kind: 'Thing', count: 1 }]);
    expect(snapshot.unknown.map(({ what, why }) => `${what.slice(dir.length)} ${why}`)).toEqual([
      '/kustomization.yaml:1 apiVersion or kind is missing, or is no text',
      expect.stringContaining('/link.yaml it is a symbolic link'),
      expect.stringContaining('/templates/x.yaml:1 not valid YAML: object-based map does not support complex keys (it looks like a template'),
    ]);
  });

  it('standard input, lists in lists, and facts of a host', async () => {
    const facts = 'apiVersion: fairlead.dev/v1\nkind: HostFacts\nmetadata: {name: n1}\nkernel: 6.1.0\nsysctls: {net.ipv4.ip_forward: "0"}\n';
    const snapshot = await load(['-'], `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }] }] })}\n`);
    expect(names(snapshot)).toHaveLength(1);
    expect((await load(['-'], facts)).hosts).toEqual([{ node: 'n1', kernel: '6.1.0', sysctls: { 'net.ipv4.ip_forward': '0' } }]);
  });

  it('an object that is there twice: the later counts, and it is told', async () => {
    const dir = folder({ 'a.yaml': namespace('x'), 'b.yaml': `${namespace('x')}status: {phase: Active}\n` });
    const snapshot = await load([join(dir, 'a.yaml'), join(dir, 'b.yaml')]);
    expect(snapshot.entries.map(({ object }) => object['status'])).toEqual([{ phase: 'Active' }]);
    expect(snapshot.unknown[0]?.why).toMatch(/a\.yaml:1 and in .*b\.yaml:1; the latter is used/);
  });

  it('remarks that switch a rule off, if they have a reason', async () => {
    const text = `# fairlead:ignore FL-POL-001 known to the team\n# fairlead:ignore FL-POL-002\n${namespace('a').trimEnd()}\n  annotations:\n    fairlead.dev/ignore: "FL-DNS-001: one replica is enough here"\n`;
    expect((await load(['-'], text)).entries[0]?.ignores).toEqual([{ rule: 'FL-POL-001', reason: 'known to the team' }, { rule: 'FL-DNS-001', reason: 'one replica is enough here' }]);
  });
});

describe('a snapshot', () => {
  it.each(['snap', 'snap.tgz'])('reads back from %s as it was written, and the same gives the same bytes', async (name) => {
    const before = await load([folder({ 'a.yaml': `${namespace('b')}---\n${namespace('a')}`, 'h.yaml': 'apiVersion: fairlead.dev/v1\nkind: HostFacts\nmetadata: {name: n1}\nmodules: [br_netfilter]\n' })]);
    const target = join(folder({}), name);
    await writeSnapshot(before, target);
    const after = await load([target]);
    expect(after).toEqual(before);
    const again = join(folder({}), name);
    await writeSnapshot(after, again);
    const bytes = (path: string): Buffer => readFileSync(name === 'snap' ? join(path, 'objects/Namespace.core.ndjson') : path);
    expect(bytes(again).equals(bytes(target))).toBe(true);
    if (name === 'snap') await expect(writeSnapshot(before, target)).rejects.toThrow(/is there already and is not empty/);
  });

  it('goes through the allow-lists again when it is read', async () => {
    const dir = join(folder({}), 's');
    await writeSnapshot(await load(['-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n'), dir);
    const file = join(dir, 'objects/ConfigMap.core.ndjson');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"data":{}', '"data":{"password":"hunter2"}'));
    expect(JSON.stringify(await load([dir]))).not.toContain('hunter2');
  });
});

/** A gzipped tar with these files. */
async function archive(files: Record<string, string>): Promise<Uint8Array> {
  return gzipSync(await packTar(Object.entries(files).map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body), type: 'file' as const }, body }))));
}
const manifest = (more: object = {}): string => JSON.stringify({ format: 'fairlead-snapshot', version: 1, tool: '1', collectedAt: new Date(0).toISOString(), source: 'files', from: [], files: {}, unlisted: [], unknown: [], ...more });

describe('refuses', () => {
  it.each([
    ['a missing file', async () => await load([join(root, 'nowhere')]), /cannot read .*nowhere: ENOENT/],
    ['a directory with nothing', async () => await load([folder({ 'a.txt': '' })]), /no Kubernetes object that says something about networking/],
    ['broken YAML that was named', async () => await load([join(folder({ 'a.yaml': `${namespace('a')}---\na: [\n` }), 'a.yaml')]), /a\.yaml:\d+: not valid YAML/],
    ['an object without a name', async () => await load(['-'], 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n'), /-:1: Pod without a name: it is a pattern/],
    ['a name that is a boolean', async () => await load(['-'], 'apiVersion: v1\nkind: Namespace\nmetadata: {name: on}\n'), /-:1: Namespace: metadata\.name is true, which is no text; y, n, yes/],
    ['a text', async () => await load(['-'], 'hello'), /-:1: expected an object with apiVersion, kind and metadata/],
    ['items of no known kind', async () => await load(['-'], 'items:\n- metadata: {name: x}\n'), /-:1: a document with items whose kind is missing/],
    ['items of a kind that is no list', async () => await load(['-'], 'kind: Pod\napiVersion: v1\nitems:\n- metadata: {name: x}\n'), /kind is Pod, not a list/],
    ['an alias bomb', async () => await load(['-'], `apiVersion: v1\nkind: Service\nmetadata: {name: x}\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: &d [${'*c,'.repeat(9)}]\ne: &e [${'*d,'.repeat(9)}]\nf: &f [${'*e,'.repeat(9)}]\nspec:\n  ports: [${'*f,'.repeat(9)}]\n  selector: &s {a: *f}\nstatus: {conditions: [*f,*f,*f]}\n`), undefined],
    ['an alias bomb in what is kept', async () => await load(['-'], `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: x}\na: &a {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9}\n${'bcdefg'.split('').map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]},`.repeat(9)}]\n`).join('')}spec: {subject: {x: [*g]}}\n`), /-:1: AdminNetworkPolicy x has more than 200000 values: YAML aliases/],
    ['wrong facts of a host', async () => await load(['-'], 'apiVersion: fairlead.dev/v1\nkind: HostFacts\nmetadata: {name: n1}\nlinks: 5\n'), /-:1: HostFacts n1: links: /],
    ['an archive that is cut off', async () => await load([join(folder({ 'a.tgz': (await archive({ 'snapshot.json': manifest(), 'hosts.ndjson': 'x'.repeat(9000) })).subarray(0, 150) }), 'a.tgz')]), /a\.tgz:1: the archive is damaged or cut off/],
    ['an archive that is none', async () => await load([join(folder({ 'a.tgz': 'hello' }), 'a.tgz')]), /damaged or cut off/],
    ['names that lead out of an archive', async () => await load([join(folder({ 'a.tgz': await archive({ '../../evil.ndjson': 'x' }) }), 'a.tgz')]), /"\.\.\/\.\.\/evil\.ndjson", which leads out of it/],
    ['an absolute name in an archive', async () => await load([join(folder({ 'a.tgz': await archive({ '/etc/passwd': 'x' }) }), 'a.tgz')]), /leads out of it/],
    ['an archive without a manifest', async () => await load([join(folder({ 'a.tgz': await archive({ 'x.txt': 'x' }) }), 'a.tgz')]), /no snapshot: it has no snapshot\.json/],
    ['a snapshot of another version', async () => await load([folder({ 'snapshot.json': manifest({ version: 2 }) })]), /format version 2; this Fairlead reads version 1/],
    ['a snapshot with a file missing', async () => await load([folder({ 'snapshot.json': manifest({ files: { 'objects/Pod.core.ndjson': 3 } }) })]), /Pod\.core\.ndjson should have 3 lines and has 0/],
    ['a snapshot line that is none', async () => await load([folder({ 'snapshot.json': manifest(), 'objects/Pod.core.ndjson': '{"object":{"kind":"Pod"}}\n' })]), /Pod\.core\.ndjson:1: object\.apiVersion/],
  ])('%s', async (_what, attempt, message) => {
    // Without a message: what is blown up lies outside of what is kept, so that it is read and costs nothing.
    if (message === undefined) expect((await attempt()).entries).toHaveLength(1);
    else {
      await expect(attempt()).rejects.toThrow(message);
      await expect(attempt()).rejects.toBeInstanceOf(UsageError);
    }
  });

  it('a document of 100 MB, without taking it in', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  x: |\n');
      const line = new TextEncoder().encode(`    ${'x'.repeat(65_531)}\n`);
      for (; given < 100 * 1024 ** 2; given += line.length) yield await Promise.resolve(line);
    }
    const options = { catalogue: joinCatalogues([BASE_CATALOGUE]), tool: '1', now: new Date(0), stdin: endless() };
    await expect(loadSnapshot(['-'], options)).rejects.toThrow(/-:1: this object is longer than 4 MiB/);
    expect(given).toBeLessThan(6 * 1024 ** 2);
  });
});
