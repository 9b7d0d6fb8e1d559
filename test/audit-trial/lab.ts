/** A lab for the trial: brought up and prepared, changed and changed back, audited by the command line. */
import { join } from 'node:path';
import { Cluster } from '../../src/cluster/client.ts';
import type { KubeObject, NodeObject } from '../../src/cluster/objects.ts';
import type { Finding, Unknown } from '../../src/core/finding.ts';
import { runProcess } from '../../src/core/process.ts';
import { SHOP } from '../../src/lab/images/other-images.ts';
import { labShell } from '../../src/lab/nodes/shell.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { readState } from '../../src/lab/state.ts';
import { runOrThrow } from '../../src/node/shell.ts';
import { runTool } from '../sweep/tool.ts';
import type { Change, LabKind, NodeNames, Target } from './fault.ts';
import { serverArgs, USUAL_ARGS } from './faults/names-and-services.ts';
import { ALIASES, clusterObject, DEFINITIONS, TRIAL } from './objects.ts';

export interface Audit { findings: Finding[]; unknown: Unknown[] }

/** Long enough for a machine that is busy with other things: at the lowest priority beside three labs an audit took four minutes. */
const COMMAND_MS = 900_000;

export class TrialLab {
  readonly name: string;
  nodes: Readonly<Record<string, NodeNames>> = {};

  constructor(name: string) {
    this.name = name;
  }

  /** Starts the cluster, from nothing, and prepares it. */
  async up(kind: LabKind): Promise<void> {
    await this.down();
    await this.#tool(['lab', 'up', '--name', this.name, '--cni', kind, '--apps'], 3_600_000);
    await this.#readNodes();
    for (const object of DEFINITIONS) await this.change({ apply: [object] });
    for (const { metadata } of DEFINITIONS) await this.#kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${metadata.name}`]);
    for (const namespace of [TRIAL, 'metallb-system']) await this.change({ apply: [clusterObject('v1', 'Namespace', namespace)] });
    // What a real K3s writes to its server's Node; the stand-in does not.
    const [server = ''] = Object.values(this.nodes).map(({ name }) => name);
    await this.#patch({ kind: 'node', name: server }, serverArgs(USUAL_ARGS));
    for (const { name } of Object.values(this.nodes)) for (const alias of ALIASES) await runOrThrow(labShell(this.name, name), ['k3s', 'ctr', 'images', 'tag', '--force', SHOP, alias], { timeoutMs: COMMAND_MS });
    // Flannel enforces none of the shop's policies, which is a finding of its own; one fault brings it back.
    if (kind === 'flannel') await this.#kubectl(['delete', 'networkpolicy', '--all', '-n', 'shop']);
    else await this.#patch({ kind: 'daemonset', name: 'calico-node', namespace: 'kube-system' }, { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } });
  }

  /** Takes a lab that an earlier run has brought up and prepared. Errors: one when it is of another kind. */
  async attach(kind: LabKind): Promise<void> {
    const { cni } = readState(this.name);
    if (cni !== kind) throw new Error(`lab ${this.name} has ${cni}, and the faults need ${kind}`);
    await this.#readNodes();
  }

  async down(): Promise<void> {
    await this.#tool(['lab', 'down', '--name', this.name], COMMAND_MS);
  }

  /** `fairlead audit --via lab:…`, as a user calls it. */
  async audit(): Promise<Audit> {
    return JSON.parse(await this.#tool(['audit', '--via', `lab:${this.name}`, '--output', 'json', '--fail-on', 'none'], COMMAND_MS)) as Audit;
  }

  /** Does one thing. Errors: one with what kubectl or the node said. */
  async change(change: Change): Promise<void> {
    if ('apply' in change) await this.#objects('apply', change.apply);
    else if ('status' in change) await this.#kubectl(['patch', ...words(change.status), '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: change.to })]);
    else if ('patch' in change) await this.#patch(change.patch, change.to);
    else if ('edit' in change) await this.#edit(change.edit, change.key, change.from, change.to);
    else if ('on' in change) await this.#shell(change.on, change.run);
    else if ('labFault' in change) await this.#tool(['lab', 'fault', change.labFault, '--name', this.name, ...change.words], COMMAND_MS);
    else await this.#kubectl(['wait', `--for=${change.until}`, '--timeout=120s', ...words(change.wait)]);
  }

  /** Takes one thing back. */
  async undo(change: Change): Promise<void> {
    if ('apply' in change) await this.#objects('delete', change.apply.toReversed());
    else if ('patch' in change) await this.#patch(change.patch, change.back);
    else if ('edit' in change) await this.#edit(change.edit, change.key, change.to, change.from);
    else if ('on' in change) await this.#shell(change.on, change.undo);
    else if ('labFault' in change) await this.#tool(['lab', 'fault', 'clear', '--name', this.name], COMMAND_MS);
  }

  async #readNodes(): Promise<void> {
    const cluster = await Cluster.connect({ kubeconfig: labPaths(this.name).kubeconfig, patienceMs: 20_000 });
    try {
      const ranges = new Map((await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })).map((node) => [node.metadata.name, node.spec.podCIDR ?? '']));
      this.nodes = Object.fromEntries(readState(this.name).nodes.map(({ name, address }) => [name.slice(this.name.length + 1), { name, address, podCidr: ranges.get(name) ?? '' }]));
    } finally {
      cluster.close();
    }
  }

  /** Standard output of a command of the tool that must exit 0. */
  async #tool(argv: readonly string[], timeoutMs: number): Promise<string> {
    const ended = await runTool(argv, { timeoutMs });
    if (ended.code !== 0) throw new Error(`fairlead ${argv.join(' ')} exited ${ended.code}:\n${ended.stderr.slice(-3000)}`);
    return ended.stdout;
  }

  async #kubectl(argv: readonly string[], stdin = ''): Promise<string> {
    const { dir, kubeconfig } = labPaths(this.name);
    const { code, stdout, stderr } = await runProcess([join(dir, 'bin', 'kubectl'), '--kubeconfig', kubeconfig, ...argv], { stdin, timeoutMs: COMMAND_MS });
    if (code !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${stderr}`);
    return Buffer.from(stdout).toString();
  }

  async #objects(verb: 'apply' | 'delete', items: readonly KubeObject[]): Promise<void> {
    await this.#kubectl([verb, '-f', '-', ...(verb === 'delete' ? ['--ignore-not-found', '--wait=true', '--timeout=120s'] : [])], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  async #patch(target: Target, to: object): Promise<void> {
    await this.#kubectl(['patch', ...words(target), '--type=strategic', '-p', JSON.stringify(to)]);
  }

  async #edit(target: Target, key: string, from: string, to: string): Promise<void> {
    const { data = {} } = JSON.parse(await this.#kubectl(['get', ...words(target), '-o', 'json'])) as { data?: Record<string, string> };
    const text = data[key] ?? '';
    if (!text.includes(from)) throw new Error(`${target.kind} ${target.name}: ${key} has no ${JSON.stringify(from)}`);
    await this.#patch(target, { data: { [key]: text.replace(from, to) } });
  }

  async #shell(node: string, script: string): Promise<void> {
    const { code, stdout, stderr } = await labShell(this.name, node).run(['sh', '-c', script], { timeoutMs: COMMAND_MS });
    if (code !== 0) throw new Error(`node ${node}: ${script}\nended with ${code}: ${stderr || stdout}`);
  }
}

const words = ({ kind, name, namespace }: Target): string[] => [`${kind}/${name}`, ...(namespace === undefined ? [] : ['-n', namespace])];
