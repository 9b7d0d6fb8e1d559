/** A process of its own that runs one step's `apply` and kills itself before the n-th thing that it would do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { Cluster } from '../../../src/cluster/client.ts';
import { labShell } from '../../../src/lab/nodes/shell.ts';
import { labPaths } from '../../../src/lab/paths.ts';
import { handlers } from '../../../src/migrate/routes/flannel-to-calico/handlers.ts';
import type { StepContext } from '../../../src/migrate/steps/context.ts';
import type { Json, StepSpec } from '../../../src/migrate/types.ts';
import { partialOf } from '../../../src/node/partial-file.ts';
import type { NodeShell } from '../../../src/node/shell.ts';

export interface Task {
  lab: string;
  step: StepSpec;
  captured: Json;
  backupDir: string;
  /** Number of the action that is not carried out any more, from 1; 0: all are. */
  killAt: number;
}

/** Counts what is asked of nodes and API server. The same question asked again, as waiting does, counts once. */
class Actions {
  readonly #killAt: number;
  readonly #seen = new Set<string>();

  constructor(killAt: number) {
    this.#killAt = killAt;
  }

  get count(): number {
    return this.#seen.size;
  }

  /** `last` is done in place of the action at which this process ends. */
  async next(what: readonly unknown[], last: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    this.#seen.add(JSON.stringify(what));
    if (this.#killAt === 0 || this.#seen.size < this.#killAt) return;
    await last();
    process.stderr.write(`killed before action ${this.#seen.size}: ${JSON.stringify(what).slice(0, 300)}\n`);
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000);
  }
}

function countedCluster(cluster: Cluster, actions: Actions): Cluster {
  return new Proxy(cluster, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await actions.next([name, ...args]);
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}

function countedShell(shell: NodeShell, actions: Actions): NodeShell {
  return {
    node: shell.node,
    async run(argv, options) {
      await actions.next([shell.node, ...argv]);
      return shell.run(argv, options);
    },
    async read(path) {
      await actions.next([shell.node, 'read', path]);
      return shell.read(path);
    },
    async write(path, bytes, mode) {
      // A write that is cut short leaves half of the file's new content beside it, if its directory was there.
      await actions.next([shell.node, 'write', path, String(bytes)], () => shell.run(['dd', `of=${partialOf(path)}`, 'status=none'], { stdin: bytes.slice(0, bytes.length / 2) }));
      return shell.write(path, bytes, mode);
    },
  };
}

const [file] = process.argv.slice(2);
if (file !== undefined) {
  const { lab, step, captured, backupDir, killAt } = JSON.parse(readFileSync(file, 'utf8')) as Task;
  const actions = new Actions(killAt);
  const cluster = await Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig });
  const ctx: StepContext = { cluster: countedCluster(cluster, actions), shell: (node) => countedShell(labShell(lab, node), actions), backupDir, waiting: () => undefined };
  const handler = handlers[step.kind];
  if (handler === undefined) throw new Error(`no handler for ${step.kind}`);
  await handler.apply(ctx, step, captured);
  cluster.close();
  process.stdout.write(`${actions.count}\n`);
}
