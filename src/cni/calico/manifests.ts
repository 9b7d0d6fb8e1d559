/** Everything that an installation of Calico puts into the cluster, in the order in which it must be applied. */
import type { KubeObject } from '../../cluster/objects.ts';
import { configMap } from './conflist.ts';
import { controllersDeployment } from './controllers-deployment.ts';
import { calicoCrds, calicoRbac } from './crds.ts';
import { nodeDaemonSet } from './node-daemonset.ts';
import { felixConfiguration, ipPool } from './resources.ts';
import type { CalicoSettings } from './settings.ts';

export interface CalicoManifests {
  /** Must be established (and served) before the rest. */
  crds: KubeObject[];
  rbac: KubeObject[];
  /** FelixConfiguration and IPPool; must be there before the first calico-node starts. */
  resources: KubeObject[];
  /** ConfigMap, DaemonSet, Deployment. */
  workloads: KubeObject[];
}

/** The objects of an installation with the Kubernetes API as datastore, VXLAN and host-local IPAM. Deterministic. */
export async function calicoManifests(settings: CalicoSettings): Promise<CalicoManifests> {
  return {
    crds: await calicoCrds(),
    rbac: await calicoRbac(),
    resources: [felixConfiguration(settings), ipPool(settings)],
    workloads: [configMap(settings), nodeDaemonSet(settings), controllersDeployment()],
  };
}
