/** A snapshot of the etcd that kubeadm runs: by etcdctl of the host, or the one inside etcd's own container. */
import { EnvironmentError } from '../../core/errors.ts';
import { findPrograms } from '../../node/facts/programs.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import type { DatastoreSnapshot, Host } from '../distribution.ts';
import { existing } from '../service.ts';
import { etcdDir, etcdPki } from './paths.ts';

/** Takes the snapshot on a control-plane node. Errors: EnvironmentError for an external etcd, or without any etcdctl. */
export async function snapshotDatastore(shell: NodeShell, host: Host, name: string): Promise<DatastoreSnapshot> {
  const found = await existing(shell, [etcdPki.cert]);
  if (!found.has(etcdPki.cert)) {
    throw new EnvironmentError(`node ${host.node}: ${etcdPki.cert} is not there, so this cluster's etcd runs elsewhere.`, { hint: 'Take the snapshot where etcd runs: etcdctl snapshot save.' });
  }
  // The container sees the host's data directory under the same path, so the file is there either way.
  const path = `${etcdDir}/${name}.db`;
  const save = ['--endpoints=https://127.0.0.1:2379', `--cacert=${etcdPki.ca}`, `--cert=${etcdPki.cert}`, `--key=${etcdPki.key}`, 'snapshot', 'save', path];
  const programs = await findPrograms(shell, ['etcdctl', 'crictl']);
  const [etcdctl, crictl] = [programs.get('etcdctl'), programs.get('crictl')];
  if (etcdctl !== undefined) {
    await runOrThrow(shell, ['env', 'ETCDCTL_API=3', etcdctl, ...save], { timeoutMs: 120_000 });
  } else if (crictl !== undefined) {
    const container = (await runOrThrow(shell, [crictl, 'ps', '--quiet', '--name', '^etcd$', '--state', 'Running'])).split('\n')[0] ?? '';
    if (container === '') throw new EnvironmentError(`node ${host.node}: no container of etcd runs there.`);
    await runOrThrow(shell, [crictl, 'exec', container, 'etcdctl', ...save], { timeoutMs: 120_000 });
  } else {
    throw new EnvironmentError(`node ${host.node}: neither etcdctl nor crictl is there to take a snapshot of etcd.`, { hint: 'Install etcdctl (Debian: etcd-client) on the node.' });
  }
  return { kind: 'etcd', node: host.node, path };
}
