/** A real sshd inside lab nodes, and the OpenSSH configuration with which this machine's ssh reaches them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../../../src/cluster/wait.ts';
import { output } from '../../../src/core/process.ts';
import { namespaceName } from '../../../src/lab/paths.ts';
import { runOrThrow } from '../../../src/node/shell.ts';
import type { TestLab } from './lab.ts';

const DIR = '/etc/fairlead-ssh';
/** Of user `deputy`, for sudo; it has what shells and lines make something of. */
export const DEPUTY_PASSWORD = `it's a $(secret) "password"\\`;

export interface TestSshd {
  /** Address of a node. */
  address(node: string): string;
  /** File with the user's private key. */
  identity: string;
  /** An OpenSSH client configuration: by default as root, by the key in its file, with the nodes' key known. */
  config(changes?: { user?: string; knownKey?: string; withoutKey?: boolean; slowly?: boolean }): string;
  /** Public key of a host that is another one. */
  otherKey: string;
  remove(): void;
}

/** A pipe that lets 64 KiB pass each 100 ms, and keeps every piece for as long. */
const SLOW = `process.stdin.on('data', (chunk) => { process.stdin.pause(); setTimeout(() => { process.stdout.write(chunk); process.stdin.resume(); }, 100); })`;

/** Starts sshd on nodes, with users `root` and `deputy` (who may use sudo without a password), both by key. Logging in as root is noisy on the first of them. */
export async function startSshd(lab: TestLab, nodes: readonly string[]): Promise<TestSshd> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-ssh-test-'));
  const key = async (name: string): Promise<string> => {
    await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)]);
    return readFileSync(join(dir, `${name}.pub`), 'utf8').trim();
  };
  const [user, host, other] = [await key('user'), await key('host'), await key('other')];
  const address = (node: string): string => lab.state.nodes.find((one) => one.name === node)?.address ?? '';
  for (const node of nodes) {
    const shell = lab.shell(node);
    await shell.write(`${DIR}/host_key`, readFileSync(join(dir, 'host')), 0o600);
    await shell.write(`${DIR}/authorized_keys`, `${user}\n`);
    await shell.write(`${DIR}/sshd_config`, [`ListenAddress ${address(node)}:22`, `HostKey ${DIR}/host_key`, `AuthorizedKeysFile ${DIR}/authorized_keys`, 'StrictModes no', 'UsePAM no', 'PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'PidFile none', 'Banner /etc/hostname', ''].join('\n'));
    await runOrThrow(shell, ['useradd', '--create-home', '--shell', '/bin/sh', 'deputy']);
    await runOrThrow(shell, ['chpasswd', '--crypt-method', 'SHA256'], { stdin: Buffer.from(`deputy:${DEPUTY_PASSWORD}\n`) });
    await shell.write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) NOPASSWD: ALL\n', 0o440);
    // A server's own /root is full: what the cluster wrote there has taken the little space that a node gives it.
    if (node === nodes[0]) await shell.write('/root/.bashrc', 'echo what a login says; echo what a login complains of >&2\n');
    await shell.write('/etc/systemd/system/sshd.service', `[Service]\nExecStart=/usr/sbin/sshd -D -e -f ${DIR}/sshd_config\nKillMode=process\n`);
    await runOrThrow(shell, ['mkdir', '-p', '/run/sshd']);
    await runOrThrow(shell, ['systemctl', 'start', 'sshd']);
    await waitUntil(async () => ((await shell.run(['ss', '-Hltn', 'sport', '=', ':22'])).stdout === '' ? undefined : true), { timeoutMs: 20_000, what: `sshd on ${node}` });
  }
  let configs = 0;
  return {
    address,
    identity: join(dir, 'user'),
    otherKey: other,
    config({ user: login = 'root', knownKey = host, withoutKey = false, slowly = false } = {}) {
      const file = join(dir, `config-${(configs += 1)}`);
      writeFileSync(`${file}.known`, `* ${knownKey}\n`);
      writeFileSync(`${file}.slow.cjs`, SLOW);
      const slow = `${process.execPath} ${file}.slow.cjs`;
      // Nodes have no way to this machine but by the lab's own namespaces; the proxy stands where a jump host would.
      const proxy = `ip netns exec ${namespaceName(lab.name, 'outside')} busybox nc %h %p`;
      writeFileSync(file, ['Host *', `  User ${login}`, ...(withoutKey ? [] : [`  IdentityFile ${join(dir, 'user')}`, '  IdentitiesOnly yes']), '  StrictHostKeyChecking yes', `  UserKnownHostsFile ${file}.known`, '  GlobalKnownHostsFile /dev/null', `  ProxyCommand ${slowly ? `${slow} | ${proxy} | ${slow}` : proxy}`, ''].join('\n'));
      return file;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
