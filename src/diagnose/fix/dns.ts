/** DNS pods that were scaled away. Pure. */
import { refOf, isReady } from '../../cluster/objects.ts';
import { nameOf } from '../observe/scene.ts';
import { cannot, editSpec, type Mender } from './mender.ts';

export const DNS_MENDERS: readonly Mender[] = [
  {
    faults: ['D3'], does: 'Scales the Deployment of CoreDNS up again, where it is scaled to 0: to 2 where several nodes are ready, which is what kubeadm installs, else to 1. What stops pods that are there, it leaves alone.',
    find({ view }) {
      const { workload } = view.picture.dns;
      if (workload === undefined) return cannot('the Deployment of CoreDNS was not found');
      if (workload.kind !== 'Deployment' || workload.spec?.replicas !== 0) return cannot(`${workload.kind} ${nameOf(workload)} is not scaled to 0: why its pods are not ready, their logs tell`);
      const count = view.nodes.filter(isReady).length > 1 ? 2 : 1;
      return {
        what: `Deployment ${nameOf(workload)} is scaled from 0 to ${count}`,
        why: [`it is scaled to 0, and there is no DNS pod`, 'how many there were before, no object tells'],
        aims: [editSpec(refOf(workload), (spec) => (spec['replicas'] === 0 ? { replicas: count } : cannot(`Deployment ${nameOf(workload)} is no longer scaled to 0`)))],
      };
    },
  },
];
