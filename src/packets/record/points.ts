/** Where is recorded: a node, or a pod in its own network namespace. */
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import type { NodeObject, ObjectRef, KubeObject, PodObject } from '../../cluster/objects.ts';
import { findPrograms } from '../../node/facts/programs.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import { findArgv } from './on-node.ts';

/** A node by its name, or a pod as `namespace/name`. */
export interface Place { text: string; node: string; pod?: string; /** Path of its network namespace in the node's /proc; absent for the node's own. */ namespace?: string }

/** All that is asked of a cluster. */
export interface Objects { get(ref: ObjectRef): Promise<KubeObject | undefined> }

/** Finds a place. Errors: UsageError when there is no such object; EnvironmentError when it cannot be entered. */
export async function findPlace(text: string, cluster: Objects, shell: (node: string) => NodeShell): Promise<Place> {
  const [namespace, name, ...more] = text.split('/');
  if (namespace === undefined || namespace === '' || name === '' || more.length > 0) throw new UsageError(`${JSON.stringify(text)} is no place to record at; expected the name of a node, or NAMESPACE/POD.`);
  if (name === undefined) {
    const node = (await cluster.get({ apiVersion: 'v1', kind: 'Node', name: text })) as NodeObject | undefined;
    if (node === undefined) throw new UsageError(`there is no Node ${text}`, { hint: '`kubectl get nodes` shows their names; a pod is named NAMESPACE/POD.' });
    return { text, node: text };
  }
  const pod = (await cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace, name })) as PodObject | undefined;
  if (pod === undefined) throw new UsageError(`there is no Pod ${text}`);
  const node = pod.spec.nodeName;
  if (node === undefined) throw new EnvironmentError(`Pod ${text} is on no node yet`);
  if (pod.spec.hostNetwork === true) return { text, node, pod: text };
  const address = pod.status?.podIP;
  if (address === undefined || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
    throw new EnvironmentError(`Pod ${text} has no network to record in: ${address === undefined ? 'it has no address yet' : `it is over (${pod.status?.phase ?? ''})`}`, { hint: `Its node ${node} can be recorded.` });
  }
  const found = (await runOrThrow(shell(node), findArgv(address), { timeoutMs: 60_000 })).split('\n').filter((line) => line !== '');
  if (found.length !== 1) {
    throw new EnvironmentError(`node ${node}: ${found.length === 0 ? 'no network namespace has' : `${found.length} network namespaces have`} the address ${address} of Pod ${text}`, {
      hint: found.length === 0 ? 'Has the pod just ended? A container runtime in a virtual machine keeps its namespaces to itself: record on the node.' : 'Record on the node instead, with --filter.',
    });
  }
  return { text, node, pod: text, ...(found[0] === undefined ? {} : { namespace: found[0] }) };
}

/** Programs that recording needs of a node. Errors: EnvironmentError naming those that are missing. */
export async function checkPrograms(shell: NodeShell, names: readonly string[]): Promise<void> {
  const found = await findPrograms(shell, names);
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new EnvironmentError(`node ${shell.node} has no ${missing.join(' and no ')}, which recording needs`, { hint: `Install ${missing.join(', ')} there with the node's package manager; Fairlead puts no programs on nodes. Nothing was recorded anywhere.` });
  }
}
