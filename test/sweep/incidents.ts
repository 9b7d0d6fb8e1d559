/** The rows of the sweep: one thing that goes wrong at one step of a migration, and what is asked for afterwards. */
import type { ProbeClass } from '../../src/probe/types.ts';

export interface Incident {
  /** Unique, for people: `kill at node:agent-1/start, then rollback`. */
  id: string;
  /** Id of the step, with the lab's node names without the lab's own: `node:agent-1/start`. */
  step: string;
  /** Name of the fault (`fairlead lab fault list`). */
  fault: string;
  /** Where it acts, without the lab's name; absent for what is aimed at the tool or the API server. */
  node?: string;
  /** Entry of the step in the journal at which it acts, and how long after it, milliseconds. */
  phase: 'intent' | 'applied' | 'verified';
  afterMs: number;
  /** After which time it ends by itself, milliseconds; absent: when it is cleared, after the tool has ended. */
  forMs?: number;
  /**
   * What is asked of the tool afterwards: `resume` and `rollback` after it was killed; `nothing` when it must
   * deal with the fault by itself: roll the node back (exit 4) or carry on.
   */
  asked: 'resume' | 'rollback' | 'nothing';
  /** Step with which the row ends when the tool carries on; absent: the step itself after a kill, otherwise the last of its group. */
  until?: string;
  /** Classes in which the fault itself costs probes between other nodes, whatever the tool does. */
  hits: readonly ProbeClass[];
}

/** The steps of a migration of three nodes of the K3s profile, in order, by group. */
const PREPARE = ['backup', 'harden-dns', 'fetch-images', 'install', 'seed', 'stage', 'switch-off'];
const AGENT = ['drain', 'restart', 'clear', 'handover', 'start', 'prove', 'uncordon'];
const SERVER = ['drain', 'clear', 'handover', 'start', 'prove', 'uncordon'];
const SETTLE = ['finish', 'return-dns'];
const COMMIT = ['clean-node:agent-1', 'clean-node:agent-2', 'clean-node:server-1', 'settled'];

const inGroup = (group: string, kinds: readonly string[]): string[] => kinds.map((kind) => `${group}/${kind}`);

/** Every step of which a kind is met for the first time: agent-2 is like agent-1. */
const UNDOABLE = [...inGroup('prepare', PREPARE), ...inGroup('node:agent-1', AGENT), ...inGroup('node:server-1', SERVER), ...inGroup('settle', SETTLE)];
export const STEPS = [...UNDOABLE, ...inGroup('commit', COMMIT)];

/** Moments of a kill, milliseconds after the step's intent is on disk: at once, early, in the midst of what takes long. Which one a row has depends on its place alone. */
const MOMENTS = [0, 150, 600, 1500];

/** Kinds of steps that leave a node's new pods held back: nothing can be whole until the node's new CNI has started. */
const HELD = new Set(['clear', 'handover']);

function kill(step: string, asked: 'resume' | 'rollback', place: number): Incident {
  const held = asked === 'resume' && HELD.has(step.slice(step.lastIndexOf('/') + 1));
  return { ...(held ? { until: `${groupOf(step)}/start` } : {}), id: `kill at ${step}, then ${asked}`, step, fault: 'kill-tool', phase: 'intent', afterMs: MOMENTS[place % MOMENTS.length] ?? 0, asked, hits: [] };
}

/** `kill -9` of the tool in each step, then `resume`; and in each step that can be undone, then `rollback`. */
export const KILLS: readonly Incident[] = STEPS.flatMap((step, index) => [...(UNDOABLE.includes(step) ? [kill(step, 'rollback', index)] : []), kill(step, 'resume', index + 1)]);

type FaultRow = Omit<Incident, 'id' | 'asked' | 'hits' | 'phase' | 'afterMs'> & Partial<Pick<Incident, 'hits' | 'phase' | 'afterMs'>>;

/** Services have endpoints on the node that is cut off: others that ask them lose a part until those are taken out. */
const SERVED: readonly ProbeClass[] = ['pod-to-service', 'dns', 'node-port', 'denied'];

/** Those that outlast the node's way back stay with a human (exit 5): test/lab/migrate-failures.test.ts. */
const FAULT_ROWS: readonly FaultRow[] = [
  { fault: 'api-down', step: 'prepare/install', forMs: 20_000, hits: ['api-server'] },
  { fault: 'disk-full', node: 'agent-1', step: 'prepare/stage' },
  { fault: 'stuck-pod', node: 'agent-1', step: 'prepare/switch-off', phase: 'verified', until: 'node:agent-1/uncordon' },
  { fault: 'node-reboot', node: 'agent-2', step: 'node:agent-1/drain', hits: SERVED },
  { fault: 'api-hang', step: 'node:agent-1/drain', forMs: 20_000, hits: ['api-server'] },
  { fault: 'node-reboot', node: 'agent-1', step: 'node:agent-1/clear', hits: SERVED },
  { fault: 'disk-full', node: 'agent-1', step: 'node:agent-1/clear' },
  { fault: 'api-down', step: 'node:agent-1/clear', forMs: 20_000, hits: ['api-server'] },
  { fault: 'wrong-vtep-mac', node: 'agent-1', step: 'node:agent-1/handover', forMs: 25_000, hits: SERVED },
  { fault: 'node-reboot', node: 'agent-1', step: 'node:agent-1/handover', phase: 'applied', hits: SERVED },
  { fault: 'calico-cannot-start', node: 'agent-1', step: 'node:agent-1/handover' },
  { fault: 'felix-crash-loop', node: 'agent-1', step: 'node:agent-1/start' },
  { fault: 'felix-crash', node: 'agent-1', step: 'node:agent-1/start', phase: 'applied' },
  { fault: 'one-way-drop', node: 'agent-1', step: 'node:agent-1/start', forMs: 20_000, hits: SERVED },
  { fault: 'stale-fdb', node: 'agent-1', step: 'node:agent-1/start', phase: 'applied', forMs: 45_000, hits: SERVED },
  { fault: 'mtu-small', node: 'agent-1', step: 'node:agent-1/start', phase: 'applied', hits: SERVED },
  { fault: 'mtu-black-hole', node: 'agent-1', step: 'node:agent-1/prove', forMs: 45_000, hits: SERVED },
  { fault: 'arp-silence', node: 'agent-1', step: 'node:agent-1/prove', forMs: 20_000, hits: [...SERVED, 'api-server'] },
  { fault: 'node-reboot', node: 'agent-1', step: 'node:agent-1/prove', hits: SERVED },
  { fault: 'drop', node: 'agent-1', step: 'node:agent-1/uncordon', forMs: 15_000, hits: SERVED },
  { fault: 'felix-hang', node: 'agent-1', step: 'node:server-1/drain', forMs: 3_000, hits: SERVED },
  { fault: 'node-reboot', node: 'server-1', step: 'node:server-1/start', hits: [...SERVED, 'api-server', 'egress'] },
];

/** Faults at different steps, each to be rolled back by the tool itself or carried through. */
export const FAULTS: readonly Incident[] = FAULT_ROWS.map((row) => ({ phase: 'intent', afterMs: 0, hits: [], ...row, id: `${row.fault}${row.node === undefined ? '' : ` on ${row.node}`} at ${row.step}`, asked: 'nothing' }));

/** The group of a step: `node:agent-1/start` → `node:agent-1`. */
export function groupOf(step: string): string {
  return step.slice(0, step.lastIndexOf('/'));
}

/** The step with which a row ends when nothing stops the tool before. */
export function lastStep({ step, asked, until }: Incident): string {
  if (until !== undefined) return until;
  return asked === 'nothing' ? (STEPS.findLast((other) => groupOf(other) === groupOf(step)) ?? step) : step;
}

/** In the order in which one migration can meet them: by step; at one step first what goes back, then what goes on. */
export function inOrder(incidents: readonly Incident[]): Incident[] {
  const rank = ({ step, asked }: Incident): number => STEPS.indexOf(step) * 3 + { rollback: 0, nothing: 1, resume: 2 }[asked];
  return incidents.toSorted((a, b) => rank(a) - rank(b));
}
