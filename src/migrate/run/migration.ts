/** Runs a migration for real: the mesh measures, the engine acts, the report tells. */
import { existsSync, renameSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../cluster/client.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import { Mesh } from '../../probe/mesh/mesh.ts';
import type { MeshOptions } from '../../probe/mesh/mesh-options.ts';
import type { OutsideOptions } from '../../probe/mesh/outside.ts';
import { DEFAULT_THRESHOLDS, evaluateGate } from '../../probe/stats/gate.ts';
import type { ProbeClass } from '../../probe/types.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { Announcer, EngineEvent } from '../engine/ports.ts';
import { resumeMigration, rollbackMigration, runMigration } from '../engine.ts';
import type { Journal } from '../journal.ts';
import { replay, windowsOf } from '../journal/replay.ts';
import { clusterMirror } from '../mirror.ts';
import type { StepContext } from '../steps/context.ts';
import type { Handlers, Plan } from '../types.ts';
import { measuredClasses } from './coverage.ts';
import { expectedCanaries } from './expected-canaries.ts';
import { trafficGate } from './traffic-gate.ts';

export interface MigrationOptions {
  plan: Plan;
  handlers: Handlers<StepContext>;
  journal: Journal;
  /** The migration's state directory. */
  dir: string;
  cluster: Cluster;
  shell: (node: string) => NodeShell;
  outside?: OutsideOptions;
  /** Pause between two collections of samples, milliseconds. */
  collectMs?: number;
  /** Services of the user that echo a nonce, to be probed along. */
  http?: { name: string; url: string }[];
  agentImage: string;
  windowMs: number;
  maxUnannouncedLost: number;
  mode: { kind: 'run' } | { kind: 'resume' } | { kind: 'rollback'; target: string };
  tool: string;
  signal?: AbortSignal;
  onEvent: (event: EngineEvent) => void;
  waiting: (what: string) => void;
}

export interface MigrationResult {
  outcome: Outcome;
  mesh: Mesh;
}

function measured({ outside, plan }: MigrationOptions): ProbeClass[] {
  return measuredClasses({ outside, nodes: plan.cluster.nodes.length });
}

/** A fresh run starts its samples anew; those of an earlier one are kept under its time. */
function sampleDir(options: MigrationOptions): string {
  const dir = join(options.dir, 'mesh');
  if (options.mode.kind === 'run' && existsSync(dir)) renameSync(dir, join(options.dir, `mesh-${new Date().toISOString().replaceAll(':', '')}`));
  return dir;
}

/** Nodes that a run which was cut short left between two CNIs: some of their steps are done or in doubt, not all. */
function nodesInFlight(options: MigrationOptions): string[] {
  const { steps } = replay(options.journal.entries);
  return options.plan.cluster.nodes.map(({ name }) => name).filter((name) => {
    const own = options.plan.steps.filter((step) => step.group === `node:${name}`).map((step) => steps.get(step.id)?.status ?? 'pending');
    return own.some((status) => status !== 'pending' && status !== 'undone') && own.some((status) => status !== 'done');
  });
}

/** Traffic must be whole before anything is touched. Errors: EnvironmentError with what is not. */
async function checkBaseline(mesh: Mesh, options: MigrationOptions): Promise<void> {
  options.waiting(`${options.windowMs / 1000} s of undisturbed traffic`);
  const from = Date.now();
  await new Promise((resolve) => setTimeout(resolve, options.windowMs));
  const until = Date.now();
  await mesh.settled(until);
  const result = evaluateGate(mesh.between(from, until), { defaults: DEFAULT_THRESHOLDS, expected: measured(options) });
  if (result.verdict === 'pass') return;
  throw new EnvironmentError(`the cluster's traffic is not whole before the migration: ${result.reasons.join('; ')}`, { hint: 'repair that first; nothing has been changed' });
}

/** Follows announcements: tells the mesh, and lets canaries of the node in flight be either way. */
function announcer(mesh: Mesh): Announcer {
  return {
    async open(window) {
      mesh.announce(window);
      if (window.classes.includes('denied') && window.node !== undefined) await mesh.expectCanary(window.node, 'either');
    },
    async close(window) {
      mesh.announce(window);
    },
  };
}

/** Runs, resumes or rolls back. The mesh is left running for the caller's last figures; stop it in the end. */
export async function driveMigration(options: MigrationOptions): Promise<MigrationResult> {
  const { plan, cluster, shell, journal, mode } = options;
  options.waiting('the probe agents');
  const meshOptions: MeshOptions = {
    kube: cluster, shell, dir: sampleDir(options), image: options.agentImage, canary: expectedCanaries(plan, replay(journal.entries)), windows: windowsOf(journal.entries), inFlight: nodesInFlight(options),
    ...(options.outside ? { outside: options.outside } : {}),
    ...(options.http ? { http: options.http } : {}),
    ...(options.collectMs === undefined ? {} : { collectMs: options.collectMs }),
  };
  const mesh = await Mesh.up(meshOptions);
  if (mode.kind === 'run') {
    try {
      await checkBaseline(mesh, options);
    } catch (error) {
      await mesh.stop();
      await mesh.down();
      throw error;
    }
  }
  const ctx: StepContext = { cluster, shell, backupDir: join(options.dir, 'backup'), waiting: options.waiting };
  const engine = {
    plan, handlers: options.handlers, ctx, journal, tool: options.tool,
    gate: trafficGate({ mesh, windowMs: options.windowMs, expected: measured(options), maxUnannouncedLost: options.maxUnannouncedLost, canary: plan.canary, waiting: options.waiting }),
    announce: announcer(mesh),
    mirror: clusterMirror(cluster, `${userInfo().username}@${hostname()}`),
    onEvent: options.onEvent,
    ...(options.signal ? { signal: options.signal } : {}),
  };
  const outcome = mode.kind === 'run' ? await runMigration(engine) : mode.kind === 'resume' ? await resumeMigration(engine) : await rollbackMigration({ ...engine, target: mode.target });
  return { outcome, mesh };
}
