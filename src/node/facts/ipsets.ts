/** Address sets of a node, from `ipset save`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { findPrograms } from './programs.ts';

export interface Ipset {
  name: string;
  /** Type and options as printed, without sizes and seeds that the kernel chooses anew. */
  header: string;
  members: string[];
}

/** Parses the output of `ipset save`. */
export function parseIpsets(text: string): Ipset[] {
  const sets = new Map<string, Ipset>();
  for (const line of text.split('\n')) {
    const [verb, name, ...rest] = line.trim().split(' ');
    if (name === undefined) continue;
    if (verb === 'create') sets.set(name, { name, header: rest.join(' ').replace(/ (hashsize|bucketsize|initval) \S+/g, ''), members: [] });
    else if (verb === 'add') sets.get(name)?.members.push(rest.join(' '));
  }
  for (const set of sets.values()) set.members.sort();
  return [...sets.values()];
}

/** Reads all sets; none when the node has no ipset program (containers bring their own). */
export async function readIpsets(shell: NodeShell): Promise<Ipset[]> {
  const program = (await findPrograms(shell, ['ipset'])).get('ipset');
  return program === undefined ? [] : parseIpsets(await runOrThrow(shell, [program, 'save']));
}

/** Destroys the sets whose name is selected; rules that refer to them must be gone. Returns their names; none the second time. */
export async function removeIpsets(shell: NodeShell, select: (name: string) => boolean): Promise<string[]> {
  const names = (await readIpsets(shell)).map((set) => set.name).filter(select);
  // Sets of sets hold on to their members, so all are emptied before any is destroyed.
  const script = [...names.map((name) => `flush ${name}`), ...names.map((name) => `destroy ${name}`)].join('\n');
  if (names.length > 0) await runOrThrow(shell, ['ipset', 'restore'], { stdin: `${script}\n` });
  return names;
}

/** Makes sets with the given members, as `readIpsets` read them; what a set of that name holds now is replaced. */
export async function restoreIpsets(shell: NodeShell, sets: readonly Ipset[]): Promise<void> {
  // All are made before any is filled: sets of sets name others.
  const made = sets.flatMap(({ name, header }) => [`create ${name} ${header}`, `flush ${name}`]);
  const filled = sets.flatMap(({ name, members }) => members.map((member) => `add ${name} ${member}`));
  if (sets.length > 0) await runOrThrow(shell, ['ipset', 'restore', '-exist'], { stdin: `${[...made, ...filled].join('\n')}\n` });
}
