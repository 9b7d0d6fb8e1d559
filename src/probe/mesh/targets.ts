/** What the mesh probes beside its own agents: read from the cluster. */
import { EnvironmentError } from '../../core/errors.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import type { MeshConfig } from '../agent/config.ts';
import { MESH_NAME } from './manifests.ts';
import type { KubePort } from './ports.ts';

export interface TargetOptions {
  namespace: string;
  nodePort: number;
  tcpPort: number;
  /** Services of the user that echo `?nonce=`. */
  http: MeshConfig['targets']['http'];
  /** Default `cluster.local`. */
  clusterDomain: string;
}

interface ServiceObject extends KubeObject {
  spec?: { clusterIP?: string; ports?: { port: number; name?: string; protocol?: string }[] };
}
interface NodeObject extends KubeObject {
  status?: { addresses?: { type: string; address: string }[] };
}
interface ConfigMapObject extends KubeObject {
  data?: Record<string, string>;
}

/** Addresses of the mesh's Service, the API server's, the cluster's DNS and every node. Errors: EnvironmentError naming the object that is missing. */
export async function discoverTargets(kube: KubePort, options: TargetOptions): Promise<MeshConfig['targets']> {
  const { namespace } = options;
  const [own, api, dns, nodes, ca] = await Promise.all([
    kube.get<ServiceObject>({ apiVersion: 'v1', kind: 'Service', namespace, name: MESH_NAME }),
    kube.get<ServiceObject>({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' }),
    // The name is fixed for whatever serves DNS: Kubernetes DNS specification, k8s-app=kube-dns.
    kube.get<ServiceObject>({ apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'kube-dns' }),
    kube.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' }),
    // Published into every namespace by kube-controller-manager (root-ca-cert-publisher).
    kube.get<ConfigMapObject>({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'kube-root-ca.crt' }),
  ]);
  const apiAddress = clusterIp(api, 'default/kubernetes');
  const pem = ca?.data?.['ca.crt'];
  if (pem === undefined) throw new EnvironmentError(`ConfigMap ${namespace}/kube-root-ca.crt with the API server's CA is not there (yet)`, { hint: 'kube-controller-manager publishes it; check that it runs.' });
  return {
    services: [{ name: MESH_NAME, address: clusterIp(own, `${namespace}/${MESH_NAME}`), port: options.tcpPort }],
    http: options.http,
    // A cluster without DNS has nothing to probe there; a gate that expects the class then says unknown.
    dns: dns ? [{ name: 'kube-dns', address: clusterIp(dns, 'kube-system/kube-dns'), port: dns.spec?.ports?.find(({ protocol }) => protocol === 'UDP')?.port ?? 53, query: `kubernetes.default.svc.${options.clusterDomain}`, expect: apiAddress }] : [],
    api: [{ name: 'kubernetes', address: apiAddress, port: api?.spec?.ports?.[0]?.port ?? 443, serverName: 'kubernetes.default.svc', ca: pem }],
    nodePorts: nodes.flatMap((node) => {
      const address = internalAddress(node);
      return address === undefined ? [] : [{ node: node.metadata.name, address, port: options.nodePort }];
    }),
  };
}

/** A node's own address. */
export function internalAddress(node: KubeObject): string | undefined {
  return (node as NodeObject).status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

function clusterIp(service: ServiceObject | undefined, name: string): string {
  const address = service?.spec?.clusterIP;
  if (address === undefined || address === '' || address === 'None') throw new EnvironmentError(`Service ${name} has no cluster address`, { hint: `Look at it: kubectl get service -n ${name.replace('/', ' ')}` });
  return address;
}
