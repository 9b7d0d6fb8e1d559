/** The prober outside the cluster: a process started and ended through a shell there. */
import type { NodeShell } from '../../node/shell.ts';
import { readText, runOrThrow } from '../../node/shell.ts';
import { AGENT_ENV, CONFIG_FILE, SAMPLES_FILE, agentNodeFlags } from './manifests.ts';

const BOOTSTRAP_FILE = 'bootstrap.json';
const OWN_FILES = ['key', 'pid.log', BOOTSTRAP_FILE, CONFIG_FILE];

export interface OutsideOptions {
  shell: NodeShell;
  /** Address that pods reach it at: it echoes their egress probes. */
  address: string;
  /** The Node program, as found there. */
  nodeBinary: string;
  /** The agent's bundle, as found there. */
  agentScript: string;
  /** Directory there for its key, configuration and samples. */
  dir: string;
}

/** Tells one life of the process outside from the next. */
async function identity({ shell, dir }: OutsideOptions): Promise<string> {
  return `outside:${((await readText(shell, `${dir}/pid`)) ?? '').trim()}`;
}

/**
 * Starts it with a first configuration and memory for as many nodes, and resolves its identity; one that runs already is ended first, unless `keep`:
 * a run that is taken up again must not interrupt what it measures. What it says goes to `pid.log` in its directory.
 */
export async function startOutside(options: OutsideOptions, key: Uint8Array, config: string, nodes: number, keep: boolean): Promise<string> {
  const { shell, dir } = options;
  if (keep && (await shell.run([options.nodeBinary, options.agentScript, '--runs', `${dir}/pid`])).code === 0) return identity(options);
  await shell.write(`${dir}/key`, key, 0o600);
  // Two files as in pods: while one is being pushed and cannot be read, the other can.
  await shell.write(`${dir}/${BOOTSTRAP_FILE}`, config);
  await shell.write(`${dir}/${CONFIG_FILE}`, config);
  const env = {
    AGENT_KIND: 'outside',
    AGENT_CONFIG: `${dir}/${BOOTSTRAP_FILE}:${dir}/${CONFIG_FILE}`,
    AGENT_KEY_FILE: `${dir}/key`,
    AGENT_SAMPLES: `${dir}/${SAMPLES_FILE}`,
    DRAIN_SECONDS: '2',
    // Not any address: answers must come from the one that was asked.
    POD_IP: options.address,
    ...AGENT_ENV,
  };
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await runOrThrow(shell, ['env', ...assignments, options.nodeBinary, ...agentNodeFlags('outside', nodes), options.agentScript, '--detach', `${dir}/pid`], { timeoutMs: 30_000 });
  return identity(options);
}

/** Ends it in good order and removes its files; fine when it does not run. */
export async function stopOutside({ shell, nodeBinary, agentScript, dir }: OutsideOptions): Promise<void> {
  await runOrThrow(shell, [nodeBinary, agentScript, '--stop', `${dir}/pid`], { timeoutMs: 30_000 });
  const listed = await shell.run(['ls', '-1', dir]);
  const own = listed.stdout.split('\n').filter((name) => OWN_FILES.includes(name) || name.startsWith(SAMPLES_FILE));
  if (own.length > 0) await runOrThrow(shell, ['rm', '-f', '--', ...own.map((name) => `${dir}/${name}`)]);
  // Somebody else's files may be in there too.
  await shell.run(['rmdir', '--', dir]);
}
