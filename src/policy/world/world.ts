/** What policies are about: pods, namespaces, nodes and services, as one picture of a cluster. */
import type { Origin } from '../../cluster/manifests/origin.ts';

export type Labels = Readonly<Record<string, string>>;

export interface ContainerPort {
  name: string;
  protocol: string;
  port: number;
}

export interface Pod {
  /** `NAMESPACE/NAME`; a pod that only a workload's template describes has the workload's name. */
  id: string;
  namespace: string;
  name: string;
  labels: Labels;
  /** Addresses of both families; empty for a pod known from a template alone. */
  addresses: readonly string[];
  hostNetwork: boolean;
  node: string | undefined;
  serviceAccount: string;
  /** Named ports alone: nothing else of a container's ports matters to a policy. */
  ports: readonly ContainerPort[];
  /** `NAMESPACE/NAME[Kind]` of what made it, the pod itself when nothing did. */
  workload: string;
  origin: Origin;
}

export interface Namespace {
  name: string;
  /** With `kubernetes.io/metadata.name`, which the API server always sets (KEP-2161, GA in 1.22). */
  labels: Labels;
  /** No Namespace object was in the input: its other labels are unknown. */
  assumed: boolean;
}

export interface Node {
  name: string;
  labels: Labels;
  addresses: readonly string[];
  podCidrs: readonly string[];
}

export interface ServicePort {
  name: string | undefined;
  protocol: string;
  port: number;
  /** A number, or the name of a container's port, resolved per backend. */
  target: number | string;
}

export interface Service {
  id: string;
  namespace: string;
  name: string;
  addresses: readonly string[];
  /** It has no address of its own: clients find the pods' by the DNS, and nothing is rewritten. */
  headless: boolean;
  /** Nodes hand on connections from outside with the client's address (externalTrafficPolicy: Local). */
  keepsClient: boolean;
  /** Addresses of backends that an EndpointSlice or Endpoints object lists; undefined where there is none. */
  endpoints: readonly string[] | undefined;
  /** Undefined for services without one. */
  selector: Labels | undefined;
  ports: readonly ServicePort[];
  origin: Origin;
}

/** Where a route leads. */
export interface RouteBackend {
  /** `NAMESPACE/NAME`; undefined where `fault` says why there is none to follow. */
  service?: string;
  /** Of the Service, by number or name. */
  port?: number | string | undefined;
  fault?: string;
  /** Hosts, with paths where they are known, that lead there. */
  matches: readonly string[];
}

/** An Ingress or a route of the Gateway API: its controller opens connections to the pods behind its Services. */
export interface Route {
  kind: string;
  id: string;
  /** As questions name it: `ingress:shop/web`. */
  name: string;
  backends: readonly RouteBackend[];
}

export interface World {
  /** Sorted by id. Completed pods are left out: they have no endpoint. */
  pods: readonly Pod[];
  namespaces: ReadonlyMap<string, Namespace>;
  nodes: readonly Node[];
  services: readonly Service[];
  routes: readonly Route[];
  /** Labels of service accounts by `NAMESPACE/NAME`. */
  accounts: ReadonlyMap<string, Labels>;
}
