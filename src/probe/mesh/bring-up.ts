/** Puts the mesh's objects into the cluster and waits until agents run everywhere. */
import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { DEFAULT_RATES } from '../agent/classes.ts';
import type { MeshConfig } from '../agent/config.ts';
import { MESH_NAME, MESH_PORTS, MESH_SELECTOR, meshManifests } from './manifests.ts';
import type { ManifestOptions } from './manifests.ts';
import type { MeshOptions } from './mesh-options.ts';
import type { KubePort } from './ports.ts';
import { readAgentPod } from './roster.ts';
import type { AgentPod } from './roster.ts';

/** A configuration with which an agent starts and waits for a real one. */
export function bootstrapConfig(mesh: string): MeshConfig {
  return {
    version: 1,
    revision: 0,
    mesh,
    probing: true,
    ports: { ...MESH_PORTS },
    peers: [],
    targets: { services: [], http: [], dns: [], api: [], nodePorts: [] },
    canary: {},
    rates: { ...DEFAULT_RATES },
  };
}

/** The key of the mesh that is in the cluster, or a new one: agents that run already must go on understanding each other. */
export async function meshKey(kube: KubePort, namespace: string): Promise<Uint8Array> {
  const secret = await kube.get<KubeObject & { data?: Record<string, string> }>({ apiVersion: 'v1', kind: 'Secret', namespace, name: MESH_NAME });
  const key = secret?.data?.['key'];
  return key === undefined ? randomBytes(32) : Buffer.from(key, 'base64');
}

/** Applies all objects. */
export async function applyMesh(kube: KubePort, options: ManifestOptions): Promise<void> {
  for (const object of meshManifests(options)) await kube.apply(object, { force: true });
}

/** The agents' pods as listed now. */
export async function listAgentPods(kube: KubePort, namespace: string): Promise<AgentPod[]> {
  const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: MESH_SELECTOR });
  return pods.map(readAgentPod).filter((pod) => pod !== undefined);
}

/** Waits until both kinds of agent are ready on every node. Errors: EnvironmentError naming those that are not. */
export async function waitForAgents(kube: KubePort, namespace: string, options: Pick<MeshOptions, 'readyTimeoutMs' | 'inFlight' | 'signal'> = {}): Promise<AgentPod[]> {
  const { readyTimeoutMs: timeoutMs = 120_000, inFlight = [], signal } = options;
  let missing = 'an answer of the API server';
  try {
    return await waitUntil(
      async () => {
        const [nodes, pods] = await Promise.all([kube.list({ apiVersion: 'v1', kind: 'Node' }), listAgentPods(kube, namespace)]);
        const ready = new Set(pods.filter((pod) => pod.ready && !pod.leaving).map((pod) => `${pod.kind}/${pod.node}`));
        const wanted = nodes.filter((node) => !inFlight.includes(node.metadata.name)).flatMap((node) => [`pod/${node.metadata.name}`, `host/${node.metadata.name}`]);
        missing = wanted.filter((name) => !ready.has(name)).join(', ');
        return wanted.length > 0 && missing === '' ? pods : undefined;
      },
      { timeoutMs, what: 'the probe agents to be ready', ...(signal ? { signal } : {}) },
    );
  } catch (cause) {
    if (!(cause instanceof EnvironmentError)) throw cause;
    throw new EnvironmentError(`${cause.message}: not ready are ${missing}`, { cause, hint: `Look at them: kubectl -n ${namespace} get pods -o wide -l ${MESH_SELECTOR}` });
  }
}
