/** FL-POL-008. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { calicoNode, ipPool, node, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Controllers extends KubeObject { spec?: { controllers?: { node?: { hostEndpoint?: { autoCreate?: string } } } } }
interface HostEndpoint extends KubeObject { spec?: { node?: string; interfaceName?: string; profiles?: string[] } }

export const hostEndpoint: Rule = {
  id: 'FL-POL-008',
  title: 'A host is closed by a HostEndpoint without a policy that opens it',
  severity: 'error',
  faults: ['P7'],
  looksAt: "HostEndpoints without a profile (those that Calico makes by itself have projectcalico-default-allow) while no GlobalNetworkPolicy is there.",
  why: 'Unlike a pod, a host with an endpoint and no policy lets nothing through but the failsafe ports (22, 53, 67, 68, 179, 2379, 2380, 5473, 6443, 6666, 6667): the kubelet, NodePorts and the overlay of nodes are cut off.',
  fix: [{ what: 'Make the policy first, then the endpoint; or take the endpoint away.', command: 'kubectl delete hostendpoints.crd.projectcalico.org NAME' }],
  refs: ['docs.tigera.io host-endpoints/connectivity'],
  check(view) {
    const endpoints = view.index.objects<HostEndpoint>('HostEndpoint').filter(({ spec }) => (spec?.profiles ?? []).length === 0);
    const auto = view.index.objects<Controllers>('KubeControllersConfiguration').some(({ spec }) => spec?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled');
    if (endpoints.length === 0) return { skip: auto ? 'HostEndpoints are made by themselves, with a profile that allows' : 'there are no HostEndpoints in the snapshot' };
    const policies = view.index.objects('GlobalNetworkPolicy');
    if (policies.length > 0) return { unknown: `whether the ${policies.length} GlobalNetworkPolicies open the HostEndpoints is not judged` };
    return endpoints.map((one) => ({
      subjects: [subjectOf(one)],
      summary: `HostEndpoint ${one.metadata.name} closes node ${one.spec?.node ?? '?'}, and no GlobalNetworkPolicy opens it`,
      evidence: [view.seen(one, 'spec', one.spec), view.derived('GlobalNetworkPolicy', 'none')],
    }));
  },
  bad: [
    node('n1'),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    object('crd.projectcalico.org/v1', 'HostEndpoint', 'n1-eth0', { spec: { node: 'n1', interfaceName: 'eth0' } }, null),
  ],
  good: [
    node('n1'),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    object('crd.projectcalico.org/v1', 'HostEndpoint', 'n1-auto-hep', { spec: { node: 'n1', interfaceName: '*', profiles: ['projectcalico-default-allow'] } }, null),
  ],
};
