/** Deployment calico-kube-controllers: upstream's, without what needs Calico's own IPAM. */
import type { KubeObject } from '../../cluster/objects.ts';
import { calicoImages, calicoNamespace } from './version.ts';

/** Runs on any node, whichever CNI that has: bound to Calico's nodes, the first of them could not be drained again, because its pod would find no other place. */
export function controllersDeployment(): KubeObject {
  const labels = { 'k8s-app': 'calico-kube-controllers' };
  const probe = (flag: string) => ({ exec: { command: ['/usr/bin/check-status', flag] }, periodSeconds: 10, timeoutSeconds: 10 });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'calico-kube-controllers', namespace: calicoNamespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { name: 'calico-kube-controllers', namespace: calicoNamespace, labels },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' },
            { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
          ],
          serviceAccountName: 'calico-kube-controllers',
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          priorityClassName: 'system-cluster-critical',
          containers: [
            {
              name: 'calico-kube-controllers',
              image: calicoImages.kubeControllers,
              imagePullPolicy: 'IfNotPresent',
              env: [
                // The loadbalancer controller hands out addresses of Calico's IPAM, which stays unused.
                { name: 'ENABLED_CONTROLLERS', value: 'node' },
                { name: 'DATASTORE_TYPE', value: 'kubernetes' },
              ],
              livenessProbe: { ...probe('-l'), initialDelaySeconds: 10, failureThreshold: 6 },
              readinessProbe: probe('-r'),
              securityContext: { runAsNonRoot: true },
            },
          ],
        },
      },
    },
  };
}
