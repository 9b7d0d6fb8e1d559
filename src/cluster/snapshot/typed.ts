/** The fields of kept objects that readers of snapshots rely on, by kind; every one may be missing. */
import type { LabelSelector } from '../selector.ts';
import type { KubeObject } from '../objects.ts';

export interface ServicePort { name?: string; port: number; targetPort?: number | string; nodePort?: number; protocol?: string }
export interface ServiceObject extends KubeObject {
  spec?: {
    type?: string; clusterIP?: string; clusterIPs?: string[]; externalName?: string; externalTrafficPolicy?: string; internalTrafficPolicy?: string; loadBalancerIP?: string; loadBalancerClass?: string;
    externalIPs?: string[]; selector?: Record<string, string>; ports?: ServicePort[]; publishNotReadyAddresses?: boolean; healthCheckNodePort?: number; loadBalancerSourceRanges?: string[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface EndpointSliceObject extends KubeObject {
  addressType?: string;
  endpoints?: { addresses?: string[]; nodeName?: string; conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }; targetRef?: { kind?: string; namespace?: string; name?: string } }[];
  ports?: { name?: string; port?: number; protocol?: string }[];
}

interface Handler { httpGet?: { port?: number | string; path?: string }; tcpSocket?: { port?: number | string }; grpc?: { port?: number }; exec?: object }
export interface ContainerSpec {
  name: string; image?: string; args?: string[]; command?: string[]; restartPolicy?: string;
  env?: { name: string; value?: string; valueFrom?: object }[];
  ports?: { name?: string; containerPort: number; hostPort?: number; hostIP?: string; protocol?: string }[];
  readinessProbe?: Handler; livenessProbe?: Handler; startupProbe?: Handler;
  lifecycle?: { preStop?: Handler; postStart?: Handler };
}
export interface PodSpec {
  nodeName?: string; hostNetwork?: boolean; dnsPolicy?: string; containers?: ContainerSpec[]; initContainers?: ContainerSpec[];
  volumes?: { name: string; hostPath?: { path?: string }; persistentVolumeClaim?: { claimName?: string } }[];
  nodeSelector?: Record<string, string>; dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name?: string; value?: string }[] };
}
export interface Pod extends KubeObject {
  spec?: PodSpec;
  status?: {
    phase?: string; podIP?: string; podIPs?: { ip?: string }[]; hostIP?: string; startTime?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { name: string; ready?: boolean; restartCount?: number; started?: boolean; state?: Record<string, { reason?: string; startedAt?: string }> }[];
  };
}
/** Deployment, StatefulSet, DaemonSet, ReplicaSet, Job. */
export interface Workload extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelector; template?: { metadata?: { labels?: Record<string, string> }; spec?: PodSpec } };
  status?: { replicas?: number; readyReplicas?: number; desiredNumberScheduled?: number; numberReady?: number; updatedNumberScheduled?: number };
}

export interface PolicyPort { port?: number | string; endPort?: number; protocol?: string }
export interface PolicyPeer { podSelector?: LabelSelector; namespaceSelector?: LabelSelector; ipBlock?: { cidr?: string; except?: string[] } }
export interface NetworkPolicy extends KubeObject {
  spec?: { podSelector?: LabelSelector; policyTypes?: string[]; ingress?: { from?: PolicyPeer[]; ports?: PolicyPort[] }[]; egress?: { to?: PolicyPeer[]; ports?: PolicyPort[] }[] };
}

export interface EventObject extends KubeObject { reason?: string; message?: string; involvedObject?: { kind?: string; namespace?: string; name?: string } }
export interface ConfigMap extends KubeObject { data?: Record<string, string> }
export interface IpPool extends KubeObject { spec?: { cidr?: string; blockSize?: number; ipipMode?: string; vxlanMode?: string; natOutgoing?: boolean; disabled?: boolean; nodeSelector?: string; allowedUses?: string[] } }
export interface AddressPool extends KubeObject { spec?: { addresses?: string[]; autoAssign?: boolean; serviceAllocation?: { namespaces?: string[] } } }
export interface Advertisement extends KubeObject { spec?: { ipAddressPools?: string[]; ipAddressPoolSelectors?: LabelSelector[]; nodeSelectors?: LabelSelector[]; interfaces?: string[] } }
