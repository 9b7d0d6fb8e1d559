/** The whole job with hosts reached by OpenSSH, as a user who needs a password for sudo, and with connections cut in the middle of a step. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import { journalPath } from '../../src/lab/faults/faults.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { readJournal } from '../../src/migrate/journal.ts';
import { fairlead, fairleadOk, startFairlead } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';
import { DEPUTY_PASSWORD, startSshd, type TestSshd } from './support/sshd.ts';

const LAB = 'mssh';
const state = ownState();
const report = join(state.dir, 'report');
const inventory = join(state.dir, 'fairlead.yaml');
const reach = ['--via', 'ssh', '--kubeconfig', labPaths(LAB).kubeconfig, '--inventory', inventory];
let lab: TestLab;
let sshd: TestSshd;

describe('migration by ssh', () => {
  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '3', '--apps');
    sshd = await startSshd(lab, lab.nodes.toReversed());
    for (const node of lab.nodes) await lab.shell(node).write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) ALL\n', 0o440);
    process.env['FAIRLEAD_TEST_SUDO'] = DEPUTY_PASSWORD;
    writeFileSync(inventory, `ssh:\n  user: deputy\n  config: ${sshd.config()}\n  sudoPassword: env:FAIRLEAD_TEST_SUDO\nnodes:\n${lab.nodes.map((node) => `  ${node}: {host: ${sshd.address(node)}}\n`).join('')}`);
  }, 600_000);
  afterAll(async () => {
    delete process.env['FAIRLEAD_TEST_SUDO'];
    sshd?.remove();
    await lab?.down();
    state.remove();
  });

  test('a node that the inventory does not know is named before anything is done', { timeout: 120_000 }, async () => {
    const other = join(state.dir, 'other.fairlead.yaml');
    writeFileSync(other, 'nodes:\n  elsewhere:\n');
    const said = await fairlead('leftovers', '--via', 'ssh', '--kubeconfig', labPaths(LAB).kubeconfig, '--inventory', other);
    expect(said.code).toBe(3);
    expect(said.stderr).toContain(`other.fairlead.yaml has no host for node ${LAB}-`);
  });

  test('connections cut while a tunnel changes hands: the step finishes or undoes itself, and resume brings it to its end', { timeout: 1_800_000 }, async () => {
    const node = `${LAB}-agent-1`;
    const running = startFairlead('migrate', ...reach, '--accept', 'api-server', '--yes', '--gate-window', '8s', '--report', report);
    const journal = await journalPath(LAB);
    const begun = async (): Promise<boolean> => (await readJournal(journal).catch(() => [])).some((entry) => entry.type === 'step-intent' && entry.step === `node:${node}/handover`);
    await waitUntil(async () => ((await begun()) ? true : undefined), { timeoutMs: 900_000, what: 'the hand-over to begin' });
    await lab.on(node, 'pkill', '-KILL', '-f', '^sshd: deput[y]');
    const code = await running.ended;
    expect([0, 4], running.stderr().slice(-4000)).toContain(code);
    if (code === 4) {
      const entries = await readJournal(journal);
      expect(entries.some((entry) => entry.type === 'undo-done' && entry.step === `node:${node}/handover`)).toBe(true);
      expect(readReport(report).totals.unannouncedLost).toBe(0);
      await fairleadOk('migrate', 'resume', ...reach, '--gate-window', '8s', '--report', report);
    }
    await expectCleanReport(report, 3, 15_000);
  });

  test('policies are enforced, nothing of Flannel is left, and the password is nowhere', { timeout: 300_000 }, async () => {
    expect(await intruderStatus(lab.cluster)).toBe(502);
    expect(await fairleadOk('leftovers', ...reach)).toBe('nothing of Flannel is left on any node\n');
    for (const file of ['journal.ndjson', 'plan.json', 'report.json', 'report.md']) expect(readFileSync(join(report, file), 'utf8')).not.toContain(DEPUTY_PASSWORD);
  });
});
