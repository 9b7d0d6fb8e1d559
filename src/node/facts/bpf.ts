/** BPF programs of a node as far as they are visible: on devices (XDP, tc, tcx), pinned in the BPF file system, and all by name where bpftool is there. */
import { EnvironmentError } from '../../core/errors.ts';
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';
import { findPrograms } from './programs.ts';

export interface BpfAttachment {
  device: string;
  /** `xdp`, `clsact/ingress`, `tcx/egress`, `netkit/peer`, … */
  where: string;
  name?: string;
  id: number;
}

export interface Bpf {
  attached: BpfAttachment[];
  /** Paths below /sys/fs/bpf, three deep: those who pin have directories of their own. */
  pinned: string[];
  /** How many programs of each type and name are loaded; absent without bpftool. */
  programs?: { type: string; name: string; count: number }[];
}

const PIN_ROOT = '/sys/fs/bpf';
/** The iterators that the kernel itself puts there (kernel/bpf/preload). */
const KERNELS_OWN = /^(maps|progs)\.debug$/;
const MAX_PINS = 400;

/** XDP programs from `ip -j link show`. */
export function parseXdp(text: string): BpfAttachment[] {
  return parseArray<{ ifname: string; xdp?: { prog?: { id?: number; name?: string }; attached?: { prog?: { id?: number; name?: string } }[] } }>(text, '`ip -j link show`').flatMap(({ ifname, xdp }) =>
    [...(xdp?.attached ?? (xdp === undefined ? [] : [xdp]))].flatMap(({ prog }) => (prog?.id === undefined ? [] : [{ device: ifname, where: 'xdp', ...(prog.name === undefined ? {} : { name: prog.name }), id: prog.id }])),
  );
}

interface RawNet { devname?: string; kind?: string; mode?: string; name?: string; id?: number; prog_id?: number }

/** Parses the output of `bpftool -j net show`; newer versions write `prog_id` for links (tcx, netkit). */
export function parseBpfNet(text: string): BpfAttachment[] {
  const [{ xdp = [], tc = [] } = {}] = parseArray<{ xdp?: RawNet[]; tc?: RawNet[] }>(text, '`bpftool -j net show`');
  const one = (where: string, raw: RawNet): BpfAttachment[] => {
    const id = raw.id ?? raw.prog_id;
    return raw.devname === undefined || id === undefined ? [] : [{ device: raw.devname, where, ...(raw.name === undefined ? {} : { name: raw.name }), id }];
  };
  return [...xdp.flatMap((raw) => one('xdp', raw)), ...tc.flatMap((raw) => one(raw.kind ?? 'tc', raw))];
}

/** Parses the output of `bpftool -j prog show`. Programs of systemd and of tracing tools are among them. */
export function parseBpfPrograms(text: string): NonNullable<Bpf['programs']> {
  const programs = parseArray<{ type?: string; name?: string }>(text, '`bpftool -j prog show`');
  const groups = Map.groupBy(programs, ({ type = '?', name = '' }) => `${type}\0${name}`);
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, all]) => ({ type: key.split('\0')[0] ?? '', name: key.split('\0')[1] ?? '', count: all.length }));
}

/** What is pinned; nothing where there is no BPF file system. Errors: EnvironmentError when it cannot be looked through. */
async function readPins(shell: NodeShell): Promise<string[]> {
  const { code, stdout, stderr } = await shell.run(['find', PIN_ROOT, '-mindepth', '1', '-maxdepth', '3', '!', '-type', 'd']);
  if (stderr.includes('No such file or directory')) return [];
  if (code !== 0) throw new EnvironmentError(`node ${shell.node}: cannot look through ${PIN_ROOT}: ${stderr.trim()}`);
  const paths = stdout.split('\n').filter((path) => path !== '').map((path) => path.slice(PIN_ROOT.length + 1));
  return paths.filter((path) => !KERNELS_OWN.test(path)).toSorted().slice(0, MAX_PINS);
}

/**
 * Reads them. `missing` is told when bpftool is not there and something is pinned: then programs may be attached that
 * only it shows (tcx and netkit links, cgroups). With nothing pinned, what stays without its loader is on devices, and
 * `ip` and `tc` show it.
 */
export async function readBpf(shell: NodeShell): Promise<{ bpf: Bpf; missing?: string }> {
  const [pinned, xdp] = [await readPins(shell), parseXdp(await runOrThrow(shell, ['ip', '-j', 'link', 'show']))];
  const program = (await findPrograms(shell, ['bpftool'])).get('bpftool');
  if (program === undefined) return { bpf: { attached: xdp, pinned }, ...(pinned.length === 0 ? {} : { missing: `bpftool is not there, and ${pinned.length} maps and programs are pinned in ${PIN_ROOT}` }) };
  const attached = parseBpfNet(await runOrThrow(shell, [program, '-j', 'net', 'show']));
  return { bpf: { attached, pinned, programs: parseBpfPrograms(await runOrThrow(shell, [program, '-j', 'prog', 'show'])) } };
}
