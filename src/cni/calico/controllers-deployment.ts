/** Deployment calico-kube-controllers: upstream's, without what needs Calico's own IPAM. */
import type { KubeObject } from '../../cluster/objects.ts';
import type { CalicoSettings } from './settings.ts';
import { calicoImages, calicoNamespace } from './version.ts';

/** Runs only where Calico runs: as long as no node does, its pod stays Pending, and the cluster is as it was. */
export function controllersDeployment(settings: CalicoSettings): KubeObject {
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
          nodeSelector: { 'kubernetes.io/os': 'linux', ...settings.nodeSelector },
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
