/** Taking everything back after the tool was killed, a fault that stays, and refusing what was not accepted. What goes wrong at each step is in test/sweep. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fairleadFor, fairleadOk } from './support/fairlead.ts';
import { clusterOf, ownState, readReport } from './support/migration.ts';

const LAB = 'mf';
const VIA = ['--via', `lab:${LAB}`];
const state = ownState();
const report = (name: string): string => join(state.dir, name);

const migrate = (...words: string[]) => fairleadFor(900_000, 'migrate', ...words, ...VIA, '--gate-window', '4s');

describe('failures in the middle of a migration', () => {
  beforeAll(async () => {
    await fairleadOk('lab', 'up', '--name', LAB);
  }, 300_000);
  afterAll(async () => {
    await fairleadOk('lab', 'down', '--name', LAB);
    state.remove();
  });

  test('without --accept, a plan that announces more than the cap is refused, and nothing is changed', async () => {
    const said = await migrate('--yes');
    expect(said.code).toBe(2);
    expect(said.stderr).toContain('add --accept api-server');
    expect(existsSync(join(state.dir, 'state'))).toBe(false);
  });

  test('a fault that stays: the node goes back, what is still wrong is said, and the command that is named ends well once the fault is gone', { timeout: 1_200_000 }, async () => {
    await fairleadOk('lab', 'fault', 'stale-fdb', '--name', LAB, '--node', 'agent-1', '--at-step', `node:${LAB}-agent-1/start`, '--phase', 'applied');
    const stopped = await migrate('--yes', '--accept', 'api-server');
    expect(stopped.code, stopped.stderr.slice(-3000)).toBe(5);
    expect(stopped.stderr).toContain(`node ${LAB}-agent-1 was rolled back, but the gate afterwards says fail`);
    const next = /Next: `fairlead (migrate rollback --node \S+)`/.exec(stopped.stderr)?.[1];
    expect(next).toBe(`migrate rollback --node ${LAB}-agent-1`);
    await fairleadOk('lab', 'fault', 'clear', '--name', LAB);
    const back = await fairleadFor(900_000, ...(next ?? '').split(' '), ...VIA, '--gate-window', '4s', '--report', report('after-the-fault'));
    expect(back.code, back.stderr.slice(-3000)).toBe(0);
    expect(readReport(report('after-the-fault')).nodes.every((node) => node.cni === 'flannel')).toBe(true);
  });

  test('kill -9 of the tool while a tunnel changes hands, then rollback: Flannel everywhere, nothing of Calico left', { timeout: 1_200_000 }, async () => {
    await fairleadOk('lab', 'fault', 'kill-tool', '--name', LAB, '--at-step', `node:${LAB}-agent-1/handover`);
    const killed = await migrate('resume');
    expect(killed.code, killed.stderr.slice(-3000)).toBe(137);
    const status = await fairleadOk('migrate', 'status', ...VIA);
    expect(status).toContain(`node:${LAB}-agent-1/handover`);
    const back = await migrate('rollback', '--all', '--report', report('rolled-back'));
    expect(back.code, back.stderr.slice(-3000)).toBe(0);
    const told = readReport(report('rolled-back'));
    expect(told.outcome).toBe('rolled-back');
    expect(told.nodes.every((node) => node.cni === 'flannel')).toBe(true);
    const cluster = await clusterOf(LAB);
    expect(await cluster.get({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system', name: 'calico-node' })).toBeUndefined();
    cluster.close();
    for (const node of ['agent-1', 'agent-2', 'server-1']) expect(await fairleadOk('lab', 'exec', '--name', LAB, node, '--', 'ip', '-br', 'link')).not.toMatch(/cali|vxlan\.calico/);
  });
});
