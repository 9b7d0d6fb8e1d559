/** `kill -9` at any moment leaves nothing that `lab down` does not find. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeObject } from '../../src/cluster/objects.ts';
import { isReady } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { cacheDir } from '../../src/lab/paths.ts';
import { labNames } from '../../src/lab/state.ts';
import { fairlead, fairleadOk, startFairlead, type Running } from './support/fairlead.ts';
import { startLab } from './support/lab.ts';
import { differences, lookAtMachine, type Machine } from './support/machine.ts';

const LAB = 'e4';
const UP = ['lab', 'up', '--name', LAB, '--nodes', '2'];

let before: Machine;

beforeAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
  before = await lookAtMachine([LAB]);
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
});

async function expectNoTrace(): Promise<void> {
  await fairleadOk('lab', 'down', '--name', LAB);
  expect(differences(before, await lookAtMachine([LAB]))).toEqual([]);
}

async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL');
  expect(await running.ended).toBe('SIGKILL');
}

/** Numbers in [0, 1) that are the same in every run (mulberry32), so that a failure can be had again. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Processes of this machine with this text on their command line. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
    } catch {
      // It has just ended.
      return false;
    }
  });
}

describe('`lab up` killed', () => {
  test.each(['looking for the components', 'preparing the images', 'waiting for the API server', 'waiting for the nodes to be Ready', 'waiting for CoreDNS'])('when it was %s', async (phase) => {
    const up = startFairlead(...UP);
    await up.said(phase);
    await kill(up);
    await expectNoTrace();
  });

  // The nodes' disks, namespaces, cgroups and first processes are made in the two seconds after this phase began.
  const random = randomNumbers(20_260_301);
  test.each(Array.from({ length: 8 }, (_, index) => Math.round((index + random()) * 250)))('%i ms into making the nodes', async (milliseconds) => {
    const up = startFairlead(...UP);
    await up.said('making the nodes');
    await delay(milliseconds);
    await kill(up);
    await expectNoTrace();
  });
});

/** Milliseconds: a start takes 15 s here, and longer on a busy machine. */
const START_MS = 15_000;

describe('`lab up` ended at any moment', () => {
  const random = randomNumbers(41);
  const moments = Array.from({ length: 10 }, (_, index) => [index % 2 === 0 ? 'SIGKILL' : 'SIGINT', Math.round(((index + random()) / 10) * START_MS)] as const);
  test.each(moments)('by %s after %i ms', async (signal, milliseconds) => {
    const up = startFairlead(...UP);
    await delay(milliseconds);
    up.child.kill(signal);
    // A signal that comes before its handler is there ends the process as it ends any other.
    expect(signal === 'SIGKILL' ? ['SIGKILL', 0] : [130, 'SIGINT', 0]).toContain(await up.ended);
    await expectNoTrace();
  });

  test('while it fills an empty image store: its containerd ends with it, and the next start cleans up', async () => {
    const usual = cacheDir();
    const cache = mkdtempSync(join(tmpdir(), 'fairlead-cache-'));
    const scratch = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('fairlead-containerd-')).toSorted();
    const others = scratch();
    const given = process.env['FAIRLEAD_CACHE'];
    process.env['FAIRLEAD_CACHE'] = cache;
    try {
      for (const part of ['components', 'agent', 'images']) symlinkSync(join(usual, part), join(cache, part));
      const up = startFairlead(...UP);
      await up.said('importing image 2 of');
      await kill(up);
      const [left, ...more] = scratch().filter((name) => !others.includes(name));
      expect(more).toEqual([]);
      await waitUntil(() => Promise.resolve(processesWith(left ?? '?').length === 0 ? true : undefined), { timeoutMs: 10_000, what: 'its containerd to end' });
      const next = startFairlead(...UP);
      await next.said('importing image 1 of');
      expect(scratch()).not.toContain(left);
      next.child.kill('SIGINT');
      await next.ended;
      expect(scratch().filter((name) => !others.includes(name))).toEqual([]);
      await expectNoTrace();
    } finally {
      if (given === undefined) delete process.env['FAIRLEAD_CACHE'];
      else process.env['FAIRLEAD_CACHE'] = given;
      rmSync(cache, { recursive: true });
    }
  });
});

describe('`lab up` interrupted', () => {
  test('says how to clean, and status and down work with what is there', async () => {
    const up = startFairlead(...UP);
    await up.said('waiting for the API server');
    up.child.kill('SIGINT');
    expect(await up.ended).toBe(130);
    expect(up.stderr()).toContain(`\`fairlead lab down --name ${LAB}\` removes what was made`);
    expect(await fairlead('lab', 'status', '--name', LAB)).toMatchObject({ code: 1, stdout: expect.stringContaining('creating') as string });
    expect(await fairlead(...UP)).toMatchObject({ code: 2, stderr: expect.stringContaining(`there is a lab called \`${LAB}\` already`) as string });
    await expectNoTrace();
  });

  test('by `lab down` ends, and makes nothing any more', async () => {
    const up = startFairlead(...UP);
    await up.said('making the nodes');
    await expectNoTrace();
    expect(await up.ended).toBe('SIGKILL');
    expect(differences(before, await lookAtMachine([LAB]))).toEqual([]);
  });

  test('by nothing but a second `lab up` of the same name: one of them gets the lab', async () => {
    const both = [startFairlead(...UP, '--cni', 'none'), startFairlead(...UP, '--cni', 'none')];
    const ended = await Promise.all(both.map(async (one) => one.ended));
    expect(ended.map(Number).toSorted((a, b) => a - b)).toEqual([0, 2]);
    expect(both.find((_, index) => ended[index] === 2)?.stderr()).toContain(`there is a lab called \`${LAB}\` already`);
    await expectNoTrace();
  });
});

describe('other verbs killed', () => {
  test('`lab reboot`, at several moments: a second reboot brings the node back', async () => {
    const lab = await startLab(LAB, '--nodes', '2');
    const random = randomNumbers(7);
    const [, agent] = lab.nodes;
    for (let round = 0; round < 4; round += 1) {
      const reboot = startFairlead('lab', 'reboot', '--name', LAB, agent);
      await delay(300 + Math.round(random() * 700));
      reboot.child.kill('SIGKILL');
      await reboot.ended;
    }
    await fairleadOk('lab', 'reboot', '--name', LAB, agent);
    const bootId = (await lab.on(agent, 'cat', '/proc/sys/kernel/random/boot_id')).trim();
    await waitUntil(async () => {
      const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: agent });
      const status = node?.['status'] as { nodeInfo?: { bootID?: string } } | undefined;
      return node !== undefined && isReady(node) && status?.nodeInfo?.bootID === bootId ? true : undefined;
    }, { timeoutMs: 60_000, what: 'the node to be Ready again' });
    lab.cluster.close();
  });

  test('`lab down`, at several moments: a second one ends the work', async () => {
    const random = randomNumbers(11);
    for (let round = 0; round < 3; round += 1) {
      const down = startFairlead('lab', 'down', '--name', LAB);
      await delay(250 + Math.round(random() * 300));
      down.child.kill('SIGKILL');
      await down.ended;
    }
    await expectNoTrace();
    expect(labNames()).not.toContain(LAB);
  });
});
