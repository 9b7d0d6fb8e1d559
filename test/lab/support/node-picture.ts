/** The state of a lab's nodes and switch that a fault could leave a trace in, as lines that can be compared. */
import { output, runProcess } from '../../../src/core/process.ts';
import { namespaceName } from '../../../src/lab/paths.ts';
import { enterNode } from '../../../src/lab/nodes/shell.ts';
import type { LabState } from '../../../src/lab/state.ts';

const COMMANDS: Record<string, string[]> = {
  links: ['ip', '-d', '-o', 'link'],
  addresses: ['ip', '-o', 'address'],
  routes: ['ip', 'route', 'show', 'table', 'all'],
  rules: ['ip', 'rule'],
  neighbours: ['ip', 'neigh', 'show', 'nud', 'permanent'],
  fdb: ['bridge', 'fdb'],
  // Without counters.
  rules4: ['nft', '--stateless', 'list', 'ruleset'],
  mounts: ['cut', '-d', ' ', '-f', '4-', '/proc/self/mountinfo'],
  files: ['sh', '-c', 'ls -lR --time-style=+ /etc/cni /var/lib/calico; ls /run'],
};

async function lines(argv: readonly string[]): Promise<string[]> {
  const text = Buffer.from((await runProcess(argv)).stdout).toString();
  // Timers of bridges run all the time.
  return text.split('\n').map((line) => line.replace(/_timer +[\d.]+/g, '').trimEnd()).filter((line) => line !== '').toSorted();
}

/** Looks at every node and the switch. */
export async function picture(lab: LabState): Promise<Record<string, string[]>> {
  const seen: Record<string, string[]> = {
    'rules of the switch': await lines(['ip', 'netns', 'exec', namespaceName(lab.name, 'net'), 'nft', '--stateless', 'list', 'ruleset']),
    'ports of the switch': (await output(['ip', '-netns', namespaceName(lab.name, 'net'), '-o', 'link'])).split('\n').map((line) => line.replace(/^\d+: ([^@]+)@.* (mtu \d+).*/, '$1 $2')).toSorted(),
  };
  for (const { name } of lab.nodes) for (const [what, argv] of Object.entries(COMMANDS)) seen[`${what} of ${name}`] = await lines(enterNode(lab.name, name, argv));
  return seen;
}

/** What differs between two looks: `- ` was there before, `+ ` has come. */
export function changes(before: Record<string, string[]>, after: Record<string, string[]>): string[] {
  return Object.keys(before).flatMap((what) => {
    const [old, now] = [before[what] ?? [], after[what] ?? []];
    return [...old.filter((line) => !now.includes(line)).map((line) => `${what}: - ${line}`), ...now.filter((line) => !old.includes(line)).map((line) => `${what}: + ${line}`)];
  });
}
