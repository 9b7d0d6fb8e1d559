/** FL-VXLAN-005. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { calicoNode, ipPool, node, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

interface Felix extends KubeObject { spec?: { vxlanPort?: number } }

export const vsphere4789: Rule = {
  id: 'FL-VXLAN-005',
  title: 'Calico uses VXLAN port 4789 on vSphere',
  severity: 'info',
  faults: ['V2'],
  looksAt: "Nodes with a providerID of vSphere, pools with VXLAN, and FelixConfiguration without another vxlanPort.",
  why: 'Some versions of ESXi and its drivers treat UDP 4789 as their own: ping between pods works, TCP does not. Whether yours does, only a test shows.',
  fix: [
    { what: 'If TCP between nodes fails: move the port, or turn checksum offload of the cards off.', command: "kubectl patch felixconfiguration default --type merge -p '{\"spec\":{\"vxlanPort\":4799}}'" },
  ],
  refs: ['calico#9433'],
  check(view) {
    const vsphere = view.nodes.filter(({ spec }) => spec.providerID?.startsWith('vsphere://') === true);
    if (vsphere.length === 0) return { skip: 'no node says that it runs on vSphere' };
    if (view.picture.cni?.name !== 'calico' || !(view.picture.cni.backend ?? '').includes('VXLAN')) return { skip: 'Calico does not use VXLAN here' };
    const port = view.index.find<Felix>('FelixConfiguration', 'default')?.spec?.vxlanPort ?? 4789;
    return port !== 4789 ? [] : [{
      subjects: vsphere.map(({ metadata }) => `Node ${metadata.name}`),
      summary: `${vsphere.length} nodes run on vSphere, and Calico's VXLAN uses port 4789`,
      evidence: [
        ...vsphere.slice(0, 2).map((one) => view.seen(one, 'spec.providerID', one.spec.providerID)),
        view.derived('FelixConfiguration default vxlanPort', String(port)),
      ],
    }];
  },
  bad: [node('n1', { spec: { providerID: 'vsphere://4230' } }), calicoNode(), ipPool('p', { cidr: '10.42.0.0/16' })],
  good: [
    node('n1', { spec: { providerID: 'vsphere://4230' } }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    object('crd.projectcalico.org/v1', 'FelixConfiguration', 'default', { spec: { vxlanPort: 4799 } }, null),
  ],
};
