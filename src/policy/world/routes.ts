/** Ingresses and Gateway API routes of the input, with the Services that they lead to. */
import { at, fields, list, text, whole } from '../../cluster/fields.ts';
import { groupOf } from '../../cluster/snapshot/catalogue.ts';
import type { LoadedObject } from '../input/object.ts';
import type { Route, RouteBackend } from './world.ts';

/** Kinds of routes of the Gateway API. */
const GATEWAY_ROUTES = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'];

const namespaceOf = (object: LoadedObject): string => object.namespace ?? 'default';

/** Ports of Services as routes name them. */
const portOf = (value: unknown): number | string | undefined => whole(value) ?? text(value);

/** networking.k8s.io/v1: `service` with a port by number or name; a `resource` is no Service. */
function ingressBackend(value: unknown, namespace: string, match: string): RouteBackend[] {
  const backend = fields(value);
  const name = text(at(backend, 'service', 'name'));
  if (name !== undefined) return [{ service: `${namespace}/${name}`, port: portOf(at(backend, 'service', 'port', 'number')) ?? portOf(at(backend, 'service', 'port', 'name')), matches: [match] }];
  return backend['resource'] === undefined ? [] : [{ fault: `${match} leads to ${text(at(backend, 'resource', 'kind')) ?? 'something'} ${text(at(backend, 'resource', 'name')) ?? ''}, which is no Service`, matches: [match] }];
}

function ingressBackends(object: LoadedObject): RouteBackend[] {
  const namespace = namespaceOf(object);
  const rules = list(at(object.body, 'spec', 'rules')).flatMap((rule) => {
    const host = text(at(rule, 'host')) ?? '*';
    return list(at(rule, 'http', 'paths')).flatMap((one) => ingressBackend(at(one, 'backend'), namespace, `${host}${text(at(one, 'path')) ?? '/'}`));
  });
  return [...rules, ...ingressBackend(at(object.body, 'spec', 'defaultBackend'), namespace, 'everything else')];
}

/** Whether a ReferenceGrant lets routes of a kind and namespace refer to a Service (gateway-api.sigs.k8s.io/api-types/referencegrant). */
function granted(grants: readonly LoadedObject[], route: LoadedObject, namespace: string, name: string): boolean {
  return grants.some((grant) => namespaceOf(grant) === namespace
    && list(at(grant.body, 'spec', 'from')).some((from) => at(from, 'group') === groupOf(route.apiVersion) && at(from, 'kind') === route.kind && at(from, 'namespace') === namespaceOf(route))
    && list(at(grant.body, 'spec', 'to')).some((to) => (text(at(to, 'group')) ?? '') === '' && at(to, 'kind') === 'Service' && [undefined, name].includes(text(at(to, 'name')))));
}

/** References with weight 0 get no traffic; those to other namespaces need a grant. */
function gatewayBackends(object: LoadedObject, grants: readonly LoadedObject[]): RouteBackend[] {
  const hosts = list(at(object.body, 'spec', 'hostnames')).map(String);
  const matches = hosts.length === 0 ? ['*'] : hosts;
  return list(at(object.body, 'spec', 'rules')).flatMap((rule) => list(at(rule, 'backendRefs'))).filter((ref) => at(ref, 'weight') !== 0).map((ref): RouteBackend => {
    const [group, kind, name, namespace] = [text(at(ref, 'group')) ?? '', text(at(ref, 'kind')) ?? 'Service', text(at(ref, 'name')) ?? '', text(at(ref, 'namespace')) ?? namespaceOf(object)];
    if (group !== '' || kind !== 'Service') return { fault: `it leads to ${kind} ${namespace}/${name}, which is no Service`, matches };
    if (namespace !== namespaceOf(object) && !granted(grants, object, namespace, name)) return { fault: `it leads to Service ${namespace}/${name} in another namespace, which no ReferenceGrant of the input permits`, matches };
    return { service: `${namespace}/${name}`, port: portOf(at(ref, 'port')), matches };
  });
}

/** One entry for each Service and port, whatever leads there. */
function joined(backends: readonly RouteBackend[]): RouteBackend[] {
  const groups = Map.groupBy(backends, ({ service, port, fault }) => JSON.stringify([service, port, fault]));
  return [...groups.values()].map((group) => ({ ...group[0]!, matches: [...new Set(group.flatMap(({ matches }) => matches))] }));
}

/** All routes, in the order of the input. */
export function routesOf(objects: readonly LoadedObject[]): Route[] {
  const grants = objects.filter(({ kind }) => kind === 'ReferenceGrant');
  return objects.flatMap((object): Route[] => {
    const isIngress = object.kind === 'Ingress' && object.apiVersion === 'networking.k8s.io/v1';
    if (!isIngress && !(GATEWAY_ROUTES.includes(object.kind) && groupOf(object.apiVersion) === 'gateway.networking.k8s.io')) return [];
    const [namespace, backends] = [namespaceOf(object), isIngress ? ingressBackends(object) : gatewayBackends(object, grants)];
    return [{ kind: object.kind, id: `${namespace}/${object.name}`, name: `${object.kind.toLowerCase()}:${namespace}/${object.name}`, backends: joined(backends) }];
  });
}
