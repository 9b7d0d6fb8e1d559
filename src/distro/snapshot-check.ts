/** Looks whether a datastore's snapshot is there, and asks the datastore's own tool, where the node has it, whether it is sound. */
import { findPrograms } from '../node/facts/programs.ts';
import type { NodeShell } from '../node/shell.ts';
import type { DatastoreSnapshot } from './distribution.ts';

/** A snapshot as it lies on its node. `ok` is false when it is missing, empty, or judged unsound. */
export interface SnapshotVerdict {
  ok: boolean;
  evidence: string[];
}

/** Judges a snapshot by its size and by `etcdutl`, `etcdctl` or `sqlite3` of the node. Without such a tool the evidence says that only the size was looked at. */
export async function judgeSnapshot(shell: NodeShell, { kind, path }: DatastoreSnapshot): Promise<SnapshotVerdict> {
  const size = await shell.run(['stat', '-c', '%s', '--', path]);
  if (size.code !== 0) return { ok: false, evidence: [`the snapshot ${path} is not on ${shell.node}`] };
  const seen = `snapshot ${path} on ${shell.node}: ${size.stdout.trim()} bytes`;
  if (size.stdout.trim() === '0') return { ok: false, evidence: [`${seen}, so there is nothing in it`] };
  const argv = await judgeArgv(shell, kind, path);
  if (argv === undefined) return { ok: true, evidence: [`${seen}; no tool of ${kind} is on the node to judge it, so only its size was looked at`] };
  const judged = await shell.run(argv, { timeoutMs: 120_000 });
  const said = (judged.stderr.trim() || judged.stdout.trim()).slice(0, 500);
  const ok = judged.code === 0 && (kind !== 'sqlite' || judged.stdout.trim() === 'ok');
  return { ok, evidence: [ok ? `${seen}; sound by \`${argv.join(' ')}\`: ${judged.stdout.trim().slice(0, 500)}` : `${seen}; unsound by \`${argv.join(' ')}\`: ${said}`] };
}

async function judgeArgv(shell: NodeShell, kind: DatastoreSnapshot['kind'], path: string): Promise<string[] | undefined> {
  // K3s compresses its snapshots when it is told to; etcd's tools read only plain ones.
  if (path.endsWith('.zip')) return undefined;
  const programs = await findPrograms(shell, ['etcdutl', 'etcdctl', 'sqlite3']);
  const sqlite = programs.get('sqlite3');
  if (kind === 'sqlite') return sqlite === undefined ? undefined : [sqlite, '-readonly', path, 'PRAGMA integrity_check'];
  const etcd = programs.get('etcdutl') ?? programs.get('etcdctl');
  return etcd === undefined ? undefined : ['env', 'ETCDCTL_API=3', etcd, 'snapshot', 'status', path, '--write-out=json'];
}
