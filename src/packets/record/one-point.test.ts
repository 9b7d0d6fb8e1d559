/** What a point says of itself in the end, and how a pod's network namespace is found: with scripts as they are, and programs of a node that answer what is given here. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProcess } from '../../core/process.ts';
import type { NodeShell } from '../../node/shell.ts';
import { findArgv } from './on-node.ts';
import { collectPoint, type Point } from './one-point.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-point-'));
afterAll(() => rmSync(dir, { recursive: true }));

const period = { since: 0, until: 1, headersOnly: true, to: dir, interface: 'any' };
const shell: NodeShell = { node: 'agent-1', run: () => Promise.resolve({ code: 0, stdout: '', stderr: '' }), read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
const point = (said: string): Point => ({ place: { text: 'agent-1', node: 'agent-1' }, directory: '/var/tmp/fairlead-capture-1', clock: { offsetSeconds: 0, uncertaintySeconds: 0 }, interfaces: {}, said });

test('a recording is whole only when tcpdump said what it missed', async () => {
  expect(await collectPoint(point('tcpdump: listening on any\n0 packets captured\n0 packets dropped by kernel\n'), shell, period)).toMatchObject({ droppedByKernel: 0, packets: 0 });
  expect((await collectPoint(point('tcpdump: listening on any\n0 packets captured\n0 packets dropped by kernel\n'), shell, period)).incomplete).toBeUndefined();
  expect((await collectPoint(point('tcpdump: listening on any\n'), shell, period)).incomplete).toBe('tcpdump did not come to say how many packets it missed');
});

test('a network namespace is found by its address, and looked into by its oldest process', async () => {
  const program = (name: string, text: string): void => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(dir, name), 0o755);
  };
  program('stat', `[ "$3" = %i ] && { echo 1; exit; }
printf '%s\\n' '1 /proc/1/ns/net' '4026531840 /proc/1000/ns/net' '4026531840 /proc/200/ns/net' '4026531841 /proc/99/ns/net' '4026531841 /proc/1234/ns/net'`);
  program('nsenter', `case $1 in --net=/proc/200/*|--net=/proc/1000/*) echo '2: eth0    inet 10.42.1.5/24 scope global' ;; *) echo '2: eth0    inet 10.42.1.50/24 scope global' ;; esac`);
  const found = async (address: string): Promise<string> => Buffer.from((await runProcess(['env', `PATH=${dir}:${process.env['PATH'] ?? ''}`, ...findArgv(address)])).stdout).toString();
  expect([await found('10.42.1.5'), await found('10.42.1.50'), await found('10.42.1.6')]).toEqual(['/proc/200/ns/net\n', '/proc/99/ns/net\n', '']);
});
