/** Every fault does in a real lab what it says, and leaves no trace when it is cleared. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { calicoManifests } from '../../src/cni/calico/manifests.ts';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { clearFaults, journalPath, startFault } from '../../src/lab/faults/faults.ts';
import { keeperLives } from '../../src/lab/faults/keeper.ts';
import { findProcesses } from '../../src/lab/faults/node-processes.ts';
import { readRecord, readRecords, writeRecord } from '../../src/lab/faults/record.ts';
import { startTimeOf } from '../../src/lab/nodes/shell.ts';
import { openJournal } from '../../src/migrate/journal.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';
import { changes, picture } from './support/node-picture.ts';
import { nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'f1';
const WAIT = { timeoutMs: 30_000, intervalMs: 200 };

describe('faults in a lab', { timeout: 180_000 }, () => {
  let lab: TestLab;
  let server: string;
  let agent: string;
  let other: string;
  let address: Record<string, string>;
  let before: Record<string, string[]>;
  /** Addresses that only the overlay reaches. */
  let overlay: Record<string, string>;

  /** Echo requests of a node that are answered, of three; `size` bytes of IP packet that must not be fragmented. */
  const answered = async (from: string, to: string, size?: number): Promise<number> => {
    const { stdout } = await lab.shell(from).run(['ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', ...(size === undefined ? [] : ['-M', 'do', '-s', String(size - 28)]), to]);
    return Number(/(\d+) received/.exec(stdout)?.[1] ?? Number.NaN);
  };
  const untilAnswered = async (from: string, to: string): Promise<void> => {
    await waitUntil(async () => ((await answered(from, to)) === 3 ? true : undefined), { ...WAIT, what: `${from} to reach ${to}` });
  };
  const received = async (node: string): Promise<number> => Number(await lab.on(node, 'cat', '/sys/class/net/flannel.1/statistics/rx_packets'));
  const untilState = async (id: string, state: string): Promise<void> => {
    await waitUntil(() => Promise.resolve(readRecord(LAB, id)?.state === state ? true : undefined), { ...WAIT, intervalMs: 20, what: `${id} to be ${state}` });
  };
  const noTrace = async (): Promise<void> => {
    await clearFaults(LAB);
    expect(changes(before, await picture(lab.state))).toEqual([]);
    await clearFaults(LAB);
  };

  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '3');
    [server, agent, other] = lab.nodes;
    address = Object.fromEntries(lab.state.nodes.map((node) => [node.name, node.address]));
    // One pod everywhere, so that every node has its bridge before the first look.
    await lab.apply(...lab.nodes.map((node) => nodePod(`on-${node}`, node)));
    await untilReady(lab, ...lab.nodes.map((node) => `on-${node}`));
    overlay = {};
    for (const node of lab.nodes) overlay[node] = /inet ([\d.]+)/.exec(await lab.on(node, 'ip', '-o', '-4', 'address', 'show', 'dev', 'flannel.1'))?.[1] ?? '';
    for (const from of lab.nodes) for (const to of lab.nodes) await untilAnswered(from, overlay[to] ?? '');
    before = await picture(lab.state);
  });

  afterEach(async () => {
    await clearFaults(LAB);
    vi.unstubAllEnvs();
  });

  afterAll(async () => lab?.down());

  test('drop: between the node and its peers only, and only those named', async () => {
    await fairleadOk('lab', 'fault', 'drop', '--name', LAB, '--node', 'agent-1');
    expect(await answered(other, address[agent] ?? '')).toBe(0);
    expect(await answered(agent, overlay[server] ?? '')).toBe(0);
    expect(await answered(other, address[server] ?? '')).toBe(3);
    expect(await answered(agent, '203.0.113.10')).toBe(3);
    expect(await fairleadOk('lab', 'fault', 'list', '--name', LAB)).toMatch(/^faults in lab f1:\n {2}drop-1 on f1-agent-1: active/);
    await fairleadOk('lab', 'fault', 'clear', '--name', LAB);
    await noTrace();
    await untilAnswered(other, overlay[agent] ?? '');

    await startFault(LAB, { fault: 'drop', node: agent, options: { peers: [server] } });
    expect(await answered(agent, address[server] ?? '')).toBe(0);
    expect(await answered(agent, address[other] ?? '')).toBe(3);
    await noTrace();
    await untilAnswered(agent, address[server] ?? '');
  });

  test('one-way-drop: the overlay in one direction, nothing else', async () => {
    for (const direction of ['in', 'out'] as const) {
      await startFault(LAB, { fault: 'one-way-drop', node: agent, options: { direction } });
      const start = await received(agent);
      expect(await answered(other, overlay[agent] ?? '')).toBe(0);
      expect(await answered(other, address[agent] ?? '')).toBe(3);
      expect(await received(agent) - start >= 3).toBe(direction === 'out');
      await noTrace();
      expect(await answered(other, overlay[agent] ?? '')).toBe(3);
    }
  });

  test('mtu-black-hole: long packets vanish without a word, trains of short ones pass', async () => {
    await startFault(LAB, { fault: 'mtu-black-hole', node: agent, options: { bytes: 1300 } });
    for (const [from, to] of [[agent, other], [other, agent]] as const) {
      expect(await answered(from, address[to] ?? '', 1300)).toBe(3);
      expect(await answered(from, address[to] ?? '', 1301)).toBe(0);
    }
    expect(await answered(other, address[server] ?? '', 1500)).toBe(3);
    await lab.on(other, 'ip', 'route', 'add', `${address[agent] ?? ''}/32`, 'dev', 'eth0', 'advmss', '1000');
    const sender = lab.on(agent, process.execPath, '-e', `require("net").createServer((s) => s.end(Buffer.alloc(1e6), () => process.exit())).listen(7999)`);
    const read = `let n = 0; const go = () => require("net").connect(7999, "${address[agent] ?? ''}").on("data", (d) => n += d.length).on("error", () => setTimeout(go, 100)).on("end", () => { console.log(n); process.exit(); }); go();`;
    expect((await lab.on(other, process.execPath, '-e', read)).trim()).toBe('1000000');
    await sender;
    await lab.on(other, 'ip', 'route', 'del', `${address[agent] ?? ''}/32`);
    await noTrace();
    expect(await answered(other, address[agent] ?? '', 1500)).toBe(3);
  });

  test('arp-silence: nobody finds the node any more', async () => {
    await startFault(LAB, { fault: 'arp-silence', node: agent });
    expect(await answered(other, address[agent] ?? '')).toBe(0);
    expect(await answered(other, address[server] ?? '')).toBe(3);
    await noTrace();
    await untilAnswered(other, address[agent] ?? '');
  });

  test.each(['wrong-vtep-mac', 'stale-fdb'])('%s: the overlay does not reach the node, the underlay does', async (fault) => {
    await startFault(LAB, { fault, node: agent });
    expect(changes(before, await picture(lab.state)).length).toBeGreaterThan(0);
    expect(await answered(other, overlay[agent] ?? '')).toBe(0);
    expect(await answered(other, address[agent] ?? '')).toBe(3);
    await noTrace();
    expect(await answered(other, overlay[agent] ?? '')).toBe(3);
  });

  test('a device that was renamed is found again; what somebody else has set stays', async () => {
    await startFault(LAB, { fault: 'wrong-vtep-mac', node: agent });
    await startFault(LAB, { fault: 'mtu-small', node: agent });
    await lab.on(agent, 'ip', 'link', 'set', 'dev', 'flannel.1', 'name', 'vxlan.renamed');
    await lab.on(agent, 'ip', 'link', 'set', 'dev', 'vxlan.renamed', 'mtu', '1400');
    await clearFaults(LAB);
    expect(await lab.on(agent, 'ip', '-o', 'link', 'show', 'dev', 'vxlan.renamed')).toContain(' mtu 1400 ');
    await lab.on(agent, 'ip', 'link', 'set', 'dev', 'vxlan.renamed', 'name', 'flannel.1', 'mtu', '1450');
    await noTrace();
  });

  test('mtu-small: the sender is told', async () => {
    await startFault(LAB, { fault: 'mtu-small', node: agent });
    expect(await answered(agent, overlay[other] ?? '', 1300)).toBe(3);
    expect((await lab.shell(agent).run(['ping', '-c', '1', '-M', 'do', '-s', '1273', overlay[other] ?? ''])).stderr).toContain('message too long');
    await expect(startFault(LAB, { fault: 'mtu-small', node: agent, options: { bytes: 1450 } })).rejects.toThrow('only a smaller one is a fault');
    await noTrace();
    expect(await answered(agent, overlay[other] ?? '', 1450)).toBe(3);
  });

  test('disk-full: nothing can be written; what is removed or renamed meanwhile stays so', async () => {
    const dir = '/etc/cni/net.d';
    await startFault(LAB, { fault: 'disk-full', node: agent });
    expect((await lab.shell(agent).run(['dd', 'if=/proc/version', `of=${dir}/10-new.conflist`])).stderr).toContain('No space left on device');
    await lab.on(agent, 'rm', `${dir}/10-new.conflist`);
    await noTrace();

    await lab.on(agent, 'sh', '-c', `mkdir -p ${dir}/sub; cd ${dir}; echo kept > kept; echo gone > gone; echo old > 'two words'; echo below > sub/file`);
    await startFault(LAB, { fault: 'disk-full', node: agent });
    await lab.on(agent, 'sh', '-c', `cd ${dir}; rm gone; mv 'two words' renamed; ! dd if=/proc/version of=fresh 2>/dev/null`);
    await clearFaults(LAB);
    expect((await lab.on(agent, 'sh', '-c', `cd ${dir}; find . -type f | sort; cat kept renamed sub/file; wc -c < fresh`)).split('\n')).toEqual(['./fresh', './kept', './renamed', './sub/file', 'kept', 'old', 'below', '0', '']);
    await lab.on(agent, 'rm', '-r', dir);
    await noTrace();
  });

  test('stuck-pod: a pod of its own ignores the end, another one is held by a finalizer', async () => {
    await startFault(LAB, { fault: 'stuck-pod', node: agent });
    const [pod] = await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'fairlead.dev/fault=stuck-pod-1' });
    expect(pod).toMatchObject({ spec: { nodeName: agent } });
    await lab.apply(nodePod('held', agent, 'process.on("SIGTERM", () => process.exit())'));
    await untilReady(lab, 'held');
    await startFault(LAB, { fault: 'stuck-pod', node: agent, options: { pod: 'default/held' } });
    const held = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'held' };
    const mine = { ...held, name: pod?.metadata.name ?? '' };
    expect(await lab.cluster.evict('default', mine.name)).toBe('evicted');
    await lab.cluster.delete(held);
    await lab.cluster.waitFor(held, (one) => ['Succeeded', 'Failed'].includes((one?.['status'] as { phase: string } | undefined)?.phase ?? ''), { ...WAIT, what: 'the held pod to have ended' });
    expect(await lab.cluster.get(mine)).toMatchObject({ status: { phase: 'Running' }, metadata: { deletionTimestamp: expect.any(String) as string } });
    await clearFaults(LAB);
    await lab.cluster.waitFor(held, (one) => one === undefined, { ...WAIT, what: 'the held pod to go' });
    expect(await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'fairlead.dev/fault' })).toEqual([]);
    expect(await lab.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'fairlead-fault-stuck-pod-1' })).toBeUndefined();
    await expect(startFault(LAB, { fault: 'stuck-pod', node: agent, options: { pod: 'default/held' } })).rejects.toThrow('there is no pod default/held');
    // The device of a pod goes a moment after the pod.
    await waitUntil(async () => (changes(before, await picture(lab.state)).length === 0 ? true : undefined), { ...WAIT, what: 'nothing to be left' });
  });

  test.each([['api-down', 'ECONNREFUSED|ECONNRESET|socket hang up'], ['api-hang', 'timed out|within|timeout']])('%s: for a while, then the API server is back by itself', async (fault, error) => {
    const record = await startFault(LAB, { fault, forMs: 6_000 });
    expect(record).toMatchObject({ state: 'active', node: server });
    await expect(lab.cluster.raw('/readyz', { timeoutMs: 1_000 })).rejects.toThrow(new RegExp(error, 'i'));
    await waitUntil(async () => ((await lab.cluster.raw('/readyz', { timeoutMs: 1_000 })) === 'ok' ? true : undefined), { ...WAIT, what: 'the API server to be back' });
    await untilState(record.id, 'over');
    expect(Date.now() - Date.parse(record.injectedAt ?? '')).toBeGreaterThanOrEqual(6_000);
    await noTrace();
    await expect(startFault(LAB, { fault, node: agent })).rejects.toThrow('runs no API server');
    expect(readRecords(LAB)).toEqual([]);
  });

  test('at a step of a migration: armed before, set off by the journal, ended by itself', async () => {
    const state = mkdtempSync(join(tmpdir(), 'fairlead-faults-'));
    vi.stubEnv('XDG_STATE_HOME', state);
    try {
      const path = await journalPath(LAB);
      expect(path.startsWith(join(state, 'fairlead/migrations/'))).toBe(true);
      mkdirSync(dirname(path), { recursive: true });
      const tool = spawn('sleep', ['600']);
      const ended = once(tool, 'exit');
      const journal = await openJournal(dirname(path));
      await journal.append({ type: 'header', plan: 'a'.repeat(64), tool: 'test', pid: tool.pid ?? 0, started: new Date().toISOString(), command: 'migrate' });
      await journal.append({ type: 'step-intent', step: 'two', group: 'prepare', captured: null, already: false });

      const said = await fairlead('lab', 'fault', 'drop', '--name', LAB, '--node', agent, '--at-step', 'two', '--for', '4s');
      expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('drop-1 on f1-agent-1: waits for intent of step two (ends by itself 4 s later)') as string });
      await startFault(LAB, { fault: 'kill-tool', at: { step: 'two', phase: 'applied' } });
      await journal.append({ type: 'step-intent', step: 'one', group: 'prepare', captured: null, already: false });
      expect(readRecords(LAB).map((record) => record.state)).toEqual(['armed', 'armed']);

      const intent = await journal.append({ type: 'step-intent', step: 'two', group: 'prepare', captured: null, already: false });
      await untilState('drop-1', 'active');
      expect(Date.parse(readRecord(LAB, 'drop-1')?.injectedAt ?? '') - intent.t).toBeLessThan(3_000);
      expect(await answered(other, address[agent] ?? '')).toBe(0);
      expect(tool.exitCode).toBeNull();
      await journal.append({ type: 'step-applied', step: 'two' });
      expect(await ended).toEqual([null, 'SIGKILL']);
      await journal.close();
      await untilState('drop-1', 'over');
      await noTrace();
      await expect(startFault(LAB, { fault: 'kill-tool' })).rejects.toThrow('is not there any more');
    } finally {
      rmSync(state, { recursive: true });
    }
  });

  test('an armed fault that is cleared never acts, and one cut short is undone', async () => {
    const armed = await startFault(LAB, { fault: 'drop', node: agent, delayMs: 600_000 });
    expect(keeperLives(armed)).toBe(true);
    expect((await clearFaults(LAB, { node: agent })).map((record) => record.id)).toEqual(['drop-1']);
    expect(keeperLives(armed)).toBe(false);

    // As a kill in the middle leaves it: what undoing needs is stored, the rest is not known.
    for (const fault of ['drop', 'mtu-black-hole', 'wrong-vtep-mac', 'disk-full']) {
      const record = await startFault(LAB, { fault, node: agent });
      writeRecord(LAB, { ...record, state: 'injecting', said: null, injectedAt: null });
    }
    expect((await clearFaults(LAB, { fault: 'drop' })).map((record) => record.fault)).toEqual(['drop']);
    await noTrace();
    // Nothing had been done yet when it was cut short.
    const record = await startFault(LAB, { fault: 'disk-full', node: agent });
    await clearFaults(LAB);
    writeRecord(LAB, { ...record, state: 'injecting' });
    await noTrace();
  });

  describe('with Calico on one node', () => {
    type Container = { ready: boolean; restartCount: number };
    const calico = async (): Promise<KubeObject | undefined> => (await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system', labelSelector: 'k8s-app=calico-node' }))[0];
    const containerOf = (pod: KubeObject | undefined): Container | undefined => (pod as { status?: { containerStatuses?: Container[] } } | undefined)?.status?.containerStatuses?.[0];
    const untilCalico = async (what: string, holds: (container: Container) => boolean): Promise<void> => {
      await waitUntil(async () => (([containerOf(await calico())].some((one) => one !== undefined && holds(one))) ? true : undefined), { timeoutMs: 90_000, what });
    };

    test('calico-cannot-start: it ends at once, and starts when it may; felix-hang: it goes on; felix-crash: it is started again', async () => {
      const settings = { clusterCidr: lab.state.clusterCidr, vni: 1, port: 8472, mtu: 1450, cniConfDir: '/etc/cni/net.d', cniBinDir: '/opt/cni/bin', nodeSelector: { 'kubernetes.io/hostname': other } };
      const { crds, rbac, resources, workloads } = await calicoManifests(settings);
      await startFault(LAB, { fault: 'calico-cannot-start', node: other });
      await lab.apply(...crds);
      for (const kind of ['IPPool', 'FelixConfiguration']) await lab.cluster.waitForKind('crd.projectcalico.org/v1', kind, { timeoutMs: 30_000 });
      await lab.apply(...rbac, ...resources.map((object) => (object.kind === 'FelixConfiguration' ? { ...object, spec: { ...(object['spec'] as object), vxlanEnabled: false } } : object)));
      await lab.apply(...workloads.filter((object) => object.kind !== 'Deployment'));
      await untilCalico('calico-node to have failed', (container) => container.restartCount > 0 && !container.ready);
      // A container's log may go between two restarts.
      await waitUntil(async () => {
        const { stdout } = await lab.kubectl('logs', '--namespace', 'kube-system', (await calico())?.metadata.name ?? '');
        return stdout.includes('/var/lib/calico/nodename: read-only file system') ? true : undefined;
      }, { ...WAIT, what: 'calico-node to say why' });
      await clearFaults(LAB);
      expect(await lab.on(other, 'cat', '/proc/self/mountinfo')).not.toContain(' /var/lib/calico ro');
      await untilCalico('calico-node to be ready', (container) => container.ready);
      const felix = () => findProcesses(LAB, other, (argv) => argv[0]?.endsWith('calico-node') === true && argv.includes('-felix'));
      const stopped = (): boolean[] => felix().map(({ pid }) => /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
      await startFault(LAB, { fault: 'felix-hang', node: other });
      expect(stopped()).toEqual([true]);
      await clearFaults(LAB);
      expect(stopped()).toEqual([false]);
      const restarts = containerOf(await calico())?.restartCount ?? Number.NaN;
      await startFault(LAB, { fault: 'felix-crash', node: other });
      await untilCalico('Felix to be started again', (container) => container.restartCount > restarts && container.ready);
      await startFault(LAB, { fault: 'felix-crash-loop', node: other });
      await waitUntil(() => Promise.resolve(felix().length === 0 ? true : undefined), { ...WAIT, what: 'Felix to be gone' });
      await untilCalico('calico-node not to be ready', (container) => !container.ready);
    });
  });

  test('node-reboot: a new boot, once', async () => {
    const bootId = async (): Promise<string> => lab.on(agent, 'cat', '/proc/sys/kernel/random/boot_id');
    const old = await bootId();
    await startFault(LAB, { fault: 'wrong-vtep-mac', node: agent });
    const record = await startFault(LAB, { fault: 'node-reboot', node: agent });
    expect(record).toMatchObject({ state: 'over', said: 'f1-agent-1 was rebooted' });
    expect(await bootId()).not.toBe(old);
    await expect(startFault(LAB, { fault: 'node-reboot', node: agent, forMs: 1_000 })).rejects.toThrow('happens once');
    // Undoing what a reboot has undone already changes nothing.
    await clearFaults(LAB);
    await untilAnswered(other, overlay[agent] ?? '');
  });

  test('lab down ends those who wait', async () => {
    const armed = await startFault(LAB, { fault: 'drop', node: agent, delayMs: 600_000 });
    expect(keeperLives(armed)).toBe(true);
    await lab.down();
    expect(startTimeOf(armed.keeper?.pid ?? 0)).not.toBe(armed.keeper?.startTime);
  });
});
