/** The mesh as Kubernetes objects: agents on every node that ask for no privilege but, for one of the two, the host's network. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { AgentKind, MeshConfig } from '../agent/config.ts';

export const MESH_NAMESPACE = 'fairlead-system';
export const AGENT_IMAGE = 'ghcr.io/fairlead/agent:dev';
export const MESH_NODE_PORT = 30_777;
/** Names of objects; the kind of agent is a label of its pods. */
export const MESH_NAME = 'fairlead-agent';
export const KIND_LABEL = 'fairlead.dev/agent';
export const MESH_SELECTOR = `app.kubernetes.io/name=${MESH_NAME}`;

/** Ports inside the agents' pods; hosts bind none. */
export const MESH_PORTS = { udp: 31_771, tcp: 31_772, canary: 31_773, control: 31_774 } as const;

/**
 * Options of Node that keep an agent small: its live heap is 7 MB with five nodes' streams, but grows
 * to its limit before it is collected. Measured side by side for a pod's agent: 79 MB and 6.6 % of a
 * core with all compilers, 76 MB and 7.4 % without the last one, 70 MB and 9.4 % in lite mode. The
 * others have a fourth of its work and can do without compilers. 46 to 50 MB of each are the program
 * itself, which the agents of a node share. With five nodes' streams a limit of 16 MB costs as much CPU as
 * one of 20 MB, which let the program grow to 81 MB; each further node adds streams of its own.
 */
export function agentNodeFlags(kind: AgentKind, nodes: number): string[] {
  return [`--max-old-space-size=${16 + Math.max(0, nodes - 5)}`, '--max-semi-space-size=1', kind === 'pod' ? '--no-opt' : '--lite-mode'];
}

export const AGENT_ENV = { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '1' } as const;

/** Name of the emptyDir volume that holds samples and pushed configuration, and the files in it. */
export const SAMPLES_VOLUME = 'samples';
export const SAMPLES_FILE = 'samples.ndjson';
export const CONFIG_FILE = 'config.json';

export interface ManifestOptions {
  namespace?: string;
  image?: string;
  nodePort?: number;
  /** What agents start with. It names no peers: a pod that starts later must not probe addresses of the past. */
  bootstrap: MeshConfig;
  /** 32 bytes or more. */
  key: Uint8Array;
  /** How many nodes the cluster has: agents get memory for as many. */
  nodes: number;
  drainSeconds?: number;
}

const NONROOT = 65_532;

/** All objects of a mesh, in the order in which they are to be applied. */
export function meshManifests(options: ManifestOptions): KubeObject[] {
  const namespace = options.namespace ?? MESH_NAMESPACE;
  const labels = { 'app.kubernetes.io/name': MESH_NAME, 'app.kubernetes.io/part-of': 'fairlead' };
  const meta = (name: string): KubeObject['metadata'] => ({ name, namespace, labels });
  const podAgents = { 'app.kubernetes.io/name': MESH_NAME, [KIND_LABEL]: 'pod' };
  const { udp, tcp, control } = options.bootstrap.ports;
  const port = (name: string, number: number, protocol = 'TCP'): object => ({ name, port: number, targetPort: number, protocol });
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      // The hostNetwork agents are what `baseline` forbids; nothing here is privileged.
      metadata: { name: namespace, labels: { 'app.kubernetes.io/part-of': 'fairlead', 'pod-security.kubernetes.io/enforce': 'privileged' } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(MESH_NAME), automountServiceAccountToken: false },
    { apiVersion: 'v1', kind: 'Secret', metadata: meta(MESH_NAME), type: 'Opaque', data: { key: Buffer.from(options.key).toString('base64') } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(MESH_NAME), data: { [CONFIG_FILE]: JSON.stringify(options.bootstrap) } },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta(`${MESH_NAME}-canary`),
      // Everything but the canary port is allowed from anywhere: wherever policy is enforced, that port is closed.
      spec: {
        podSelector: { matchLabels: podAgents },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: udp, protocol: 'UDP' }, { port: tcp, protocol: 'TCP' }, { port: control, protocol: 'TCP' }] }],
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: meta(MESH_NAME), spec: { type: 'ClusterIP', selector: podAgents, ports: [port('tcp', tcp)] } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(`${MESH_NAME}-node`),
      spec: { type: 'NodePort', selector: podAgents, ports: [{ ...port('tcp', tcp), nodePort: options.nodePort ?? MESH_NODE_PORT }] },
    },
    daemonSet(options, 'pod', meta(MESH_NAME)),
    daemonSet(options, 'host', meta(`${MESH_NAME}-host`)),
  ];
}

function daemonSet(options: ManifestOptions, kind: 'pod' | 'host', metadata: KubeObject['metadata']): KubeObject {
  const labels = { ...metadata.labels, [KIND_LABEL]: kind };
  const selector = { 'app.kubernetes.io/name': MESH_NAME, [KIND_LABEL]: kind };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { ...metadata, labels },
    spec: {
      selector: { matchLabels: selector },
      // Measuring must not restart its own instruments in the middle of a migration.
      updateStrategy: { type: 'OnDelete' },
      template: { metadata: { labels }, spec: podSpec(options, kind) },
    },
  };
}

function podSpec(options: ManifestOptions, kind: 'pod' | 'host'): object {
  const drainSeconds = options.drainSeconds ?? 5;
  const { control } = options.bootstrap.ports;
  return {
    serviceAccountName: MESH_NAME,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(kind === 'host' ? { hostNetwork: true } : {}),
    // Agents need no resolver, and a broken one must not keep them from starting.
    dnsPolicy: 'Default',
    // On cordoned and tainted nodes too: those are the ones being worked on.
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: drainSeconds + 10,
    securityContext: { runAsNonRoot: true, runAsUser: NONROOT, runAsGroup: NONROOT, fsGroup: NONROOT, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'agent',
        image: options.image ?? AGENT_IMAGE,
        imagePullPolicy: 'IfNotPresent',
        command: ['/usr/local/bin/node', ...agentNodeFlags(kind, options.nodes), '/app/agent.mjs'],
        env: [
          { name: 'AGENT_KIND', value: kind },
          { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'AGENT_CONFIG', value: `/etc/fairlead/config/${CONFIG_FILE}:/samples/${CONFIG_FILE}` },
          { name: 'AGENT_KEY_FILE', value: '/etc/fairlead/key/key' },
          { name: 'AGENT_SAMPLES', value: `/samples/${SAMPLES_FILE}` },
          { name: 'DRAIN_SECONDS', value: String(drainSeconds) },
          ...Object.entries(AGENT_ENV).map(([name, value]) => ({ name, value })),
        ],
        // No CPU limit: a throttled instrument measures its throttling.
        resources: { requests: { cpu: '50m', memory: '80Mi' }, limits: { memory: '192Mi' } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        ...(kind === 'pod' ? { readinessProbe: { httpGet: { path: '/ready', port: control }, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 3 } } : {}),
        volumeMounts: [
          { name: 'config', mountPath: '/etc/fairlead/config', readOnly: true },
          { name: 'key', mountPath: '/etc/fairlead/key', readOnly: true },
          { name: SAMPLES_VOLUME, mountPath: '/samples' },
        ],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: MESH_NAME } },
      { name: 'key', secret: { secretName: MESH_NAME, defaultMode: 0o440 } },
      { name: SAMPLES_VOLUME, emptyDir: {} },
    ],
  };
}
