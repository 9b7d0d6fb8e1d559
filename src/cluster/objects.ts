/** The few shapes of Kubernetes objects that Fairlead relies on; every other field stays `unknown` until somebody needs it. */

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Names one object; `namespace` only for namespaced kinds. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

/** Names a set of objects; without `namespace` those of all namespaces. */
export interface ListQuery {
  apiVersion: string;
  kind: string;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export interface NodeObject extends KubeObject {
  spec: { podCIDR?: string; podCIDRs?: string[]; unschedulable?: boolean; taints?: Taint[]; providerID?: string };
  status?: {
    addresses?: { type: string; address: string }[];
    conditions?: Condition[];
    nodeInfo?: { kubeletVersion: string; osImage?: string; kernelVersion?: string; containerRuntimeVersion?: string; bootID?: string };
  };
}

export interface PodObject extends KubeObject {
  spec: { nodeName?: string; hostNetwork?: boolean; containers: { name: string; image?: string }[]; [field: string]: unknown };
  status?: {
    phase?: string;
    podIP?: string;
    podIPs?: { ip: string }[];
    hostIP?: string;
    conditions?: Condition[];
    containerStatuses?: { name: string; ready: boolean; restartCount: number; state?: Record<string, { reason?: string; message?: string }> }[];
  };
}

/** The reference that names an object. */
export function refOf(object: KubeObject): ObjectRef {
  const { name, namespace } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** `Kind namespace/name`, as messages show an object. */
export function describeRef(ref: { kind: string; name?: string; namespace?: string }): string {
  const name = ref.name === undefined ? '' : ref.name;
  const path = ref.namespace === undefined ? name : `${ref.namespace}/${name}`;
  return path === '' ? ref.kind : `${ref.kind} ${path}`;
}

/** The first address of type InternalIP in a Node's status; undefined when it has none. */
export function internalIp(node: NodeObject): string | undefined {
  return node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
}

/** Whether a Node's or Pod's condition `Ready` is True. */
export function isReady(object: { status?: { conditions?: Condition[] } }): boolean {
  return object.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}
