/** Finds Calico in a cluster, and what of Calico's objects is there. */
import type { Cluster } from '../../cluster/client.ts';
import type { KubeObject, NodeObject } from '../../cluster/objects.ts';
import { calicoAnnotations } from './seed.ts';
import { calicoApi } from './version.ts';

export interface CalicoInstallation {
  /** `operator`: an Installation of the Tigera operator; `manifest`: a DaemonSet alone; `objects`: only CRDs or annotations. */
  kind: 'operator' | 'manifest' | 'objects';
  daemonSet?: { namespace: string; name: string; image: string; desired: number; ready: number };
  /** Names of pools with their range and encapsulation. */
  pools: { name: string; cidr: string; vxlanMode: string; ipipMode: string }[];
  /** Nodes with annotations of Calico. */
  annotatedNodes: string[];
}

interface DaemonSetObject extends KubeObject {
  spec?: { template?: { spec?: { containers?: { name: string; image?: string }[] } } };
  status?: { desiredNumberScheduled?: number; numberReady?: number };
}

/** Looks for Calico; undefined when nothing of it is there. */
export async function detectCalico(cluster: Cluster): Promise<CalicoInstallation | undefined> {
  const daemonSets = await cluster.list<DaemonSetObject>({ apiVersion: 'apps/v1', kind: 'DaemonSet' });
  const found = daemonSets.find((daemonSet) => daemonSet.spec?.template?.spec?.containers?.some((container) => container.name === 'calico-node') === true);
  const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const annotatedNodes = nodes.filter((node) => Object.keys(calicoAnnotations(node)).length > 0).map((node) => node.metadata.name);
  const hasCrds = await cluster.serves(calicoApi, 'FelixConfiguration');
  if (found === undefined && annotatedNodes.length === 0 && !hasCrds) return undefined;
  const operator = (await cluster.list({ apiVersion: 'operator.tigera.io/v1', kind: 'Installation' })).length > 0;
  const image = found?.spec?.template?.spec?.containers?.find((container) => container.name === 'calico-node')?.image ?? '';
  const pools = await cluster.list({ apiVersion: calicoApi, kind: 'IPPool' });
  return {
    kind: operator ? 'operator' : found === undefined ? 'objects' : 'manifest',
    ...(found === undefined
      ? {}
      : { daemonSet: { namespace: found.metadata.namespace ?? '', name: found.metadata.name, image, desired: found.status?.desiredNumberScheduled ?? 0, ready: found.status?.numberReady ?? 0 } }),
    pools: pools.map((pool) => {
      const spec = pool['spec'] as { cidr?: string; vxlanMode?: string; ipipMode?: string } | undefined;
      return { name: pool.metadata.name, cidr: spec?.cidr ?? '', vxlanMode: spec?.vxlanMode ?? 'Never', ipipMode: spec?.ipipMode ?? 'Never' };
    }),
    annotatedNodes,
  };
}
