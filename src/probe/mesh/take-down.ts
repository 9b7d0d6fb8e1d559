/** Removes the mesh from a cluster, whoever brought it up. */
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { bootstrapConfig, listAgentPods } from './bring-up.ts';
import { MESH_NAMESPACE, MESH_SELECTOR, meshManifests } from './manifests.ts';
import type { MeshOptions } from './mesh-options.ts';
import { stopOutside } from './outside.ts';

type Where = Pick<MeshOptions, 'kube' | 'namespace' | 'outside'>;

/** Whether there is a mesh in the cluster; pods of one that has been removed do not count. */
export async function meshIsUp({ kube, namespace = MESH_NAMESPACE }: Pick<MeshOptions, 'kube' | 'namespace'>): Promise<boolean> {
  return (await kube.list({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace, labelSelector: MESH_SELECTOR })).length > 0;
}

/** Removes agents and objects; fine when there are none. Pods may take some seconds more to go. */
export async function takeDown({ kube, namespace = MESH_NAMESPACE, outside }: Where): Promise<void> {
  if (outside) await stopOutside(outside);
  for (const { apiVersion, kind, metadata } of meshManifests({ namespace, bootstrap: bootstrapConfig(namespace), key: new Uint8Array(32), nodes: 0 }).toReversed()) {
    // The namespace may hold more than the mesh (journal, lease): it stays. So does the key: a kubelet may serve a new
    // Secret of the same name from its cache, and an agent with the former key understands nobody.
    if (kind === 'Namespace' || kind === 'Secret') continue;
    await kube.delete({ apiVersion, kind, name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) });
  }
}

/** Waits until no agent's pod is left. Errors: EnvironmentError naming those that are. */
export async function waitUntilGone({ kube, namespace = MESH_NAMESPACE }: Where, timeoutMs = 60_000): Promise<void> {
  let left = 'unknown';
  try {
    await waitUntil(async () => {
      left = (await listAgentPods(kube, namespace)).map((pod) => pod.podName).join(', ');
      return left === '' ? true : undefined;
    }, { timeoutMs, what: 'the probe agents to go' });
  } catch (cause) {
    if (!(cause instanceof EnvironmentError)) throw cause;
    throw new EnvironmentError(`${cause.message}: still there are ${left}`, { cause, hint: `Look at them: kubectl -n ${namespace} get pods -o wide -l ${MESH_SELECTOR}` });
  }
}
