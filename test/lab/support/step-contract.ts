/** Walks through a plan's steps and holds each to its contract: killed anywhere, undone, applied again, it leaves what it should. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { waitUntil } from '../../../src/cluster/wait.ts';
import { handlers } from '../../../src/migrate/routes/flannel-to-calico/handlers.ts';
import type { StepContext } from '../../../src/migrate/steps/context.ts';
import type { Json, StepHandler, StepSpec } from '../../../src/migrate/types.ts';
import { clusterPicture, pictureChanges } from './cluster-picture.ts';
import type { Task } from './killed-apply.ts';
import type { TestLab } from './lab.ts';

const CHILD = fileURLToPath(new URL('killed-apply.ts', import.meta.url));

/** How far into its actions a step is killed, by the turn that its kind comes up for: early, in the middle, late. */
const MOMENTS = [0.1, 0.5, 0.9];
/** How long a cluster may take to look as before: pods start again, kubelets report. */
const SETTLE_MS = 120_000;

/** What legitimately differs after an undo, and the kinds of steps that it is true for; all when none is named. */
const EXPLAINED: readonly { kinds?: readonly string[]; line: RegExp; why: string }[] = [
  { line: /: route4 unicast [\d.]+ dev vxlan\.calico .*proto 80/, why: "Felix adds routes to single tunnel addresses of its peers, or takes them away, whenever it learns of one; the peers' ranges are what must stay" },
  { kinds: ['handover', 'start', 'leave'], line: /: (link cni0 |address cni0 |route4 unicast \S+ dev cni0 |sysctl \S+\.cni0\.)/, why: 'the bridge is made by its plugin with the first pod that starts, and none starts while pods are held back' },
  { kinds: ['restart'], line: /: (directories: |flanneld: )/, why: 'a restarted agent is not restarted again: it goes on with the copied configuration and the devices as they are' },
  { kinds: ['start'], line: /^. FelixConfiguration \/default /, why: "the first calico-node of a cluster adds its defaults to Calico's settings, which go when `install` is undone" },
];

/** Steps between the one that holds new pods back and the one that lets them start. */
const HELD_BACK = ['handover', 'start'];

/** Kinds whose `check` never claims that everything is there, each with its reason beside the code. */
const NEVER_THERE = ['backup', 'fetch-images', 'leave'];

export class ContractWalk {
  readonly #lab: TestLab;
  readonly #ctx: StepContext;
  readonly #dir = mkdtempSync(join(tmpdir(), 'fairlead-contract-'));
  /** Number of actions of a whole apply, by kind. */
  readonly #actions = new Map<string, number>();
  readonly #turns = new Map<string, number>();

  constructor(lab: TestLab) {
    this.#lab = lab;
    this.#ctx = { cluster: lab.cluster, shell: (node) => lab.shell(node), backupDir: join(this.#dir, 'backup'), waiting: () => undefined };
  }

  /** Removes the walk's own files. */
  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** A step that can be undone; afterwards it is applied. */
  async undoable(step: StepSpec): Promise<void> {
    const handler = handlerOf(step);
    const before = await this.#calmPicture(step);
    expect(await handler.check(this.#ctx, step), 'there before it was applied').toBe(false);
    const captured = await handler.capture(this.#ctx, step);
    if (!this.#actions.has(step.kind)) {
      this.#actions.set(step.kind, await this.#applyWhole(step, captured));
      await this.#expectApplied(handler, step, captured);
      await this.#expectUndone(handler, step, captured, before, 'applied and undone');
    }
    const [first, second] = this.#moments(step.kind);
    await this.#applyUntil(step, captured, first);
    await this.#expectUndone(handler, step, captured, before, `killed before action ${first} and undone`);
    await this.#expectUndone(handler, step, captured, before, 'undone once more');
    const again = await handler.capture(this.#ctx, step);
    await this.#applyUntil(step, again, second);
    await this.#resume(handler, step, again);
  }

  /** A step past the point of no return: killed, then taken up again. */
  async final(step: StepSpec): Promise<void> {
    const handler = handlerOf(step);
    const captured = await handler.capture(this.#ctx, step);
    const known = this.#actions.get(step.kind);
    const turn = this.#turns.get(step.kind) ?? 0;
    await this.#applyUntil(step, captured, known === undefined ? 2 : this.#moments(step.kind)[0]);
    const left = await this.#resume(handler, step, captured);
    if (known === undefined && turn === 0) this.#actions.set(step.kind, left);
  }

  /** What the engine does with a step in doubt: checked, applied again with what was captured first, verified. Resolves the number of actions. */
  async #resume(handler: StepHandler<StepContext>, step: StepSpec, captured: Json): Promise<number> {
    const there = await handler.check(this.#ctx, step);
    const actions = there ? 0 : await this.#applyWhole(step, captured);
    await this.#expectApplied(handler, step, captured);
    return actions;
  }

  /** Two moments of this turn, as numbers of the action that is not carried out any more. */
  #moments(kind: string): [number, number] {
    const turn = this.#turns.get(kind) ?? 0;
    this.#turns.set(kind, turn + 1);
    const at = (index: number): number => Math.max(1, Math.ceil((MOMENTS[index % MOMENTS.length] ?? 0) * (this.#actions.get(kind) ?? 1)));
    // Kinds that come up once start at different moments, so that all three occur among them.
    const offset = turn + kind.length;
    return [at(offset), at(offset + 1)];
  }

  async #expectApplied(handler: StepHandler<StepContext>, step: StepSpec, captured: Json): Promise<void> {
    const seen = await handler.verify(this.#ctx, step, captured);
    expect(seen, seen.evidence.join('; ')).toMatchObject({ ok: true });
    if (!NEVER_THERE.includes(step.kind)) expect(await handler.check(this.#ctx, step), 'not there after it was applied').toBe(true);
  }

  async #expectUndone(handler: StepHandler<StepContext>, step: StepSpec, captured: Json, before: readonly string[], when: string): Promise<void> {
    await handler.undo(this.#ctx, step, captured);
    const explained = EXPLAINED.filter(({ kinds }) => kinds?.includes(step.kind) !== false);
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const found = pictureChanges(before, await this.#picture()).filter((change) => !explained.some(({ line }) => line.test(change)));
      if (found.length === 0) return;
      if (Date.now() > deadline) {
        expect(found, `${step.id}, ${when}`).toEqual([]);
      }
      await sleep(1000);
    }
  }

  /** A picture that stays the same, without pods that the step before told to end and, but where pods are held back, without pods that are still starting. */
  async #calmPicture(step: StepSpec): Promise<string[]> {
    const restless = HELD_BACK.includes(step.kind) ? / ending$/ : / (?:ending|not ready)$/;
    let before: string[] = [];
    return waitUntil(async () => {
      const seen = await this.#picture();
      // The devices of a pod go some time after the pod.
      const moving = pictureChanges(before, seen).length > 0 || seen.some((line) => restless.test(line));
      before = seen;
      return moving ? undefined : seen;
    }, { timeoutMs: SETTLE_MS, what: 'the pods of the step before to end and to start', intervalMs: 2000 });
  }

  /** Waits out an API server that is just restarting. */
  async #picture(): Promise<string[]> {
    await this.#lab.cluster.waitFor({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, (found) => found !== undefined, { timeoutMs: 90_000, what: 'the API server' });
    return clusterPicture(this.#lab.cluster, (node) => this.#lab.shell(node));
  }

  /** Applies a step to its end; resolves how many actions that took. */
  async #applyWhole(step: StepSpec, captured: Json): Promise<number> {
    const { code, said, stdout } = await this.#apply({ lab: this.#lab.name, step, captured, backupDir: this.#ctx.backupDir, killAt: 0 });
    expect(code, `${step.id}: ${said}`).toBe(0);
    return Number(stdout);
  }

  /** Applies a step and kills it before one of its actions. */
  async #applyUntil(step: StepSpec, captured: Json, killAt: number): Promise<void> {
    const { code, said, stdout } = await this.#apply({ lab: this.#lab.name, step, captured, backupDir: this.#ctx.backupDir, killAt });
    // Waiting takes more or fewer questions each time, so a late moment may never come.
    const over = code === 0 && Number(stdout) < killAt;
    expect(over ? 'SIGKILL' : code, `${step.id}, to be killed before action ${killAt}: ${said}`).toBe('SIGKILL');
  }

  async #apply(task: Task): Promise<{ code: number | string; said: string; stdout: string }> {
    const file = join(this.#dir, 'task.json');
    writeFileSync(file, JSON.stringify(task));
    const child = spawn(process.execPath, [CHILD, file], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_COMPILE_CACHE: join(this.#dir, 'compiled') } });
    let [stdout, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { code: code ?? signal ?? '', said, stdout };
  }
}

function handlerOf(step: StepSpec): StepHandler<StepContext> {
  const handler = handlers[step.kind];
  if (handler === undefined) throw new Error(`no handler for ${step.kind}`);
  return handler;
}
