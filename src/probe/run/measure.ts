/** Measures a cluster as it is: brings a mesh up, watches for a while, takes it down again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../../core/errors.ts';
import type { AgentUsage } from '../mesh/agent-handle.ts';
import { Mesh } from '../mesh/mesh.ts';
import type { Break, MeshOptions } from '../mesh/mesh-options.ts';
import { meshIsUp, takeDown, waitUntilGone } from '../mesh/take-down.ts';
import type { Aggregate, Tally } from '../stats/aggregate.ts';
import { PROBE_CLASSES } from '../types.ts';
import type { CanaryExpectation, ProbeClass } from '../types.ts';

/** What canaries are held against: what the user says of every node, or what they found before measuring began. */
export type Policies = 'enforced' | 'open' | 'as-found';

export interface MeasureOptions extends Omit<MeshOptions, 'canary' | 'windows' | 'inFlight' | 'signal'> {
  /** How long to measure, milliseconds. */
  forMs: number;
  policies: Policies;
  /** Ends the measurement early. */
  signal: AbortSignal;
  /** Told what is waited for. */
  waiting: (what: string) => void;
  /** Told when measuring begins, and what canaries are held against by node. */
  began: (canary: Record<string, CanaryExpectation>) => void;
  /** Told once a second what has been measured. */
  progress: (tally: Tally) => void;
}

export interface NotMeasured {
  class: ProbeClass;
  why: string;
}

/** All that a measurement found; times are epoch milliseconds. */
export interface Measurement {
  startedAt: number;
  endedAt: number;
  requestedMs: number;
  /** Ended before its time. */
  interrupted: boolean;
  probes: Aggregate;
  policies: Policies;
  /** What canaries were held against, by node. */
  canary: Record<string, CanaryExpectation>;
  notMeasured: NotMeasured[];
  breaks: readonly Break[];
  usage: AgentUsage[];
}

const LOOK_MS = 1_000;

/** Classes that cannot be measured here, and why. */
export function notMeasurable(nodes: number, outside: boolean): NotMeasured[] {
  return PROBE_CLASSES.flatMap((name): NotMeasured[] => {
    if (!outside && (name === 'node-port' || name === 'egress')) return [{ class: name, why: 'there is no prober outside the cluster' }];
    if (nodes < 2 && (name === 'pod-to-pod' || name === 'long-lived' || name === 'denied')) return [{ class: name, why: 'it needs two nodes' }];
    return [];
  });
}

/** Measures until the time is over or `signal` is aborted; in the end, and when something goes wrong, the mesh is removed. Errors: EnvironmentError when there is a mesh already, or when its agents do not get ready; the signal's reason when it is aborted before measuring began. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { kube, forMs, policies, signal } = options;
  if (await meshIsUp(options)) {
    throw new EnvironmentError('probe agents are in the cluster already: of a migration or a measurement that runs, or that was cut short', {
      hint: 'finish that migration (`fairlead migrate status` says how), or remove the agents with `fairlead probe down`',
    });
  }
  const nodes = (await kube.list({ apiVersion: 'v1', kind: 'Node' })).map(({ metadata }) => metadata.name);
  options.waiting('all of them, and for traffic without a loss');
  try {
    const canary = policies === 'as-found' ? policies : Object.fromEntries(nodes.map((node): [string, CanaryExpectation] => [node, policies === 'enforced' ? 'denied' : 'open']));
    const mesh = await Mesh.up({ ...options, canary });
    const startedAt = Date.now();
    const expected = Object.fromEntries(nodes.map((node) => [node, mesh.canaryOf(node) ?? 'either']));
    options.began(expected);
    await watch(mesh, options);
    const endedAt = Date.now();
    const interrupted = signal.aborted;
    options.waiting('the last samples');
    const probes = await mesh.stop();
    return {
      startedAt, endedAt, requestedMs: forMs, interrupted, probes, policies,
      canary: expected,
      notMeasured: notMeasurable(nodes.length, options.outside !== undefined),
      breaks: mesh.breaks,
      usage: mesh.usage,
    };
  } finally {
    options.waiting('the probe agents to go');
    await takeDown(options);
    await waitUntilGone(options);
  }
}

async function watch(mesh: Mesh, { forMs, signal, progress }: MeasureOptions): Promise<void> {
  const until = performance.now() + forMs;
  for (let left = forMs; left > 0 && !signal.aborted; left = until - performance.now()) {
    await sleep(Math.min(LOOK_MS, left), undefined, { signal }).catch(() => undefined);
    progress(mesh.tally);
  }
}
