/** A real sshd inside a lab node, and the OpenSSH configuration with which this machine's ssh reaches it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../../../src/cluster/wait.ts';
import { output } from '../../../src/core/process.ts';
import { namespaceName } from '../../../src/lab/paths.ts';
import { runOrThrow } from '../../../src/node/shell.ts';
import type { TestLab } from './lab.ts';

const DIR = '/etc/fairlead-ssh';

export interface TestSshd {
  /** Address of the node. */
  address: string;
  /** An OpenSSH client configuration: by default as root, with the node's key known. */
  config(changes?: { user?: string; knownKey?: string }): string;
  /** Public key of a host that is another one. */
  otherKey: string;
  remove(): void;
}

/** Starts sshd on a node, with users `root` and `deputy` (who may use sudo without a password), both by key. Logging in as root is noisy. */
export async function startSshd(lab: TestLab, node: string): Promise<TestSshd> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-ssh-test-'));
  const key = async (name: string): Promise<string> => {
    await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)]);
    return readFileSync(join(dir, `${name}.pub`), 'utf8').trim();
  };
  const [user, host, other] = [await key('user'), await key('host'), await key('other')];
  const shell = lab.shell(node);
  const address = lab.state.nodes.find((one) => one.name === node)?.address ?? '';
  await shell.write(`${DIR}/host_key`, readFileSync(join(dir, 'host')), 0o600);
  await shell.write(`${DIR}/authorized_keys`, `${user}\n`);
  await shell.write(`${DIR}/sshd_config`, [`ListenAddress ${address}:22`, `HostKey ${DIR}/host_key`, `AuthorizedKeysFile ${DIR}/authorized_keys`, 'StrictModes no', 'UsePAM no', 'PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'PidFile none', 'Banner /etc/hostname', ''].join('\n'));
  await runOrThrow(shell, ['useradd', '--create-home', '--shell', '/bin/sh', '--password', '*', 'deputy']);
  await shell.write('/etc/sudoers.d/deputy', 'deputy ALL=(ALL) NOPASSWD: ALL\n', 0o440);
  await shell.write('/root/.bashrc', 'echo what a login says; echo what a login complains of >&2\n');
  await shell.write('/etc/systemd/system/sshd.service', `[Service]\nExecStart=/usr/sbin/sshd -D -e -f ${DIR}/sshd_config\nKillMode=process\n`);
  await runOrThrow(shell, ['mkdir', '-p', '/run/sshd']);
  await runOrThrow(shell, ['systemctl', 'start', 'sshd']);
  await waitUntil(async () => ((await shell.run(['ss', '-Hltn', 'sport', '=', ':22'])).stdout === '' ? undefined : true), { timeoutMs: 20_000, what: `sshd on ${node}` });
  return {
    address,
    otherKey: other,
    config({ user: login = 'root', knownKey = host } = {}) {
      const file = join(dir, `config-${login}-${knownKey === host}`);
      writeFileSync(`${file}.known`, `* ${knownKey}\n`);
      // Nodes have no way to this machine but by the lab's own namespaces; the proxy stands where a jump host would.
      writeFileSync(file, ['Host *', `  User ${login}`, `  IdentityFile ${join(dir, 'user')}`, '  IdentitiesOnly yes', '  StrictHostKeyChecking yes', `  UserKnownHostsFile ${file}.known`, '  GlobalKnownHostsFile /dev/null', `  ProxyCommand ip netns exec ${namespaceName(lab.name, 'outside')} busybox nc %h %p`, ''].join('\n'));
      return file;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
