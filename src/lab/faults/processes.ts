/** Faults of processes: components that die, stand still or refuse, a node that loses power, the tool itself killed. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { output } from '../../core/process.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { enterNode, nodeProcess, startTimeOf, type ProcessId } from '../nodes/shell.ts';
import { rebootNode } from '../reboot.ts';
import { nothingToUndo, type Captured, type Fault, type FaultContext } from './fault.ts';
import { readEntries } from './journal-follower.ts';
import { findProcesses, sendSignal } from './node-processes.ts';
import { tableOf } from './switch.ts';

/** Felix comes with the new CNI, minutes after a migration began. */
const FELIX_WAIT_MS = 300_000;
const API_PORT = 6443;

const isFelix = (argv: readonly string[]): boolean => basename(argv[0] ?? '') === 'calico-node' && argv.includes('-felix');
const felixOf = (ctx: FaultContext): ProcessId[] => findProcesses(ctx.lab.name, ctx.node.name, isFelix);

function goOn(_ctx: FaultContext, captured: Captured): Promise<void> {
  sendSignal(captured['processes'] as ProcessId[], 'SIGCONT');
  return Promise.resolve();
}

export const felixCrash: Fault = {
  ...nothingToUndo,
  name: 'felix-crash',
  does: 'Kills Felix on the node once, as soon as it runs there.',
  node: 'required',
  options: [],
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    const found = await waitUntil(() => Promise.resolve(felixOf(ctx).length > 0 ? felixOf(ctx) : undefined), {
      timeoutMs: FELIX_WAIT_MS, intervalMs: 50, signal: ctx.signal, what: `Felix to run on ${ctx.node.name}`,
    });
    sendSignal(found, 'SIGKILL');
    return `Felix on ${ctx.node.name} was killed`;
  },
};

export const felixCrashLoop: Fault = {
  name: 'felix-crash-loop',
  does: 'Kills Felix on the node each time it starts.',
  ends: 'It is left alone from then on; the kubelet starts it again, after a pause that grows with every crash.',
  node: 'required',
  options: [],
  lasting: true,
  capture: () => Promise.resolve({}),
  inject(ctx) {
    sendSignal(felixOf(ctx), 'SIGKILL');
    return Promise.resolve(`Felix on ${ctx.node.name} is killed each time it starts`);
  },
  keep(ctx) {
    sendSignal(felixOf(ctx), 'SIGKILL');
    return Promise.resolve();
  },
  undo: () => Promise.resolve(),
};

export const felixHang: Fault = {
  name: 'felix-hang',
  does: 'Felix on the node stands still (SIGSTOP): packets go on by the rules that are there, and no new pod or policy is learnt of.',
  ends: 'It goes on (SIGCONT).',
  node: 'required',
  options: [],
  lasting: true,
  capture(ctx) {
    const processes = felixOf(ctx);
    if (processes.length === 0) throw new EnvironmentError(`Felix does not run on ${ctx.node.name}`, { hint: 'it comes with Calico; wait until that has started there' });
    return Promise.resolve({ processes });
  },
  inject(ctx, captured) {
    sendSignal(captured['processes'] as ProcessId[], 'SIGSTOP');
    return Promise.resolve(`Felix on ${ctx.node.name} stands still`);
  },
  undo: goOn,
};

export const nodeReboot: Fault = {
  ...nothingToUndo,
  name: 'node-reboot',
  does: 'Cuts the power of the node and boots it again: all its processes and namespaces are new, its disk stays.',
  node: 'required',
  options: [],
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    await rebootNode(ctx.lab.name, ctx.node);
    return `${ctx.node.name} was rebooted`;
  },
};

/** The server's table is in the node itself: its own components reach the API server without crossing the switch. */
const refusal = (id: string): string => `table inet ${tableOf(id)} {\n  chain input {\n    type filter hook input priority -300; policy accept;\n    tcp dport ${API_PORT} counter reject with tcp reset\n  }\n}\n`;

function requireServer(ctx: FaultContext): void {
  if (ctx.node.role !== 'server') throw new UsageError(`node ${ctx.node.name} runs no API server`, { hint: 'leave --node out, or name the server' });
}

export const apiDown: Fault = {
  name: 'api-down',
  does: `Every connection to the API server is reset and new ones are refused, also from the server itself (TCP ${API_PORT}).`,
  ends: 'The rule is removed from the server.',
  node: 'server',
  options: [],
  lasting: true,
  capture(ctx) {
    requireServer(ctx);
    return Promise.resolve({});
  },
  async inject(ctx) {
    await output(enterNode(ctx.lab.name, ctx.node.name, ['nft', '-f', '-']), { stdin: refusal(ctx.id) });
    return `the API server on ${ctx.node.name} refuses connections`;
  },
  async undo(ctx) {
    if (nodeProcess(ctx.lab.name, ctx.node.name) === undefined) return;
    const tables = await output(enterNode(ctx.lab.name, ctx.node.name, ['nft', 'list', 'tables']));
    if (tables.split('\n').includes(`table inet ${tableOf(ctx.id)}`)) await output(enterNode(ctx.lab.name, ctx.node.name, ['nft', 'delete', 'table', 'inet', tableOf(ctx.id)]));
  },
};

export const apiHang: Fault = {
  name: 'api-hang',
  does: 'The API server stands still (SIGSTOP): connections are taken, and nothing is answered.',
  ends: 'It goes on (SIGCONT).',
  node: 'server',
  options: [],
  lasting: true,
  capture(ctx) {
    requireServer(ctx);
    const processes = findProcesses(ctx.lab.name, ctx.node.name, (argv) => basename(argv[0] ?? '') === 'kube-apiserver');
    if (processes.length === 0) throw new EnvironmentError(`no kube-apiserver runs on ${ctx.node.name}`, { hint: 'where it is part of another process, use the fault api-down' });
    return Promise.resolve({ processes });
  },
  inject(ctx, captured) {
    sendSignal(captured['processes'] as ProcessId[], 'SIGSTOP');
    return Promise.resolve(`the API server on ${ctx.node.name} stands still`);
  },
  undo: goOn,
};

/** Epoch ms at which a process started; clock ticks are 1/100 s on every Linux that Node runs on (USER_HZ). */
function startedAt(pid: number): number | undefined {
  const ticks = startTimeOf(pid);
  const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  return ticks === undefined || boot === undefined ? undefined : Number(boot) * 1000 + ticks * 10;
}

export const killTool: Fault = {
  ...nothingToUndo,
  name: 'kill-tool',
  does: 'Kills the process that runs the migration (SIGKILL), as named by the last header of its journal.',
  node: 'none',
  options: [],
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    const header = ctx.journal === undefined ? undefined : (await readEntries(ctx.journal)).findLast((entry) => entry.type === 'header');
    if (header?.pid === undefined) throw new EnvironmentError('no migration of this cluster was begun on this machine', { hint: 'name its journal with --journal' });
    const started = startedAt(header.pid);
    // btime moves by a second when the clock is adjusted; a process that got the pid later started well after the header.
    if (started === undefined || started > header.t + 2_000) throw new EnvironmentError(`process ${header.pid}, which ran the migration, is not there any more`);
    process.kill(header.pid, 'SIGKILL');
    return `process ${header.pid}, which ran the migration, was killed`;
  },
};
