/** Every way to reach a node keeps the same promises; what is particular to one is tested below. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { restartService } from '../../src/distro/service.ts';
import { sshShells, type SshShells } from '../../src/node/ssh/shell.ts';
import type { SshTarget } from '../../src/node/ssh/target.ts';
import { secretReference, type SecretReference } from '../../src/core/secret-reference.ts';
import { output } from '../../src/core/process.ts';
import { DEPUTY_PASSWORD, startSshd, type TestSshd } from './support/sshd.ts';
import { podShells, type PodShells } from '../../src/node/pod/shell.ts';
import { NODE_NAMESPACE, NODE_SELECTOR } from '../../src/node/pod/manifests.ts';
import { runOrThrow } from '../../src/node/shell.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { describeShellContract } from './support/shell-contract.ts';

let lab: TestLab;
let pods: PodShells;
let sshd: TestSshd;
let ssh: SshShells;

beforeAll(async () => {
  lab = await startLab('shells', '--nodes', '2');
  pods = podShells(lab.cluster);
  sshd = await startSshd(lab, [NODE, OTHER]);
  ssh = bySsh(sshd.config());
}, 300_000);
afterAll(async () => {
  await ssh?.close();
  sshd?.remove();
  await pods?.close();
  await lab?.down();
});

const NODE = 'shells-agent-1';
const OTHER = 'shells-server-1';
const bySsh = (config: string, more: Omit<Partial<SshTarget>, 'host'> & { sudoPassword?: SecretReference } = {}): SshShells => {
  const { sudoPassword, ...target } = more;
  return sshShells({ target: async (node) => ({ host: sshd.address(node), ...target }), config, ...(sudoPassword === undefined ? {} : { sudoPassword }) });
};
const passwordOf = (text: string): SecretReference => secretReference('env:PASSWORD', 'the password', { PASSWORD: text });

describeShellContract('lab', () => ({ shell: lab.shell(NODE), by: lab.shell(NODE) }));
describeShellContract('pod', () => ({ shell: pods.shell(NODE), by: lab.shell(NODE) }));
describeShellContract('ssh', () => ({ shell: ssh.shell(NODE), by: lab.shell(NODE) }));

describe('ssh', { timeout: 120_000 }, () => {
  test('a user who is not root becomes root by sudo, with a password where it wants one', async () => {
    const config = sshd.config({ user: 'deputy' });
    const shells = [bySsh(config), bySsh(config), bySsh(config, { sudoPassword: passwordOf(DEPUTY_PASSWORD) }), bySsh(config, { sudoPassword: passwordOf('wrong') })] as const;
    try {
      expect(await runOrThrow(shells[0].shell(NODE), ['id', '-u'])).toBe('0\n');
      await lab.on(NODE, 'rm', '/etc/sudoers.d/deputy');
      await lab.shell(NODE).write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) ALL\n', 0o440);
      await expect(shells[1].shell(NODE).run(['id'])).rejects.toMatchObject({ message: expect.stringContaining('may not become root') as string, hint: expect.stringContaining('--ssh-sudo-password') as string });
      const shell = shells[2].shell(NODE);
      expect(await runOrThrow(shell, ['id', '-u'])).toBe('0\n');
      expect(await runOrThrow(shell, ['cat'], { stdin: Buffer.from('line\nno end') })).toBe('line\nno end');
      // What needs no password leaves it unread, and gets it no more than anybody else.
      await lab.shell(NODE).write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) NOPASSWD: ALL\n', 0o440);
      expect(await runOrThrow(shell, ['cat'], { stdin: Buffer.from('mine\n') })).toBe('mine\n');
      await lab.shell(NODE).write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) ALL\n', 0o440);
      await expect(shells[3].shell(NODE).run(['id'])).rejects.toThrow(/may not become root with the password of env:PASSWORD: .*incorrect password/s);
    } finally {
      await Promise.all(shells.map((one) => one.close()));
    }
  });

  test('keys may be in an agent, or named for a host', async () => {
    const agent = await output(['ssh-agent', '-s']);
    const { SSH_AUTH_SOCK = '', SSH_AGENT_PID = '' } = Object.fromEntries([...agent.matchAll(/(\w+)=([^;]+);/g)].map(([, name, value]) => [name, value])) as Record<string, string>;
    const before = process.env['SSH_AUTH_SOCK'];
    process.env['SSH_AUTH_SOCK'] = SSH_AUTH_SOCK;
    const config = sshd.config({ withoutKey: true });
    const shells = [bySsh(config), bySsh(config), bySsh(config, { identityFile: sshd.identity })] as const;
    try {
      await expect(shells[0].shell(NODE).run(['true'])).rejects.toMatchObject({ message: expect.stringContaining('Permission denied') as string, hint: expect.stringContaining('a key in the agent') as string });
      expect((await shells[2].shell(NODE).run(['echo', 'named'])).stdout).toBe('named\n');
      await output(['ssh-add', '-q', sshd.identity]);
      expect((await shells[1].shell(NODE).run(['echo', 'agent'])).stdout).toBe('agent\n');
    } finally {
      await Promise.all(shells.map((one) => one.close()));
      process.kill(Number(SSH_AGENT_PID));
      if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = before;
    }
  });

  test('a host behind a jump host', async () => {
    const shells = bySsh(sshd.config(), { jump: `root@${sshd.address(OTHER)}` });
    try {
      const [from] = (await runOrThrow(shells.shell(NODE), ['ss', '-Htn', 'state', 'established', 'sport', '=', ':22'])).split('\n').filter((line) => line.includes(`${sshd.address(OTHER)}:`));
      expect(from).toBeDefined();
    } finally {
      await shells.close();
    }
  });

  test('a slow connection: output of a megabyte arrives whole, and files too', async () => {
    const shells = bySsh(sshd.config({ slowly: true }));
    try {
      const shell = shells.shell(NODE);
      expect((await shell.run(['seq', '150000'], { timeoutMs: 60_000 })).stdout).toBe(Array.from({ length: 150_000 }, (_, i) => `${i + 1}\n`).join(''));
      await shell.write('/var/tmp/a slow file', 'x'.repeat(300_000));
      expect(Buffer.from((await lab.shell(NODE).read('/var/tmp/a slow file')) ?? '').toString()).toBe('x'.repeat(300_000));
    } finally {
      await shells.close();
    }
  });

  test('a changed host key is refused, at once', async () => {
    const shells = bySsh(sshd.config({ knownKey: sshd.otherKey }));
    const began = performance.now();
    await expect(shells.shell(NODE).run(['touch', '/var/tmp/never'], { timeoutMs: 60_000 })).rejects.toMatchObject({ message: expect.stringMatching(/ssh to .* was refused/) as string, hint: expect.stringContaining('Compare the host key') as string });
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await lab.shell(NODE).read('/var/tmp/never')).toBeUndefined();
    await shells.close();
  });

  test('a connection that is cut in the middle: what is not known is said; afterwards it goes on', async () => {
    const running = ssh.shell(NODE).run(['sh', '-c', 'echo begun; sleep 47; echo done'], { timeoutMs: 60_000 });
    running.catch(() => undefined);
    await waitUntil(async () => ((await lab.shell(NODE).run(['pgrep', '-fx', 'sleep 47'])).code === 0 ? true : undefined), { timeoutMs: 15_000, what: 'the command to run' });
    await lab.on(NODE, 'pkill', '-KILL', '-f', '^sshd: root');
    await expect(running).rejects.toThrow(/the connection broke while .* ran; it is unknown whether it finished/);
    expect((await ssh.shell(NODE).run(['echo', 'again'])).stdout).toBe('again\n');
  });

  test('a node that cannot be reached yet is tried again until its time is over', async () => {
    const shells = bySsh(sshd.config());
    await lab.on(NODE, 'systemctl', 'stop', 'sshd');
    await expect(shells.shell(NODE).run(['true'], { timeoutMs: 3_000 })).rejects.toThrow(/could not be reached for 3 s; nothing was run/);
    const patient = shells.shell(NODE).run(['echo', 'there'], { timeoutMs: 60_000 });
    await lab.on(NODE, 'systemctl', 'start', 'sshd');
    expect((await patient).stdout).toBe('there\n');
    await shells.close();
  });

  test('sockets are private, and gone in the end', async () => {
    const own = (): string[] => readdirSync(process.env['XDG_RUNTIME_DIR'] ?? tmpdir()).filter((name) => name.startsWith('fl-ssh-'));
    const before = own();
    const shells = bySsh(sshd.config());
    await shells.shell(NODE).run(['true']);
    expect(own()).toHaveLength(before.length + 1);
    await shells.close();
    expect(own()).toEqual(before);
  });
});

describe('pods that reach nodes', { timeout: 180_000 }, () => {
  const daemonSets = async (): Promise<string[]> => (await lab.cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).map((one) => one.metadata.name);
  const podNames = async (): Promise<string[]> => (await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).map((one) => one.metadata.name);

  test("a kubelet that dies in the middle is not taken for a success", async () => {
    const running = pods.shell(NODE).run(['sh', '-c', 'echo begun; sleep 30; echo done'], { timeoutMs: 40_000 });
    running.catch(() => undefined);
    await waitUntil(async () => ((await lab.shell(NODE).run(['pgrep', '-x', 'sleep', '-a'])).stdout.includes('sleep 30') ? true : undefined), { timeoutMs: 15_000, what: 'the command to run' });
    await lab.on(NODE, 'pkill', '-KILL', '-x', 'kubelet');
    await expect(running).rejects.toThrow(/the connection broke while .* ran; it is unknown whether it finished/);
    // Nothing of the next command can have run while the kubelet was away, so it is asked again until it is back.
    expect((await pods.shell(NODE).run(['echo', 'back'], { timeoutMs: 60_000 })).stdout).toBe('back\n');
  });

  test.each([['agent', NODE, 'k3s-agent'], ['server, which runs the only API server,', 'shells-server-1', 'k3s']])('the service of the %s restarts by way of itself', async (_role, node, service) => {
    const pid = async (): Promise<string> => runOrThrow(lab.shell(node), ['systemctl', 'show', '--property=MainPID', service]);
    const before = await pid();
    await restartService(pods.shell(node), service, { timeoutMs: 90_000 });
    expect(await pid()).not.toBe(before);
    expect((await pods.shell(node).run(['true'], { timeoutMs: 60_000 })).code).toBe(0);
  });

  test('a service that does not come up: the end of its journal is told', async () => {
    const unit = '/etc/systemd/system/broken.service';
    await lab.shell(NODE).write(unit, '[Service]\nExecStart=/bin/sleep 1000\n');
    await lab.on(NODE, 'systemctl', 'start', 'broken');
    await lab.shell(NODE).write(unit, '[Service]\nExecStart=/bin/ls /nowhere\n');
    await expect(restartService(pods.shell(NODE), 'broken', { timeoutMs: 60_000 })).rejects.toThrow(/service broken did not come up after a restart: it failed\n[^]*cannot access '\/nowhere'/);
    await expect(restartService(pods.shell(NODE), 'not-there', { timeoutMs: 5_000 })).rejects.toThrow(/not-there/);
  });

  test('an image that is not there: which pod, and why', async () => {
    const other = podShells(lab.cluster, { image: 'ghcr.io/fairlead/none:dev', startMs: 20_000 });
    try {
      await expect(other.shell(NODE).run(['true'])).rejects.toThrow(/shells-agent-1: (ErrImagePull|ImagePullBackOff)/);
    } finally {
      await other.close();
    }
  });

  test('runs do not disturb each other; what a killed one left is removed by the next; nothing stays', async () => {
    const alive = await daemonSets();
    expect(alive).toHaveLength(1);
    // A run that was killed: its lease is not renewed any more.
    const dead = 'fairlead-node-dead0000';
    const made = await lab.cluster.get({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE, name: alive[0] ?? '' });
    const spec = JSON.parse(JSON.stringify(made?.['spec']).replaceAll(alive[0] ?? '', dead)) as Record<string, unknown>;
    await lab.cluster.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: dead, namespace: NODE_NAMESPACE, labels: { ...made?.metadata.labels, 'fairlead.dev/run': dead } }, spec });
    await lab.cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: dead, namespace: NODE_NAMESPACE }, spec: { holderIdentity: dead, leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' } });
    const next = podShells(lab.cluster);
    expect((await next.shell(NODE).run(['hostname'])).stdout).toBe(`${NODE}\n`);
    await next.close();
    expect(await daemonSets()).toEqual(alive);
    expect((await pods.shell(NODE).run(['hostname'])).stdout).toBe(`${NODE}\n`);
    await pods.close();
    expect(await daemonSets()).toEqual([]);
    expect(await podNames()).toEqual([]);
    expect((await lab.cluster.list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: NODE_NAMESPACE })).map((one) => one.metadata.name)).toEqual([]);
  });
});
