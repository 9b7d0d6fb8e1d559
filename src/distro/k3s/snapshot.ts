/** A snapshot of K3s' datastore: embedded etcd by K3s' own command, SQLite by sqlite3's online backup. */
import { EnvironmentError } from '../../core/errors.ts';
import { listDirectory } from '../../node/facts/cni-dirs.ts';
import { findPrograms } from '../../node/facts/programs.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import type { DatastoreSnapshot, Host } from '../distribution.ts';
import { existing } from '../service.ts';
import { dataDir, etcdDir, snapshotDir, sqliteFile } from './paths.ts';

/** Takes the snapshot on a server. Errors: EnvironmentError with what to do for an external datastore, or SQLite without sqlite3. */
export async function snapshotDatastore(shell: NodeShell, host: Host, name: string): Promise<DatastoreSnapshot> {
  const found = await existing(shell, [etcdDir, sqliteFile]);
  if (found.has(etcdDir)) {
    await runOrThrow(shell, ['k3s', 'etcd-snapshot', 'save', '--name', name], { timeoutMs: 120_000 });
    // K3s adds the node's name and the time; the time grows, so the last one is ours.
    const file = ((await listDirectory(shell, snapshotDir)) ?? []).filter((entry) => entry.startsWith(`${name}-`)).at(-1);
    if (file === undefined) throw new EnvironmentError(`node ${host.node}: k3s says that it saved the snapshot ${name}, but ${snapshotDir} has no such file.`);
    return { kind: 'etcd', node: host.node, path: `${snapshotDir}/${file}` };
  }
  if (!found.has(sqliteFile)) {
    throw new EnvironmentError(`node ${host.node}: this K3s server keeps its data neither in ${etcdDir} nor in ${sqliteFile}, so in an external datastore.`, {
      hint: 'Back it up with the means of that database.',
    });
  }
  const sqlite = (await findPrograms(shell, ['sqlite3'])).get('sqlite3');
  if (sqlite === undefined) {
    throw new EnvironmentError(`node ${host.node}: the K3s datastore is SQLite, and sqlite3 is not installed to back it up while it is in use.`, {
      hint: `Install sqlite3 on the node, or: systemctl stop k3s; cp -a ${dataDir}/server/db /root/k3s-db-backup; systemctl start k3s (pods live on).`,
    });
  }
  const path = `${snapshotDir}/${name}.db`;
  await runOrThrow(shell, ['mkdir', '-p', '-m', '0700', snapshotDir]);
  await runOrThrow(shell, [sqlite, sqliteFile, `.backup '${path}'`], { timeoutMs: 120_000 });
  return { kind: 'sqlite', node: host.node, path };
}
