/** Recording at this machine as the only node, with its own tcpdump: root is needed, as on any node. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../core/errors.ts';
import { runProcess } from '../../core/process.ts';
import { hostShell } from '../../node/host-shell.ts';
import type { NodeShell } from '../../node/shell.ts';
import { analyseCaptures } from '../analyse.ts';
import { readManifest } from './manifest.ts';
import { record, type RecordOptions } from './record.ts';
import { withRecordings } from './recorded-files.ts';

const canRecord = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/tcpdump');
const dir = mkdtempSync(join(tmpdir(), 'fairlead-record-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** This machine; every directory that it is asked to remove is noted. */
function here(removed: string[]): NodeShell {
  return hostShell('here', async (argv, how) => {
    if (argv.includes('rm')) removed.push(...argv.filter((word) => word.startsWith('/var/tmp/fairlead-capture-')));
    const { stdout, stderr } = await runProcess(argv, how);
    return { stdout, stderr: Buffer.from(stderr) };
  });
}

async function listen(answer: string | Uint8Array = 'not for everybody'): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

function options(name: string, removed: string[], more: Partial<RecordOptions>): RecordOptions {
  return {
    places: ['here'], cluster: { get: ({ kind, name: object }) => Promise.resolve({ apiVersion: 'v1', kind, metadata: { name: object } }) }, shell: () => here(removed), to: join(dir, name),
    interface: 'lo', filter: '', snap: undefined, megabytes: 8, seconds: 120, before: 30, tool: 'test', signal: new AbortController().signal, say: () => undefined, ...more,
  };
}

describe.skipIf(!canRecord)('recording', { timeout: 120_000 }, () => {
  test('ends when a connection fails, keeps headers alone, leaves nothing behind, and is read at once', async () => {
    const { server, port } = await listen();
    const removed: string[] = [];
    // It serves one attempt, and is gone for the next one. What the node says is waited for: a connection belongs to the recording.
    let served = false;
    server.once('connection', () => {
      served = true;
      server.close();
    });
    const manifest = await record(options('fails', removed, { filter: `port ${port}`, attempt: { from: 'here', address: '127.0.0.1', port, protocol: 'tcp' } }));
    expect(manifest).toMatchObject({ stopped: 'failure', failure: { attempt: `here → 127.0.0.1:${port}`, why: 'Connection refused' }, headersOnly: true, points: [{ place: 'here', node: 'here', file: 'here.pcap', interface: 'lo', droppedByKernel: 0 }] });
    expect([served, manifest.points[0]?.incomplete]).toEqual([true, undefined]);
    expect(readManifest(join(dir, 'fails'))).toEqual(manifest);
    expect(readFileSync(join(dir, 'fails', 'here.pcap')).includes('not for everybody')).toBe(false);
    const report = await analyseCaptures(await withRecordings([join(dir, 'fails')]));
    expect(report.packets).toBe(manifest.points[0]?.packets);
    expect(report.signatures.map(({ id }) => id)).toEqual(['syn-reset-by-host']);
    expect(report.remarks[0]).toMatch(/failed at .*: Connection refused\.$/);
    expect(removed).toHaveLength(1);
    expect(readdirSync('/var/tmp').filter((name) => removed.includes(`/var/tmp/${name}`))).toEqual([]);
  });

  test('an interruption ends it early, and keeps what there is', async () => {
    const { server, port } = await listen();
    const interruption = new AbortController();
    const removed: string[] = [];
    const manifest = await record(options('stopped', removed, {
      filter: `port ${port}`, snap: 512, signal: interruption.signal,
      say: (text) => text.startsWith('recording') && void fetch(`http://127.0.0.1:${port}/`).catch(() => undefined).then(() => interruption.abort()),
    }));
    server.close();
    expect(manifest).toMatchObject({ stopped: 'interrupted', headersOnly: false, snapLength: 512 });
    expect(readFileSync(join(dir, 'stopped', 'here.pcap')).includes('not for everybody')).toBe(true);
    expect(existsSync(removed[0] ?? '/')).toBe(false);
  });

  test('a node that cannot be asked for a while goes on capturing, and what the ring could not hold is told', async () => {
    const { server, port } = await listen(new Uint8Array(6_000_000));
    const removed: string[] = [];
    const node = here(removed);
    let tries = 0;
    const shell: NodeShell = {
      ...node,
      async run(argv, how) {
        if (argv[0] !== 'bash' || argv[1] !== '-c') return await node.run(argv, how);
        tries++;
        if (tries === 1) throw new EnvironmentError('the way there is closed');
        // 6 MB and more, into a ring of 4.
        await new Promise<void>((resolve, reject) => void connect(port, '127.0.0.1').on('error', reject).on('close', () => resolve()).resume());
        server.close();
        return await node.run(argv, how);
      },
    };
    const said: string[] = [];
    const manifest = await record(options('closed', removed, { shell: () => shell, filter: `port ${port}`, snap: 262_144, megabytes: 4, attempt: { from: 'here', address: '127.0.0.1', port, protocol: 'tcp' }, say: (text) => void said.push(text) }));
    expect(said).toContainEqual(expect.stringContaining('cannot be tried at the moment: the way there is closed'));
    expect(manifest).toMatchObject({ stopped: 'failure', failure: { why: 'Connection refused' } });
    // On a busy machine the kernel drops before the ring goes round.
    expect(manifest.points[0]?.incomplete).toMatch(/^\d+ packets before .* did not fit into the size|^the kernel dropped \d+ packets/);
    expect(statSync(join(dir, 'closed', 'here.pcap')).size).toBeLessThan(4_500_000);
  });

  test('a filter that tcpdump does not take is refused in its words, and leaves nothing', async () => {
    const removed: string[] = [];
    await expect(record(options('filter', removed, { filter: '-z reboot' }))).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('does not take the filter "-z reboot"') as string });
    expect(existsSync(removed[0] ?? '/')).toBe(false);
  });

  test('a directory with something in it is refused before anything is done', async () => {
    await expect(record(options('.', [], {}))).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('is not empty') as string });
  });
});
