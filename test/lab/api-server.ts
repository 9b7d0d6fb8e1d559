/** A bare etcd and kube-apiserver on loopback, without kubelets, for contract tests of the client. */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir } from '../../src/lab/paths.ts';
import { resolveComponents } from '../../src/lab/sources/resolve.ts';

export interface TestApiServer {
  /** Kubeconfig of a user who may do everything. */
  kubeconfig: string;
  /** Kubeconfig of a user without any permission. */
  powerless: string;
  endpoint: string;
  /** Ends the API server alone and starts it again on the same port and data. */
  restart(whileDown: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both programs and resolves when the API server is ready. The programs are those of the lab: found, or built and cached. */
export async function apiServerForTests(): Promise<TestApiServer> {
  const programs = await resolveComponents(['etcd', 'kube-apiserver'], { directory: process.env['FAIRLEAD_COMPONENTS'], cacheDir: cacheDir(), onProgress: () => undefined });
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-api-'));
  const [client, peer, api] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${client}`;
  const running: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map(end));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const etcdArgs = ['--data-dir', join(dir, 'etcd'), '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl];
    const peerUrl = `http://127.0.0.1:${peer}`;
    const peerArgs = ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`];
    running.push(await start(programs.get('etcd')?.path ?? 'etcd', [...etcdArgs, ...peerArgs, '--unsafe-no-fsync'], join(dir, 'etcd.log')));

    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs1', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    await writeFile(join(dir, 'sa.key'), privateKey);
    await writeFile(join(dir, 'tokens.csv'), 'admin-token,admin,1,"system:masters"\npowerless-token,nobody,2\n');
    const apiArgs = [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${api}`,
      `--cert-dir=${dir}`,
      `--token-auth-file=${join(dir, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(dir, 'sa.key')}`,
      `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
      '--service-cluster-ip-range=10.43.0.0/24',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--allow-privileged=true',
    ];
    const endpoint = `https://127.0.0.1:${api}`;
    const startApi = async () => {
      const process = await start(programs.get('kube-apiserver')?.path ?? 'kube-apiserver', apiArgs, join(dir, 'api.log'));
      running.push(process);
      await ready(endpoint, process, join(dir, 'api.log'));
    };
    await startApi();
    const kubeconfig = await writeKubeconfig(dir, 'admin', endpoint);
    const powerless = await writeKubeconfig(dir, 'powerless', endpoint);
    const restart = async (whileDown: () => Promise<void>) => {
      const process = running.pop();
      if (process !== undefined) await end(process);
      const down = whileDown();
      await Promise.all([down, startApi()]);
    };
    return { kubeconfig, powerless, endpoint, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(program: string, args: string[], log: string): Promise<ChildProcess> {
  const file = await open(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', file.fd, file.fd] });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject)).finally(() => void file.close());
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function ready(endpoint: string, process: ChildProcess, log: string): Promise<void> {
  const { Cluster } = await import('../../src/cluster/client.ts');
  const probe = await writeKubeconfig(join(log, '..'), 'admin', endpoint);
  const cluster = await Cluster.connect({ kubeconfig: probe });
  const deadline = performance.now() + 60_000;
  try {
    for (;;) {
      if (process.exitCode !== null) throw new Error(`kube-apiserver ended with ${process.exitCode}:\n${(await readFile(log, 'utf8')).slice(-3000)}`);
      try {
        await cluster.raw('/readyz');
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(100);
      }
    }
  } finally {
    cluster.close();
  }
}

async function writeKubeconfig(dir: string, user: string, endpoint: string): Promise<string> {
  const path = join(dir, `${user}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: endpoint, 'certificate-authority': join(dir, 'apiserver.crt') } }],
    users: [{ name: user, user: { token: `${user}-token` } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
