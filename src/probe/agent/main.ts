/**
 * Entry point of the probe agent, bundled into one file.
 *
 * `agent.mjs [CONFIG]` runs; `agent.mjs --detach PIDFILE [CONFIG]` starts itself in the background
 * and returns; `agent.mjs --stop PIDFILE` ends that one; `agent.mjs --runs PIDFILE` exits 0 when that one runs, and is
 * of this very file, otherwise 3. Everything else comes from the environment:
 * AGENT_CONFIG (files, separated by `:`), AGENT_KEY_FILE, AGENT_SAMPLES, AGENT_KIND, NODE_NAME,
 * POD_IP (address to bind; default: any), DRAIN_SECONDS.
 */
import { readFile } from 'node:fs/promises';
import { Agent } from './agent.ts';
import { agentName } from './config.ts';
import type { AgentKind } from './config.ts';
import { detach, runsDetached, stopDetached } from './detach.ts';

const [first, ...rest] = process.argv.slice(2);

try {
  if (first === '--detach') await detach(need(rest[0], 'PIDFILE'), rest.slice(1));
  else if (first === '--stop') await stopDetached(need(rest[0], 'PIDFILE'));
  else if (first === '--runs') process.exit((await runsDetached(need(rest[0], 'PIDFILE'))) ? 0 : 3);
  else await run(first);
} catch (error) {
  process.stderr.write(`fairlead agent: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function run(config: string | undefined): Promise<void> {
  const kind = need(process.env['AGENT_KIND'], 'AGENT_KIND');
  if (kind !== 'pod' && kind !== 'host' && kind !== 'outside') throw new Error(`AGENT_KIND is ${kind}, expected pod, host or outside`);
  const node = process.env['NODE_NAME'];
  if (kind !== 'outside') need(node, 'NODE_NAME');
  const agent = await Agent.start({
    self: { name: agentName(kind satisfies AgentKind, node), kind, ...(node === undefined ? {} : { node }), address: process.env['POD_IP'] ?? '0.0.0.0' },
    configFiles: need(config ?? process.env['AGENT_CONFIG'], 'AGENT_CONFIG').split(':'),
    key: await readFile(need(process.env['AGENT_KEY_FILE'], 'AGENT_KEY_FILE')),
    samplesFile: need(process.env['AGENT_SAMPLES'], 'AGENT_SAMPLES'),
    drainMs: Number(process.env['DRAIN_SECONDS'] ?? 5) * 1_000,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void agent.drain().then(() => process.exit(0)));
  }
}

function need(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new Error(`${name} is not given`);
  return value;
}
