/** A NodeShell into a network and mount namespace made for one test: a host to set things up on and clean again, without Kubernetes. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { NodeShell, RunOptions, RunResult } from '../../src/node/shell.ts';

/** The machine's directories as the test sees them: empty ones, and copies whose changes nobody else sees. */
const mounts = [
  ...['/run', '/var/lib', '/var/log'].map((dir) => `mount -t tmpfs none ${dir}`),
  ...['/etc', '/opt'].flatMap((dir) => [`mkdir -p /run/over${dir}/up /run/over${dir}/work`, `mount -t overlay -o lowerdir=${dir},upperdir=/run/over${dir}/up,workdir=/run/over${dir}/work none ${dir}`]),
].join(' && ');

export interface TestHost extends NodeShell {
  /** Runs a line for set-up; throws when it fails. */
  set(line: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes the namespaces; `remove` ends them with everything in them. Needs root. */
export async function namespaceHost(node: string): Promise<TestHost> {
  const holder = spawn('unshare', ['--net', '--mount', '--propagation', 'private', 'sh', '-c', `${mounts} && ip link set lo up && echo ready && exec sleep infinity`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`cannot make a namespace: status ${code}`)));
    holder.once('error', reject);
  });
  const enter = ['nsenter', '--target', String(holder.pid), '--net', '--mount', '--'];
  const run = async (argv: readonly string[], options: RunOptions = {}) => await collect(spawn(enter[0] ?? '', [...enter.slice(1), ...argv]), options);
  return {
    node,
    run,
    async read(path) {
      const result = await run(['cat', '--', path]);
      return result.code === 0 ? new TextEncoder().encode(result.stdout) : undefined;
    },
    async write(path, bytes) {
      await run(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'sh', path], { stdin: bytes });
    },
    async set(line) {
      const result = await run(['sh', '-ec', line]);
      if (result.code !== 0) throw new Error(`${line}: ${result.stderr}`);
      return result.stdout;
    },
    async remove() {
      const gone = new Promise((resolve) => holder.once('exit', resolve));
      holder.kill('SIGKILL');
      await gone;
    },
  };
}

async function collect(child: ChildProcess, options: RunOptions): Promise<RunResult> {
  const out = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  // A command that ends without reading is no error; its status tells.
  child.stdin?.on('error', () => undefined);
  if (options.stdin === undefined) child.stdin?.end();
  else child.stdin?.end(options.stdin);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 137));
  });
  return { code, ...out };
}
