/** Scenes of clusters that a test makes, as `diagnose` sees them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { View } from '../../audit/view.ts';
import { loadSnapshot } from '../../cluster/snapshot/load.ts';
import { CATALOGUE } from '../../cni/catalogue.ts';
import { findEnds, type Asked } from '../ends.ts';
import type { Scene } from '../observe/scene.ts';

interface Owned { kind: string; metadata: { labels?: Record<string, unknown>; ownerReferences?: object[] } }

const HASH = '6c8f9d7b5c';

/** Gives each pod the ReplicaSet that a Deployment of its application would have made. */
export function ownedByDeployments(objects: readonly object[]): void {
  for (const { kind, metadata } of objects as Owned[]) {
    const app = metadata.labels?.['app'] ?? (metadata.labels?.['k8s-app'] === 'kube-dns' ? 'coredns' : undefined);
    if (kind !== 'Pod' || typeof app !== 'string') continue;
    metadata.labels = { ...metadata.labels, 'pod-template-hash': HASH };
    metadata.ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${HASH}`, uid: 'u', controller: true }];
  }
}

/** The scene of a question about objects, read from a file as a user would hand them over. */
export async function sceneOf(objects: readonly object[], asked: Asked): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-scene-'));
  try {
    await writeFile(join(dir, 'cluster.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const view = new View(await loadSnapshot([join(dir, 'cluster.json')], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) }));
    return { view, ends: findEnds(view, asked) };
  } finally {
    await rm(dir, { recursive: true });
  }
}
