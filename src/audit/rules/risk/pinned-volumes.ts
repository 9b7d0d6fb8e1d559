/** FL-RISK-003. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { object, pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Volume extends KubeObject { spec?: { local?: { path?: string }; hostPath?: { path?: string }; claimRef?: { namespace?: string; name?: string }; nodeAffinity?: { required?: unknown } } }

export const pinnedVolumes: Rule = {
  id: 'FL-RISK-003',
  title: 'Pods are tied to one node by their volumes',
  severity: 'warning',
  faults: [],
  looksAt: "PersistentVolumes of local disks (local, hostPath, as K3s' local-path makes them) and the pods that use their claims.",
  why: 'The pod cannot run anywhere else: while its node is drained, it is down.',
  fix: [{ what: 'Accept that they are down while their node is in flight (`fairlead plan --pinned-pods stop`), or move the data to storage of the network.' }],
  refs: ['migration hazards H18'],
  check(view) {
    const volumes = view.index.objects<Volume>('PersistentVolume').filter(({ spec }) => (spec?.local !== undefined || spec?.hostPath !== undefined) && spec.claimRef !== undefined);
    if (volumes.length === 0) return { skip: 'no volume of a local disk is in the snapshot' };
    return volumes.flatMap((one) => {
      const { namespace = '', name = '' } = one.spec?.claimRef ?? {};
      const pods = view.pods.filter(({ metadata, spec }) => metadata.namespace === namespace && spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name) === true);
      return pods.length === 0 ? [] : [{
        subjects: [...pods.map(subjectOf), subjectOf(one)],
        summary: `${pods.map(({ metadata }) => `${namespace}/${metadata.name}`).join(', ')} can run on one node only, because of volume ${one.metadata.name}`,
        evidence: [view.seen(one, 'spec', one.spec?.local ?? one.spec?.hostPath), view.seen(pods[0] as KubeObject, 'spec.volumes', `claim ${name}`)],
      }];
    });
  },
  bad: [
    object('v1', 'PersistentVolume', 'pv', { spec: { local: { path: '/data' }, claimRef: { namespace: 'app', name: 'data' } } }, null),
    pod('db-0', { spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } }),
  ],
  good: [
    object('v1', 'PersistentVolume', 'pv', { spec: { csi: { driver: 'driver.longhorn.io' }, claimRef: { namespace: 'app', name: 'data' } } }, null),
    pod('db-0', { spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } }),
  ],
};
