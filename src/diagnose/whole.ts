/** Whether an input has all objects of a kind, so that what it does not have is not in the cluster. Pure. */
import type { View } from '../audit/view.ts';
import type { KubeObject } from '../cluster/objects.ts';

/** Namespaces that every API server makes by itself (kubernetes.io: initial namespaces). */
const INITIAL = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Files in which objects of a kind are that only a cluster's own answer has. */
function dumps(view: View, kind: string): string[] {
  const filesWith = (of: string, is: (object: KubeObject) => boolean): Set<string> => new Set(view.index.entries(of).flatMap(({ object, place }) => (place !== undefined && is(object) ? [place.file] : [])));
  // The API server makes this Service in every cluster and nobody writes it in a manifest: who asked for one namespace does not get it together with those of another.
  const answers = filesWith('Service', ({ metadata }) => metadata.namespace === 'default' && metadata.name === 'kubernetes');
  const system = filesWith(kind, ({ metadata }) => metadata.namespace === 'kube-system');
  return [...answers].filter((file) => system.has(file));
}

/**
 * Whether what is not here is not in the cluster, for Pods and Services of a namespace, or for Namespaces.
 * A live snapshot was asked for everything and says what was refused. Files are whatever was chosen: they count as
 * a dump of all namespaces (`kubectl get services,pods -A`) when one file has Service default/kubernetes, objects of
 * the kind of kube-system, and such of the namespace itself; Namespaces when all that every cluster has are there.
 */
export function isWhole(view: View, kind: 'Pod' | 'Service' | 'Namespace', namespace?: string): boolean {
  if (view.snapshot.source === 'live') return view.index.complete(kind);
  if (kind === 'Namespace') return INITIAL.every((name) => view.index.find('Namespace', name) !== undefined);
  const files = dumps(view, kind);
  return files.length > 0 && (namespace === undefined || view.index.entries(kind).some(({ object, place }) => object.metadata.namespace === namespace && place !== undefined && files.includes(place.file)));
}
