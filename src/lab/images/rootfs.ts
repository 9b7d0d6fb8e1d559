/** Parts of a root file system that several images share. */
import type { ImageEntry } from './definition.ts';
import { hostProgram } from './host-programs.ts';

/** The user of images that need no privilege; the number is what distroless images use for "nonroot". */
export const NONROOT = '65532';

/** Files and directories that programs expect everywhere. Names are resolved by files, then DNS. */
export const BASE_ENTRIES: readonly ImageEntry[] = [
  { kind: 'text', path: '/etc/passwd', text: `root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nnonroot:x:${NONROOT}:${NONROOT}:nonroot:/:/bin/false\n`, mode: 0o644 },
  { kind: 'text', path: '/etc/group', text: `root:x:0:\nnogroup:x:65534:\nnonroot:x:${NONROOT}:\n`, mode: 0o644 },
  { kind: 'text', path: '/etc/nsswitch.conf', text: 'hosts: files dns\nprotocols: files\n', mode: 0o644 },
  { kind: 'directory', path: '/etc/ssl/certs', mode: 0o755 },
  { kind: 'directory', path: '/root', mode: 0o700 },
  { kind: 'directory', path: '/run', mode: 0o755 },
  { kind: 'directory', path: '/tmp', mode: 0o1777 },
  { kind: 'directory', path: '/var/log', mode: 0o755 },
  { kind: 'symlink', path: '/var/run', target: '../run' },
];

/** What scripts and people with `kubectl exec` use; never a name that iproute2 or iptables also have. */
const APPLETS = ['cat', 'chmod', 'cp', 'cut', 'date', 'env', 'false', 'find', 'grep', 'head', 'hostname', 'id', 'kill', 'ln', 'ls', 'mkdir', 'mv', 'nc', 'ps', 'readlink', 'rm', 'sed', 'sleep', 'sort', 'stat', 'tail', 'test', 'touch', 'tr', 'true', 'uname', 'wc', 'which'];

/** Static busybox at /bin/busybox and one link per applet; `shell` adds /bin/sh (leave it out where dash is the shell). */
export async function busyboxEntries(options: { shell: boolean }): Promise<ImageEntry[]> {
  const names = options.shell ? [...APPLETS, 'sh'] : APPLETS;
  return [
    { kind: 'file', path: '/bin/busybox', source: await hostProgram('busybox'), mode: 0o755 },
    ...names.map((name): ImageEntry => ({ kind: 'symlink', path: `/bin/${name}`, target: 'busybox' })),
  ];
}
