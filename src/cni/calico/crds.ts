/** Upstream's published objects of the release, read from the copies in ./manifests. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../cluster/objects.ts';
import { calicoVersion } from './version.ts';

/** The CustomResourceDefinitions of the release, without their `status`. Two of them (policy.networking.k8s.io) belong to Kubernetes and may be in the cluster already, put there by somebody else. */
export async function calicoCrds(): Promise<KubeObject[]> {
  const crds = await readManifest('crds');
  // The published files carry an empty status, which a server-side apply refuses.
  return crds.map(({ status: _, ...crd }) => crd);
}

/** Service accounts, roles, bindings and the disruption budget of upstream's manifest. */
export async function calicoRbac(): Promise<KubeObject[]> {
  return await readManifest('rbac');
}

async function readManifest(name: 'crds' | 'rbac'): Promise<KubeObject[]> {
  const text = await readFile(new URL(`./manifests/${name}-${calicoVersion}.yaml`, import.meta.url), 'utf8');
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}
