/** Faults of a node's disk: a directory without space, and a directory that Calico must write and cannot. */
import { isAbsolute } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { readText, runOrThrow, type NodeShell } from '../../node/shell.ts';
import { labShell, nodeProcess } from '../nodes/shell.ts';
import type { Fault, FaultContext } from './fault.ts';

const DEFAULT_CNI_DIR = '/etc/cni/net.d';
/** Where calico-node must write `nodename` before it does anything else (node/pkg/lifecycle/utils). */
const CALICO_DIR = '/var/lib/calico';

/** Mount points at exactly this path, one for each mount on top of another (proc(5), mountinfo). */
async function mountsAt(shell: NodeShell, path: string): Promise<number> {
  const lines = ((await readText(shell, '/proc/self/mountinfo')) ?? '').split('\n');
  return lines.filter((line) => line.split(' ')[4] === path).length;
}

function shellIfRunning(ctx: FaultContext): NodeShell | undefined {
  return nodeProcess(ctx.lab.name, ctx.node.name) === undefined ? undefined : labShell(ctx.lab.name, ctx.node.name);
}

async function isDirectory(shell: NodeShell, path: string): Promise<boolean> {
  return (await shell.run(['test', '-d', path])).code === 0;
}

/** Unmounts until only the mounts are left that were there before; lazily, because a container may still hold one. */
async function unmountDown(shell: NodeShell, path: string, before: number): Promise<void> {
  while ((await mountsAt(shell, path)) > before) await runOrThrow(shell, ['umount', '--lazy', '--', path]);
}

/** Where a fault mounts what it needs; gone after a reboot, like every mount. */
const areaOf = (id: string): string => `/run/fairlead-fault-${id}`;

/**
 * `area/full` is a small tmpfs with a copy of the directory in `conf`, which is bound over the directory itself.
 * Second links in `held` keep the space of files that are removed, as a disk that others fill at once. `area/real`
 * is the directory as it was, reachable underneath.
 */
const FILL = `set -eu
dir=$1 area=$2
mkdir -p "$area/full" "$area/real"
mount --bind "$dir" "$area/real"
# Shared with the mount that holds the directory, it would be covered together with it.
mount --make-private "$area/real"
pages=$(find "$dir" -type f -exec stat -c %s {} + | awk '{ n += int(($1 + 4095) / 4096) } END { print n + 1 }')
mount -t tmpfs -o "size=$((pages * 4))k,mode=755" fairlead-fault "$area/full"
mkdir "$area/full/conf" "$area/full/held"
cp -a "$dir/." "$area/full/conf"
cp -al "$area/full/conf/." "$area/full/held"
dd if=/dev/zero of="$area/full/held/.fill" bs=4096 status=none 2>/dev/null || true
mount --bind "$area/full/conf" "$dir"`;

/** What was changed meanwhile (files removed, names changed) is brought over to the real directory before it shows again. */
const DRAIN = `set -eu
dir=$1 area=$2
if [ -d "$area/full/conf" ] && mountpoint -q "$area/full" && mountpoint -q "$area/real" && mountpoint -q "$dir"; then
  ( cd "$area/real" && find . -mindepth 1 -depth | while IFS= read -r name; do [ -e "$area/full/conf/$name" ] || [ -L "$area/full/conf/$name" ] || rm -rf -- "$name"; done )
  cp -au "$area/full/conf/." "$area/real"
fi`;

export const diskFull: Fault = {
  name: 'disk-full',
  does: `There is no space left (ENOSPC) in ${DEFAULT_CNI_DIR} of the node (--path); what is there can be read and removed.`,
  ends: 'The directory is taken from the full disk and put back, with what was removed or renamed meanwhile; a reboot of the node ends it, too.',
  node: 'required',
  options: ['path'],
  lasting: true,
  async capture(ctx) {
    const path = ctx.options.path ?? DEFAULT_CNI_DIR;
    const shell = labShell(ctx.lab.name, ctx.node.name);
    if (!isAbsolute(path)) throw new UsageError(`--path is ${JSON.stringify(path)}; expected an absolute path of the node`);
    return { path, existed: await isDirectory(shell, path), mounts: await mountsAt(shell, path) };
  },
  async inject(ctx, captured) {
    const path = captured['path'] as string;
    const shell = labShell(ctx.lab.name, ctx.node.name);
    await runOrThrow(shell, ['mkdir', '-p', '--', path]);
    await runOrThrow(shell, ['sh', '-c', FILL, 'sh', path, areaOf(ctx.id)]);
    return `no space is left in ${path} on ${ctx.node.name}`;
  },
  async undo(ctx, captured) {
    const shell = shellIfRunning(ctx);
    const path = captured['path'] as string;
    const area = areaOf(ctx.id);
    if (shell === undefined) return;
    if (await isDirectory(shell, area)) {
      await runOrThrow(shell, ['sh', '-c', DRAIN, 'sh', path, area]);
      await unmountDown(shell, path, captured['mounts'] as number);
      await unmountDown(shell, `${area}/full`, 0);
      await unmountDown(shell, `${area}/real`, 0);
      await runOrThrow(shell, ['sh', '-c', 'rmdir -- "$1/full" "$1/real" 2>/dev/null; rmdir -- "$1"', 'sh', area]);
    }
    // Only when empty: what somebody has put there meanwhile stays.
    if (captured['existed'] === false) await shell.run(['rmdir', '--', path]);
  },
};

export const calicoCannotStart: Fault = {
  name: 'calico-cannot-start',
  does: `${CALICO_DIR} of the node is read-only: a calico-node that starts there ends at once, because it cannot store the node's name. One that runs goes on.`,
  ends: 'The directory is writable again; the kubelet starts calico-node after a pause that grows with every failure.',
  node: 'required',
  options: [],
  lasting: true,
  async capture(ctx) {
    const shell = labShell(ctx.lab.name, ctx.node.name);
    return { existed: await isDirectory(shell, CALICO_DIR), mounts: await mountsAt(shell, CALICO_DIR) };
  },
  async inject(ctx) {
    const shell = labShell(ctx.lab.name, ctx.node.name);
    await runOrThrow(shell, ['mkdir', '-p', '--', CALICO_DIR]);
    await runOrThrow(shell, ['mount', '--bind', CALICO_DIR, CALICO_DIR]);
    await runOrThrow(shell, ['mount', '-o', 'remount,bind,ro', CALICO_DIR]);
    return `${CALICO_DIR} on ${ctx.node.name} is read-only`;
  },
  async undo(ctx, captured) {
    const shell = shellIfRunning(ctx);
    if (shell === undefined) return;
    await unmountDown(shell, CALICO_DIR, captured['mounts'] as number);
    if (captured['existed'] === false) await shell.run(['rmdir', '--', CALICO_DIR]);
  },
};
