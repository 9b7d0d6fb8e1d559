/** A running lab for tests: started and taken down through the command line. */
import { join } from 'node:path';
import { Cluster } from '../../../src/cluster/client.ts';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { runProcess } from '../../../src/core/process.ts';
import { labShell, outsideShell } from '../../../src/lab/nodes/shell.ts';
import { labPaths } from '../../../src/lab/paths.ts';
import { readState, type LabState } from '../../../src/lab/state.ts';
import { runOrThrow, type NodeShell } from '../../../src/node/shell.ts';
import { fairlead, fairleadOk } from './fairlead.ts';

export interface TestLab {
  name: string;
  state: LabState;
  cluster: Cluster;
  /** Names of its nodes, the server first. */
  nodes: [string, string, string];
  /** kubectl of the lab's own version, as administrator. */
  kubectl(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Applies an object by kubectl, as users do. */
  apply(...objects: KubeObject[]): Promise<void>;
  shell(node: string): NodeShell;
  outside: NodeShell;
  /** Standard output of a command on a node; fails the test when it fails. */
  on(node: string, ...argv: string[]): Promise<string>;
  down(): Promise<void>;
}

/** `lab up` for tests, with whatever an earlier, killed run of the same test left taken down first. */
export async function startLab(name: string, ...upWords: string[]): Promise<TestLab> {
  await fairleadOk('lab', 'down', '--name', name);
  const up = await fairlead('lab', 'up', '--name', name, ...upWords);
  if (up.code !== 0) {
    await fairleadOk('lab', 'down', '--name', name);
    throw new Error(`lab up exited ${up.code}:\n${up.stderr}`);
  }
  const state = readState(name);
  const { kubeconfig, dir } = labPaths(name);
  const cluster = await Cluster.connect({ kubeconfig });
  const kubectl = async (stdin: string, words: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const { code, stdout, stderr } = await runProcess([join(dir, 'bin', 'kubectl'), '--kubeconfig', kubeconfig, ...words], { stdin });
    return { code, stdout: Buffer.from(stdout).toString(), stderr };
  };
  const shell = (node: string): NodeShell => labShell(name, node);
  return {
    name,
    state,
    cluster,
    nodes: state.nodes.map((node) => node.name) as TestLab['nodes'],
    kubectl: async (...words) => kubectl('', words),
    async apply(...objects) {
      const items = { apiVersion: 'v1', kind: 'List', items: objects };
      const { code, stderr } = await kubectl(JSON.stringify(items), ['apply', '-f', '-']);
      if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
    },
    shell,
    outside: outsideShell(name),
    on: async (node, ...argv) => runOrThrow(shell(node), argv),
    async down() {
      cluster.close();
      await fairleadOk('lab', 'down', '--name', name);
    },
  };
}

/** A pod with Node.js in it, bound to a node without the scheduler; `script` runs when it starts, and it stays. */
export function nodePod(name: string, node: string, script = '', spec: Record<string, unknown> = {}, container: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'node', image: 'ghcr.io/fairlead/agent:dev', imagePullPolicy: 'IfNotPresent', command: ['/usr/local/bin/node', '-e', `${script};setInterval(() => {}, 1e6)`], ...container }],
      ...spec,
    },
  };
}

/** Runs a script of Node.js in a pod made by nodePod; its value is what it prints. Fails the test when it fails. */
export async function inPod(lab: TestLab, pod: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await lab.kubectl('exec', pod, '--', '/usr/local/bin/node', '-e', script);
  if (code !== 0) throw new Error(`in pod ${pod}: ${stderr}`);
  return stdout.trim();
}

/** A script for inPod and outside: GETs a URL on a new connection and prints the answer, or `error CODE`. */
export function getScript(url: string, timeoutMs = 3000): string {
  return `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(${timeoutMs}) }).then((r) => r.text()).then(console.log, (e) => console.log('error', e.cause?.code ?? e.name))`;
}

/** Waits until pods are Ready, by kubectl's own idea of it. */
export async function untilReady(lab: TestLab, ...pods: string[]): Promise<void> {
  const { code, stderr } = await lab.kubectl('wait', '--for=condition=Ready', '--timeout=60s', ...pods.map((pod) => `pod/${pod}`));
  if (code !== 0) throw new Error(`waiting for ${pods.join(', ')}: ${stderr}`);
}
