/** A cluster of processes on loopback addresses: real agents, and an API of objects in memory that says where they are. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { KubeObject } from '../../cluster/objects.ts';
import { packageRoot } from '../../core/package-root.ts';
import type { NodeShell } from '../../node/shell.ts';
import { AGENT_ENV, KIND_LABEL, MESH_NAME, MESH_NAMESPACE, MESH_PORTS, agentNodeFlags } from '../mesh/manifests.ts';
import type { OutsideOptions } from '../mesh/outside.ts';
import type { KubePort } from '../mesh/ports.ts';
import { startApi, startDns } from './local-servers.ts';
import type { LocalServer } from './local-servers.ts';
import { localShell } from './local-shell.ts';

interface Pod {
  object: KubeObject;
  child: ChildProcess;
  dir: string;
}

/** Bundles the agent into `dir` and returns its path. */
export async function bundleAgent(dir: string): Promise<string> {
  const outfile = join(dir, 'agent.mjs');
  await build({ entryPoints: [join(packageRoot(), 'src/probe/agent/main.ts')], bundle: true, platform: 'node', format: 'esm', target: 'node22', outfile, logLevel: 'silent' });
  return outfile;
}

/** terminationGracePeriodSeconds of the agents' pods. */
const GRACE_MS = 15_000;

export class LocalCluster {
  readonly dir = mkdtempSync(join(tmpdir(), 'fairlead-mesh-'));
  readonly kubeletDir = join(this.dir, 'kubelet');
  readonly kube: KubePort;
  readonly nodes: string[];
  readonly #pods = new Map<string, Pod>();
  readonly #objects = new Map<string, KubeObject>();
  /** What the kubelet would report when it stops a container. */
  readonly #events: (KubeObject & { involvedObject: { uid: string } })[] = [];
  readonly #servers: LocalServer[] = [];
  /** Unlike for every process, so that test files do not meet. */
  readonly #net = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`;
  #script = '';
  #count = 0;

  static async start(count: number): Promise<LocalCluster> {
    const cluster = new LocalCluster(Array.from({ length: count }, (_, i) => `n${i + 1}`));
    await cluster.#begin();
    return cluster;
  }

  private constructor(nodes: string[]) {
    this.nodes = nodes;
    this.kube = {
      get: async <T extends KubeObject>({ kind, name }: { kind: string; name: string }) => this.#objects.get(`${kind}/${name}`) as T | undefined,
      list: async <T extends KubeObject>({ kind, fieldSelector }: { kind: string; fieldSelector?: string }) => this.#list(kind, fieldSelector) as T[],
      apply: async (object) => this.#apply(object),
      delete: async ({ kind, name }) => this.#delete(kind, name),
    };
  }

  shell(node: string): NodeShell {
    return localShell(node);
  }

  get outside(): OutsideOptions {
    return { shell: localShell('outside'), address: `${this.#net}.200`, nodeBinary: process.execPath, agentScript: this.#script, dir: join(this.dir, 'outside') };
  }

  /** The process of an agent. */
  agent(kind: 'pod' | 'host', node: string): ChildProcess {
    const pod = this.#find(kind, node);
    if (!pod) throw new Error(`no ${kind} agent on ${node}`);
    return pod.child;
  }

  /** Starts an agent as a DaemonSet's pod would be. */
  startAgent(kind: 'pod' | 'host', node: string): void {
    const uid = `uid-${(this.#count += 1)}`;
    const dir = join(this.kubeletDir, 'pods', uid, 'volumes/kubernetes.io~empty-dir/samples');
    mkdirSync(dir, { recursive: true });
    const secret = this.#objects.get(`Secret/${MESH_NAME}`) as KubeObject & { data: { key: string } };
    const bootstrap = this.#objects.get(`ConfigMap/${MESH_NAME}`) as KubeObject & { data: Record<string, string> };
    writeFileSync(join(dir, 'key'), Buffer.from(secret.data.key, 'base64'));
    writeFileSync(join(dir, 'bootstrap.json'), bootstrap.data['config.json'] ?? '');
    const address = kind === 'host' ? `${this.#net}.${100 + this.nodes.indexOf(node)}` : `${this.#net}.${1 + this.#count}`;
    const env = {
      ...process.env,
      ...AGENT_ENV,
      AGENT_KIND: kind,
      NODE_NAME: node,
      POD_IP: address,
      AGENT_CONFIG: `${join(dir, 'bootstrap.json')}:${join(dir, 'config.json')}`,
      AGENT_KEY_FILE: join(dir, 'key'),
      AGENT_SAMPLES: join(dir, 'samples.ndjson'),
    };
    const child = spawn(process.execPath, [...agentNodeFlags(kind, this.nodes.length), this.#script], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const ready = { status: kind === 'host' ? 'True' : 'False', type: 'Ready' };
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: uid, namespace: MESH_NAMESPACE, uid, creationTimestamp: new Date().toISOString(), labels: { [KIND_LABEL]: kind } },
      spec: { nodeName: node },
      status: { phase: 'Running', podIP: address, conditions: [ready], containerStatuses: [{ restartCount: 0 }] },
    };
    this.#pods.set(uid, { object, child, dir });
    if (kind === 'pod') void this.#watchReadiness(uid, `http://${address}:${MESH_PORTS.control}/ready`, ready);
  }

  /** Deletes a pod as the kubelet does: SIGTERM, wait, then its files. */
  async deletePod(kind: 'pod' | 'host', node: string): Promise<void> {
    const pod = this.#find(kind, node);
    if (!pod) return;
    const { uid = '' } = pod.object.metadata;
    pod.object.metadata.deletionTimestamp = new Date(Date.now() + GRACE_MS).toISOString();
    const stopped: KubeObject = { apiVersion: 'v1', kind: 'Event', metadata: { name: uid, namespace: MESH_NAMESPACE }, reason: 'Killing', lastTimestamp: new Date().toISOString() };
    this.#events.push({ ...stopped, involvedObject: { uid } });
    await end(pod.child, 'SIGTERM');
    this.#forget(uid);
  }

  /** Takes a pod away at once and leaves no word of it, as when its node was lost and made anew. */
  async losePod(kind: 'pod' | 'host', node: string): Promise<void> {
    const pod = this.#find(kind, node);
    if (!pod) return;
    await end(pod.child, 'SIGKILL');
    this.#forget(pod.object.metadata.uid ?? '');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => end(pod.child, 'SIGKILL')));
    for (const server of this.#servers) server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    this.#script = await bundleAgent(this.dir);
    const api = await startApi(`${this.#net}.201`);
    const dns = await startDns(`${this.#net}.202`, `${this.#net}.201`);
    this.#servers.push(api, dns);
    const service = (name: string, clusterIP: string, port: number): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { clusterIP, ports: [{ port, protocol: 'TCP' }, { port, protocol: 'UDP' }] } });
    this.#put(service('kubernetes', `${this.#net}.201`, api.port));
    this.#put(service('kube-dns', `${this.#net}.202`, dns.port));
    this.#put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': api.ca } });
    // A NodePort is looked for where the first agent of each node listens.
    for (const [i, name] of this.nodes.entries()) {
      this.#put({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { addresses: [{ type: 'InternalIP', address: `${this.#net}.${2 + i}` }] } });
    }
  }

  #apply(object: KubeObject): void {
    const known = this.#objects.has(`${object.kind}/${object.metadata.name}`);
    if (!known) this.#put(object);
    if (object.kind !== 'DaemonSet' || known) return;
    const kind = object.metadata.name === MESH_NAME ? 'pod' : 'host';
    for (const node of this.nodes) this.startAgent(kind, node);
    // What a Service's address is to kube-proxy, the first agent's is to this cluster.
    const service = this.#objects.get(`Service/${MESH_NAME}`) as KubeObject & { spec: { clusterIP?: string } };
    service.spec.clusterIP ??= `${this.#net}.2`;
  }

  #delete(kind: string, name: string): void {
    if (!this.#objects.delete(`${kind}/${name}`) || kind !== 'DaemonSet') return;
    // As the garbage collector does, after the answer.
    for (const node of this.nodes) void this.deletePod(name === MESH_NAME ? 'pod' : 'host', node);
  }

  #put(object: KubeObject): void {
    this.#objects.set(`${object.kind}/${object.metadata.name}`, structuredClone(object));
  }

  #list(kind: string, fieldSelector = ''): KubeObject[] {
    if (kind === 'Pod') return [...this.#pods.values()].map((pod) => pod.object);
    if (kind === 'Event') return this.#events.filter((event) => fieldSelector.includes(event.involvedObject.uid));
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }

  #forget(uid: string): void {
    this.#pods.delete(uid);
    rmSync(join(this.kubeletDir, 'pods', uid), { recursive: true, force: true });
  }

  #find(kind: string, node: string): Pod | undefined {
    return [...this.#pods.values()].find(({ object }) => object.metadata.labels?.[KIND_LABEL] === kind && (object as { spec?: { nodeName?: string } }).spec?.nodeName === node && !object.metadata.deletionTimestamp);
  }

  async #watchReadiness(uid: string, url: string, condition: { status: string }): Promise<void> {
    while (this.#pods.has(uid)) {
      condition.status = (await fetch(url).then((response) => response.ok, () => false)) ? 'True' : 'False';
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exited;
}
