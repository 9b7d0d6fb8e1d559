/**
 * A K3s cluster as it is installed, with its own policy controller on: it enforces until Calico does everywhere, then
 * hands over. The controller itself cannot be had; rules like its own are laid by a stand-in (support/kube-router-stand-in.ts).
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeObject } from '../../src/cluster/objects.ts';
import { policyController } from '../../src/distro/k3s/policy-controller.ts';
import { restartService } from '../../src/distro/service.ts';
import { readText } from '../../src/node/shell.ts';
import type { Sample } from '../../src/probe/types.ts';
import { fairlead, fairleadFor, fairleadOk } from './support/fairlead.ts';
import { layStandInRules } from './support/kube-router-stand-in.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';

const LAB = 'pc';
const VIA = ['--via', `lab:${LAB}`];
const CONFIG = '/etc/rancher/k3s/config.yaml';
const DROP_IN = '/etc/rancher/k3s/config.yaml.d/91-fairlead-policy.yaml';
const [SERVER, AGENT] = [`${LAB}-server-1`, `${LAB}-agent-1`];
const state = ownState();
const report = (name: string): string => join(state.dir, name);
const migrate = (...words: string[]) => fairleadFor(900_000, 'migrate', ...words, ...VIA, '--gate-window', '5s');

/** What canaries found, by state, whatever was expected of them. */
async function found(dir: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const lines = createInterface({ input: createReadStream(join(dir, 'samples.ndjson.gz')).pipe(createGunzip()), crlfDelay: Infinity });
  for await (const line of lines) {
    const sample = JSON.parse(line) as Sample;
    if (sample.class === 'denied') counts[sample.seen ?? 'nothing'] = (counts[sample.seen ?? 'nothing'] ?? 0) + 1;
  }
  return counts;
}

describe("K3s' own policy controller hands over", () => {
  let lab: TestLab;
  const rules = async (): Promise<string[]> => (await Promise.all([SERVER, AGENT].map((node) => policyController.describeRules(lab.shell(node))))).flat();

  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '2', '--apps');
    // As K3s is installed: nothing is said of the controller, so it is on.
    const config = await readText(lab.shell(SERVER), CONFIG);
    await lab.shell(SERVER).write(CONFIG, (config ?? '').replace(/^disable-network-policy:.*\n/m, ''), 0o600);
    await restartService(lab.shell(SERVER), 'k3s');
    await restartService(lab.shell(AGENT), 'k3s-agent');
  }, 300_000);
  afterAll(async () => {
    await lab.down();
    state.remove();
  });

  test('a controller that should run and has laid no rule is refused: its policies are not what the plan would rest on', async () => {
    const said = await fairlead('plan', '--to', 'calico', ...VIA);
    expect(said.code).toBe(1);
    expect(said.stdout).toContain(`should run, but there is no rule of it on ${AGENT}, ${SERVER}`);
    for (const node of await lab.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })) await layStandInRules(lab.shell(node.metadata.name), node.spec.podCIDR ?? '', lab.state.serviceCidr);
  });

  test("while it enforces, its rules are not shown as Flannel's", async () => {
    const said = await fairlead('leftovers', ...VIA);
    expect(said.stdout).toContain('FLANNEL');
    expect(said.stdout).not.toContain('KUBE-');
  });

  test('killed after its rules went from the first node, then rolled back: on again, rules back, canaries denied throughout', { timeout: 1_800_000 }, async () => {
    await fairleadOk('lab', 'fault', 'kill-tool', '--name', LAB, '--at-step', `settle/policy-flush:${SERVER}`);
    const killed = await migrate('--yes', '--accept', 'api-server');
    expect(killed.code, killed.stderr.slice(-3000)).toBe(137);
    expect(await policyController.describeRules(lab.shell(AGENT))).toEqual([]);
    expect(await readText(lab.shell(SERVER), DROP_IN)).toContain('\ndisable-network-policy: true\n');

    const back = await migrate('rollback', '--all', '--report', report('back'));
    expect(back.code, back.stderr.slice(-3000)).toBe(0);
    expect(readReport(report('back'))).toMatchObject({ outcome: 'rolled-back', totals: { unannouncedLost: 0 } });
    expect(await readText(lab.shell(SERVER), DROP_IN)).toBeUndefined();
    for (const node of [SERVER, AGENT]) expect(await lab.on(node, 'iptables', '-S', 'FORWARD', '1')).toContain('-j KUBE-ROUTER-FORWARD');
    const seen = await found(report('back'));
    expect(seen['open']).toBeUndefined();
    expect(seen['denied']).toBeGreaterThan(100);
  });

  test('carried through: denied throughout, the setting in effect after a restart, no chain and no set left on any node', { timeout: 1_800_000 }, async () => {
    const said = await migrate('--yes', '--accept', 'api-server', '--report', report('migrated'));
    expect(said.code, said.stderr.slice(-3000)).toBe(0);
    await expectCleanReport(report('migrated'), 2, 10_000);
    const seen = await found(report('migrated'));
    expect(seen['open']).toBeUndefined();
    expect(seen['denied']).toBeGreaterThan(100);
    // What each service said at its last start.
    for (const [node, service] of [[SERVER, 'k3s'], [AGENT, 'k3s-agent']] as const) {
      const settings = (await lab.on(node, 'journalctl', '-u', service, '--no-pager', '-o', 'cat')).split('\n').filter((line) => line.includes('Settings of the cluster:'));
      expect(settings.at(-1)).toContain('flannel-backend=none');
      expect(settings.at(-1)).toContain('disable-network-policy=true');
    }
    expect(await rules()).toEqual([]);
    expect(await intruderStatus(lab.cluster)).toBe(502);
    expect(await fairleadOk('leftovers', ...VIA)).toBe('nothing of Flannel is left on any node\n');
  });
});
