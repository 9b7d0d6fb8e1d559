/** A lab whose cluster is changed and changed back, as faults say it: what all trials in living clusters share. */
import { join } from 'node:path';
import { Cluster } from '../../src/cluster/client.ts';
import type { KubeObject, NodeObject } from '../../src/cluster/objects.ts';
import { runProcess } from '../../src/core/process.ts';
import { labShell } from '../../src/lab/nodes/shell.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { readState } from '../../src/lab/state.ts';
import { runTool } from '../sweep/tool.ts';
import type { Change, LabKind, NodeNames, Target } from './fault.ts';

/** Long enough for a machine that is busy with other things: at the lowest priority beside three labs an audit took four minutes. */
export const COMMAND_MS = 900_000;

export class LivingLab {
  readonly name: string;
  nodes: Readonly<Record<string, NodeNames>> = {};

  constructor(name: string) {
    this.name = name;
  }

  /** Takes a lab that an earlier run has brought up and prepared. Errors: one when it is of another kind. */
  async attach(kind: LabKind): Promise<void> {
    const { cni } = readState(this.name);
    if (cni !== kind) throw new Error(`lab ${this.name} has ${cni}, and the faults need ${kind}`);
    await this.readNodes();
  }

  async down(): Promise<void> {
    await this.tool(['lab', 'down', '--name', this.name], COMMAND_MS);
  }

  /** Does one thing. Errors: one with what kubectl or the node said. */
  async change(change: Change): Promise<void> {
    if ('apply' in change) await this.#objects('apply', change.apply);
    else if ('status' in change) await this.kubectl(['patch', ...words(change.status), '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: change.to })]);
    else if ('patch' in change) await this.patch(change.patch, change.to);
    else if ('edit' in change) await this.#edit(change.edit, change.key, change.from, change.to);
    else if ('on' in change) await this.shell(change.on, change.run);
    else if ('labFault' in change) await this.tool(['lab', 'fault', change.labFault, '--name', this.name, ...change.words], COMMAND_MS);
    else await this.kubectl(['wait', `--for=${change.until}`, '--timeout=120s', ...words(change.wait)]);
  }

  /** Takes one thing back. */
  async undo(change: Change): Promise<void> {
    if ('apply' in change) await this.#objects('delete', change.apply.toReversed());
    else if ('patch' in change) await this.patch(change.patch, change.back);
    else if ('edit' in change) await this.#edit(change.edit, change.key, change.to, change.from);
    else if ('on' in change) await this.shell(change.on, change.undo);
    else if ('labFault' in change) await this.tool(['lab', 'fault', 'clear', '--name', this.name], COMMAND_MS);
  }

  /** Undoes one after the other, and goes on after one that cannot be undone. Errors: those. */
  async undoAll(done: readonly Change[]): Promise<void> {
    const errors: unknown[] = [];
    for (const change of done) await this.undo(change).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => (error instanceof Error ? error.message : String(error))).join('\n'));
  }

  protected async readNodes(): Promise<void> {
    const cluster = await Cluster.connect({ kubeconfig: labPaths(this.name).kubeconfig, patienceMs: 20_000 });
    try {
      const ranges = new Map((await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })).map((node) => [node.metadata.name, node.spec.podCIDR ?? '']));
      this.nodes = Object.fromEntries(readState(this.name).nodes.map(({ name, address }) => [name.slice(this.name.length + 1), { name, address, podCidr: ranges.get(name) ?? '' }]));
    } finally {
      cluster.close();
    }
  }

  /** Standard output of a command of the tool that must exit 0. */
  protected async tool(argv: readonly string[], timeoutMs: number): Promise<string> {
    const ended = await runTool(argv, { timeoutMs });
    if (ended.code !== 0) throw new Error(`fairlead ${argv.join(' ')} exited ${ended.code}:\n${ended.stderr.slice(-3000)}`);
    return ended.stdout;
  }

  protected async kubectl(argv: readonly string[], stdin = ''): Promise<string> {
    const { dir, kubeconfig } = labPaths(this.name);
    const { code, stdout, stderr } = await runProcess([join(dir, 'bin', 'kubectl'), '--kubeconfig', kubeconfig, ...argv], { stdin, timeoutMs: COMMAND_MS });
    if (code !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${stderr}`);
    return Buffer.from(stdout).toString();
  }

  protected async patch(target: Target, to: object): Promise<void> {
    await this.kubectl(['patch', ...words(target), '--type=strategic', '-p', JSON.stringify(to)]);
  }

  /** Standard output of lines for the shell of a node. Errors: one with what they said when they do not end with 0. */
  protected async shell(node: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await labShell(this.name, node).run(['sh', '-c', script], { timeoutMs: COMMAND_MS });
    if (code !== 0) throw new Error(`node ${node}: ${script}\nended with ${code}: ${stderr || stdout}`);
    return stdout;
  }

  async #objects(verb: 'apply' | 'delete', items: readonly KubeObject[]): Promise<void> {
    await this.kubectl([verb, '-f', '-', ...(verb === 'delete' ? ['--ignore-not-found', '--wait=true', '--timeout=120s'] : [])], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  async #edit(target: Target, key: string, from: string, to: string): Promise<void> {
    const { data = {} } = JSON.parse(await this.kubectl(['get', ...words(target), '-o', 'json'])) as { data?: Record<string, string> };
    const text = data[key] ?? '';
    if (!text.includes(from)) throw new Error(`${target.kind} ${target.name}: ${key} has no ${JSON.stringify(from)}`);
    await this.patch(target, { data: { [key]: text.replace(from, to) } });
  }
}

const words = ({ kind, name, namespace }: Target): string[] => [`${kind}/${name}`, ...(namespace === undefined ? [] : ['-n', namespace])];
