/** Puts the picture of a cluster together from loaded objects. */
import { at, list, strings, text } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import { podsOf } from './pods.ts';
import { routesOf } from './routes.ts';
import { servicesOf } from './services.ts';
import type { Labels, Namespace, Node, World } from './world.ts';

/** The label that the API server puts on every namespace. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

function nodesOf(objects: readonly LoadedObject[]): Node[] {
  return objects.filter((object) => object.kind === 'Node' && object.apiVersion === 'v1').map((object) => ({
    name: object.name,
    labels: strings(at(object.body, 'metadata', 'labels')),
    addresses: list(at(object.body, 'status', 'addresses'))
      .filter((one) => at(one, 'type') === 'InternalIP' || at(one, 'type') === 'ExternalIP')
      .flatMap((one) => text(at(one, 'address')) ?? []),
    podCidrs: [...new Set([text(at(object.body, 'spec', 'podCIDR')), ...list(at(object.body, 'spec', 'podCIDRs')).map(text)].filter((one) => one !== undefined))],
  }));
}

/** The picture of a cluster. Namespaces that only their contents mention are assumed, with the label that all have. */
export function readWorld(objects: readonly LoadedObject[]): World {
  const pods = podsOf(objects);
  const namespaces = new Map<string, Namespace>();
  const accounts = new Map<string, Labels>();
  for (const object of objects) {
    const labels = strings(at(object.body, 'metadata', 'labels'));
    if (object.kind === 'Namespace') namespaces.set(object.name, { name: object.name, labels: { ...labels, [NAME_LABEL]: object.name }, assumed: false });
    if (object.kind === 'ServiceAccount') accounts.set(`${object.namespace ?? 'default'}/${object.name}`, labels);
  }
  for (const { namespace: name } of pods) {
    if (!namespaces.has(name)) namespaces.set(name, { name, labels: { [NAME_LABEL]: name }, assumed: true });
  }
  return { pods, namespaces, nodes: nodesOf(objects), services: servicesOf(objects), routes: routesOf(objects), accounts };
}
