/** Step `fetch-images`: every node has the images that it will need before anything stops for them: a slow registry must not lengthen an interruption. */
import type { KubeObject, NodeObject } from '../../cluster/objects.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { StepHandler } from '../types.ts';
import { waitOptions, type StepContext } from './context.ts';

/** An image and a command in it that ends at once with status 0. */
export interface ImageToFetch {
  image: string;
  command: string[];
}

interface FetchParams {
  nodes: string[];
  images: ImageToFetch[];
  timeoutMs: number;
}

const NAME = 'fairlead-images';
const NAMESPACE = 'fairlead-system';
const REF = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NAMESPACE, name: NAME };
/** A kubelet names no more images than this in its Node's status (kubelet: nodeStatusMaxImages). */
const LISTED = 50;

/** One pod per node that runs each image once, one after the other, and then stays. It uses the host's network, so it needs no CNI. */
function puller({ images }: FetchParams): KubeObject {
  const labels = { 'app.kubernetes.io/name': NAME };
  const one = ({ image, command }: ImageToFetch, index: number): object => ({
    name: `image-${index}`, image, command, imagePullPolicy: 'IfNotPresent',
    resources: { requests: { cpu: '5m', memory: '16Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  });
  const [last, ...others] = images.toReversed();
  if (last === undefined) throw new TypeError('there is no image to fetch');
  return {
    apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: NAME, namespace: NAMESPACE, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true, automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: 0,
          tolerations: [{ operator: 'Exists' }],
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          initContainers: others.toReversed().map(one),
          containers: [one({ ...last, command: ['node', '-e', 'setInterval(() => undefined, 1 << 30)'] }, images.length - 1)],
        },
      },
    },
  };
}

interface SetStatus {
  observedGeneration?: number;
  desiredNumberScheduled?: number;
  numberReady?: number;
}

async function remove(ctx: StepContext): Promise<void> {
  await ctx.cluster.delete(REF);
  await ctx.cluster.waitFor({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, labelSelector: `app.kubernetes.io/name=${NAME}` }, (pods) => pods.length === 0, waitOptions(ctx, 'the pods that fetched images to go', 60_000));
}

/** Images that a node does not list; empty also for a node that lists as many as it can, since then nothing can be told. */
function missingOn(node: NodeObject, images: readonly ImageToFetch[]): string[] {
  const listed = ((node.status as { images?: { names?: string[] }[] } | undefined)?.images ?? []);
  if (listed.length >= LISTED) return [];
  const names = new Set(listed.flatMap((entry) => entry.names ?? []));
  return images.map(({ image }) => image).filter((image) => !names.has(image)).map((image) => `${node.metadata.name}: ${image}`);
}

export const fetchImages: StepHandler<StepContext> = {
  async check() {
    // What a node lists may be cut short, and images that are there cost a few seconds.
    return false;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const params = step.params as unknown as FetchParams;
    await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    await ctx.cluster.apply(puller(params), { force: true });
    await ctx.cluster.waitFor(REF, (set) => {
      const { observedGeneration, desiredNumberScheduled = 0, numberReady = 0 } = (set?.['status'] ?? {}) as SetStatus;
      return observedGeneration === set?.metadata.generation && desiredNumberScheduled >= params.nodes.length && numberReady >= desiredNumberScheduled;
    }, waitOptions(ctx, `${params.images.length} images on every node (\`kubectl -n ${NAMESPACE} get pods -l app.kubernetes.io/name=${NAME}\` shows how far each is)`, params.timeoutMs));
    await remove(ctx);
  },
  async verify(ctx, step) {
    const { images, nodes } = step.params as unknown as FetchParams;
    let missing: string[] = ['no answer of the API server'];
    // A kubelet tells of new images with its next status.
    await ctx.cluster.waitFor<NodeObject>({ apiVersion: 'v1', kind: 'Node' }, (seen) => {
      missing = seen.filter((node) => nodes.includes(node.metadata.name)).flatMap((node) => missingOn(node, images));
      return missing.length === 0;
    }, waitOptions(ctx, 'the nodes to list the images', 60_000)).catch((error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error;
    });
    return { ok: missing.length === 0, evidence: [missing.length === 0 ? `${nodes.length} nodes have ${images.map(({ image }) => image).join(', ')}` : `not listed by their nodes: ${missing.join('; ')}`] };
  },
  undo: (ctx) => remove(ctx),
};
