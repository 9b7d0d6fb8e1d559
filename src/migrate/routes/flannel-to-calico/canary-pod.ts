/** Pods that are started to try something out on one node, and go again. */
import type { KubeObject } from '../../../cluster/objects.ts';

export const canaryNamespace = 'fairlead-system';
/** TCP port on which a canary says `fairlead`. */
export const CANARY_PORT = 7946;

/** What became of an attempt to reach a canary; `unknown` when nobody could say. */
export type Seen = 'open' | 'cut' | 'unknown';

export interface CanaryPodOptions {
  name: string;
  /** Value of its label app.kubernetes.io/name. */
  label: string;
  node: string;
  image: string;
  /** Program for Node.js. */
  script: string;
  port: number;
  env?: Readonly<Record<string, string>>;
}

/** A pod bound to a node without the scheduler; it tolerates a cordon, and asks for nothing. */
export function canaryPod({ name, label, node, image, script, port, env = {} }: CanaryPodOptions): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: canaryNamespace, labels: { 'app.kubernetes.io/name': label, 'fairlead.dev/node': node } },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'canary', image, imagePullPolicy: 'IfNotPresent',
        command: ['node', '-e', script],
        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
        ports: [{ containerPort: port }],
        resources: { requests: { cpu: '5m', memory: '32Mi' } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      }],
    },
  };
}
