/** The one way from this machine into a lab: a relay on loopback to its API server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inLabCgroup } from './nodes/cgroups.ts';
import { labPaths, namespacePath } from './paths.ts';

/** A loopback port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a process of the lab that outlives this one. */
export function startDetached(lab: string, argv: readonly string[], log: string): void {
  const [program, ...args] = inLabCgroup(lab, argv);
  const output = openSync(join(labPaths(lab).dir, log), 'a');
  spawn(program as string, args, { detached: true, stdio: ['ignore', output, output] }).unref();
}

/** Starts the relay from 127.0.0.1:port to the API server. */
export function startRelay(lab: string, port: number, apiServer: string): void {
  startDetached(lab, [join(labPaths(lab).dir, 'bin', 'relay'), '--listen', `127.0.0.1:${port}`, '--netns', namespacePath(lab, 'outside'), '--to', apiServer], 'relay.log');
}
