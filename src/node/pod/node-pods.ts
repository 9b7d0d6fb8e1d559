/** The life of the pods through which one run reaches hosts: made when first needed, kept apart from other runs', removed at the end. */
import { randomBytes } from 'node:crypto';
import type { Cluster } from '../../cluster/client.ts';
import { Lease } from '../../cluster/lease.ts';
import { isReady, type NodeObject, type PodObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError, NotStartedError } from '../../core/errors.ts';
import { NODE_NAME, NODE_NAMESPACE, NODE_SELECTOR, nodePodManifests } from './manifests.ts';

const DAEMONSET = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE };
const START_MS = 120_000;
const REMOVE_MS = 30_000;

export interface NodePodsOptions {
  /** An image with `nsenter` on its PATH. */
  image: string;
  /** Milliseconds that pods may take to be ready, their image included. Default 120 000. */
  startMs?: number;
}

/** One run's pods. */
export class NodePods {
  readonly name = `${NODE_NAME}-${randomBytes(4).toString('hex')}`;
  readonly #cluster: Cluster;
  readonly #image: string;
  readonly #startMs: number;
  readonly #pods = new Map<string, string>();
  #made: Promise<void> | undefined;
  /** Something may be in the cluster. */
  #begun = false;
  #stopRenewing = (): void => undefined;
  #sweep: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, options: NodePodsOptions) {
    this.#cluster = cluster;
    this.#image = options.image;
    this.#startMs = options.startMs ?? START_MS;
  }

  /** Name of the pod on a node. Errors: NotStartedError while there is none that is ready; EnvironmentError when they cannot be made at all. */
  async podOn(node: string): Promise<string> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    await this.#made;
    const known = this.#pods.get(node);
    if (known !== undefined) return known;
    const pods = await this.#list();
    const pod = pods.find((one) => one.spec.nodeName === node && one.metadata.deletionTimestamp === undefined && isReady(one));
    if (pod === undefined) throw new NotStartedError(`there is no pod of DaemonSet ${NODE_NAMESPACE}/${this.name} ready on ${node}: ${pods.filter((one) => one.spec.nodeName === node).map(stateOf).join('; ') || 'none was made for it'}`);
    this.#pods.set(node, pod.metadata.name);
    return pod.metadata.name;
  }

  /** The pod of a node may have been replaced: it is looked for again. */
  forget(node: string): void {
    this.#pods.delete(node);
  }

  /** Removes the pods and waits until they are gone; nothing happens when none were made. Errors: EnvironmentError with the command that removes them. */
  async remove(): Promise<void> {
    if (!this.#begun) return;
    await this.#made?.catch(() => undefined);
    this.#begun = false;
    this.#made = undefined;
    this.#pods.clear();
    this.#stopRenewing();
    try {
      await removeRun(this.#cluster, this.name);
      await waitUntil(async () => ((await this.#list()).length === 0 ? true : undefined), { timeoutMs: REMOVE_MS, what: 'its pods to go' });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EnvironmentError(`the privileged pods of DaemonSet ${NODE_NAMESPACE}/${this.name} may still be there: ${why}`, { cause, hint: `The next run with --via pod removes them, or: kubectl -n ${NODE_NAMESPACE} delete daemonset ${this.name}` });
    }
    await this.#sweep;
  }

  async #make(): Promise<void> {
    this.#begun = true;
    const [namespace, daemonSet] = nodePodManifests({ name: this.name, image: this.#image });
    // A namespace that is there stays as it is, whoever made it, but for the label without which it would refuse the pods.
    if (namespace !== undefined) await this.#cluster.apply(namespace, { force: true });
    const lease = this.#lease(this.name);
    await lease.acquire();
    this.#stopRenewing = lease.keep(() => undefined);
    if (daemonSet !== undefined) await this.#cluster.apply(daemonSet);
    this.#sweep = this.#removeAbandoned().catch(() => undefined);
    await this.#waitForAll();
  }

  /** Waits for the pods of all nodes, so that what keeps them from starting is told once and in full. A node that is not Ready is not waited for. */
  async #waitForAll(): Promise<void> {
    let missing: string[] = [];
    try {
      await waitUntil(async () => {
        const [nodes, pods] = await Promise.all([this.#cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' }), this.#list()]);
        const ready = new Set(pods.filter(isReady).map((pod) => pod.spec.nodeName));
        missing = nodes.filter((node) => isReady(node) && !ready.has(node.metadata.name)).map((node) => {
          const pod = pods.find((one) => one.spec.nodeName === node.metadata.name);
          return pod === undefined ? `${node.metadata.name} has none` : `${node.metadata.name}: ${stateOf(pod)}`;
        });
        return missing.length === 0 && pods.length > 0 ? true : undefined;
      }, { timeoutMs: this.#startMs, what: `the pods of DaemonSet ${NODE_NAMESPACE}/${this.name}` });
    } catch (cause) {
      if (missing.length === 0 || !(cause instanceof EnvironmentError)) throw cause;
      throw new EnvironmentError(`not every node can be reached by a pod: ${missing.join('; ')}`, { cause, hint: `The image is ${this.#image}; another with nsenter in it is named by --node-image.` });
    }
  }

  /** Removes what runs left behind that were killed: those whose lease is not renewed. */
  async #removeAbandoned(): Promise<void> {
    const others = (await this.#cluster.list({ ...DAEMONSET, labelSelector: NODE_SELECTOR })).filter((one) => one.metadata.name !== this.name);
    await Promise.all(others.map(async ({ metadata: { name } }) => {
      if ((await this.#lease(name).acquire()).held) await removeRun(this.#cluster, name);
    }));
  }

  #lease(name: string): Lease {
    return new Lease(this.#cluster, { namespace: NODE_NAMESPACE, name, holder: this.name });
  }

  #list(): Promise<PodObject[]> {
    return this.#cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: NODE_NAMESPACE, labelSelector: `fairlead.dev/run=${this.name}` });
  }
}

async function removeRun(cluster: Cluster, name: string): Promise<void> {
  await cluster.delete({ ...DAEMONSET, name });
  await cluster.delete({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: NODE_NAMESPACE, name });
}

/** Why a pod is not ready, in its own words. */
function stateOf(pod: PodObject): string {
  const state = pod.status?.containerStatuses?.[0]?.state;
  const waiting = state?.['waiting'] ?? state?.['terminated'];
  if (waiting !== undefined) return [waiting.reason, waiting.message].filter(Boolean).join(': ');
  return pod.status?.phase ?? 'not scheduled';
}
