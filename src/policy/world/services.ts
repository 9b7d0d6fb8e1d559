/** Services of the input with the addresses of their backends. */
import { at, list, strings, text, whole } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import type { Pod, Service, ServicePort } from './world.ts';

const idOf = (object: LoadedObject): string => `${object.namespace ?? 'default'}/${object.name}`;

/** Backends by service: EndpointSlices name theirs by a label, Endpoints have its name. */
function endpointsOf(objects: readonly LoadedObject[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const object of objects) {
    if (object.kind !== 'EndpointSlice' && object.kind !== 'Endpoints') continue;
    const slice = object.kind === 'EndpointSlice';
    const service = slice ? text(at(object.body, 'metadata', 'labels', 'kubernetes.io/service-name')) : object.name;
    if (service === undefined) continue;
    const id = `${object.namespace ?? 'default'}/${service}`;
    const addresses = slice
      ? list(object.body['endpoints']).filter((one) => at(one, 'conditions', 'ready') !== false).flatMap((one) => list(at(one, 'addresses')).map(String))
      : list(object.body['subsets']).flatMap((one) => list(at(one, 'addresses')).flatMap((address) => text(at(address, 'ip')) ?? []));
    found.set(id, [...new Set([...(found.get(id) ?? []), ...addresses])]);
  }
  return found;
}

function portOf(port: unknown): ServicePort[] {
  const number = whole(at(port, 'port'));
  if (number === undefined) return [];
  const target = at(port, 'targetPort');
  const given = whole(target) ?? text(target);
  return [{ name: text(at(port, 'name')), protocol: text(at(port, 'protocol')) ?? 'TCP', port: number, target: given === undefined || given === 0 ? number : given }];
}

/** All services, in the order of the input. */
export function servicesOf(objects: readonly LoadedObject[]): Service[] {
  const endpoints = endpointsOf(objects);
  return objects.filter((object) => object.kind === 'Service' && object.apiVersion === 'v1').map((object) => {
    const spec = at(object.body, 'spec');
    const selector = strings(at(spec, 'selector'));
    const addresses = [text(at(spec, 'clusterIP')), ...list(at(spec, 'clusterIPs')).map(text), ...list(at(spec, 'externalIPs')).map(text),
      ...list(at(object.body, 'status', 'loadBalancer', 'ingress')).map((one) => text(at(one, 'ip')))];
    return {
      id: idOf(object), namespace: object.namespace ?? 'default', name: object.name,
      addresses: [...new Set(addresses.filter((one) => one !== undefined && one !== 'None'))] as string[],
      headless: text(at(spec, 'clusterIP')) === 'None',
      keepsClient: text(at(spec, 'externalTrafficPolicy')) === 'Local',
      endpoints: endpoints.get(idOf(object)),
      selector: Object.keys(selector).length === 0 ? undefined : selector,
      ports: list(at(spec, 'ports')).flatMap(portOf),
      origin: object.origin,
    };
  });
}

/** The pods behind a service: those that its endpoints list, or those that its selector selects. */
export function backendsOf(service: Service, pods: readonly Pod[]): Pod[] {
  const { endpoints, selector } = service;
  const listed = endpoints === undefined ? [] : pods.filter((pod) => pod.addresses.some((address) => endpoints.includes(address)));
  if (listed.length > 0 || selector === undefined) return listed;
  return pods.filter((pod) => pod.namespace === service.namespace && Object.entries(selector).every(([key, value]) => pod.labels[key] === value));
}
