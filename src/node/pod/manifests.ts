/** The pods through which hosts are entered, as Kubernetes objects: privileged, in the host's namespaces, with nothing of their own but nsenter. */
import type { KubeObject } from '../../cluster/objects.ts';

export const NODE_IMAGE = 'ghcr.io/fairlead/node:dev';
export const NODE_NAMESPACE = 'fairlead-system';
/** Label value of every DaemonSet and pod of this kind, whichever run made it. */
export const NODE_NAME = 'fairlead-node';
export const NODE_SELECTOR = `app.kubernetes.io/name=${NODE_NAME}`;
export const CONTAINER = 'host';

/**
 * Enters the mount, UTS, IPC and network namespaces of the host's process 1; the pod shares its process ids already. Short
 * options, because busybox' nsenter knows no others.
 */
export const ENTER = ['nsenter', '-t', '1', '-m', '-u', '-i', '-n', '--'] as const;

export interface NodePodOptions {
  /** Name of the DaemonSet: each run has its own. */
  name: string;
  /** An image with `nsenter` on its PATH. */
  image: string;
}

/** Namespace and DaemonSet, in the order in which they are to be applied. */
export function nodePodManifests(options: NodePodOptions): KubeObject[] {
  const labels = { 'app.kubernetes.io/name': NODE_NAME, 'app.kubernetes.io/part-of': 'fairlead' };
  const own = { ...labels, 'fairlead.dev/run': options.name };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NODE_NAMESPACE, labels: { 'app.kubernetes.io/part-of': 'fairlead', 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: options.name, namespace: NODE_NAMESPACE, labels: own },
      spec: {
        selector: { matchLabels: { 'fairlead.dev/run': options.name } },
        updateStrategy: { type: 'OnDelete' },
        template: {
          metadata: { labels: own },
          spec: {
            hostPID: true,
            hostNetwork: true,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            dnsPolicy: 'Default',
            // On cordoned, tainted and full nodes too: those are the ones being worked on.
            tolerations: [{ operator: 'Exists' }],
            priorityClassName: 'system-node-critical',
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: CONTAINER,
                image: options.image,
                imagePullPolicy: 'IfNotPresent',
                // The host's own sleep: the image needs no other program.
                command: [...ENTER, 'sleep', 'infinity'],
                securityContext: { privileged: true },
                // No limits: commands of the host count as this pod's, and a backup must not be killed for its size.
                resources: { requests: { cpu: '10m', memory: '16Mi' } },
              },
            ],
          },
        },
      },
    },
  ];
}
