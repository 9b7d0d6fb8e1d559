/** FL-POL-004. */
import type { NetworkPolicy } from '../../../cluster/snapshot/typed.ts';
import { node, pod, policy, workload } from '../../examples.ts';
import { directionsOf, networkPolicies, selectedPods } from '../../policies.ts';
import { textContains } from '../../../net/range.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Where node-local DNS listens: upstream's, and Kubespray's. */
const ADDRESSES = ['169.254.20.10', '169.254.25.10'];

type EgressRule = NonNullable<NonNullable<NetworkPolicy['spec']>['egress']>[number];

/** Whether a policy means DNS at all. */
function namesDns({ spec }: NetworkPolicy): boolean {
  return (spec?.egress ?? []).some(({ ports = [] }) => ports.some(({ port }) => port === 53));
}

/** Whether a rule lets UDP 53 of node-local DNS through. */
function letsNodeLocal({ to = [], ports = [] }: EgressRule): boolean {
  const port = ports.length === 0 || ports.some((one) => (one.port === undefined || one.port === 53) && one.protocol === 'UDP');
  const address = to.length === 0 || to.some(({ ipBlock }) => ADDRESSES.some((ip) => textContains(ipBlock?.cidr, ip)));
  return port && address;
}

export const nodeLocalDns: Rule = {
  id: 'FL-POL-004',
  title: 'Policies let pods reach the DNS pods, but lookups go to node-local DNS',
  severity: 'warning',
  faults: ['P4'],
  looksAt: 'A DaemonSet node-local-dns, and policies for egress of which no rule lets port 53 of its link-local address (169.254.20.10 or .25.10) through by an ipBlock, or of everything.',
  why: 'node-local DNS runs on the host network, which no selector matches: names do not resolve, with the very rule that is right without it.',
  fix: [{ what: "Allow its address and the DNS Service's as well.", command: 'egress:\n- to: [{ipBlock: {cidr: 169.254.20.10/32}}]\n  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]' }],
  refs: ['calico#3795', 'k8s#70555', 'gardener#2745'],
  check(view) {
    if (!view.picture.dns.nodeLocal) return { skip: 'node-local DNS is not in the snapshot' };
    const policies = networkPolicies(view).filter((one) => directionsOf(one).egress && (one.spec?.egress ?? []).length > 0 && selectedPods(view, one).length > 0);
    return policies.filter(namesDns).filter((one) => !(one.spec?.egress ?? []).some(letsNodeLocal)).map((one) => ({
      subjects: [subjectOf(one)],
      summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} lets DNS through to pods, not to node-local DNS`,
      evidence: [view.seen(one, 'spec.egress', one.spec?.egress), view.derived('DaemonSet node-local-dns', 'is there, on the host network', 'observed')],
    }));
  },
  bad: [
    node('n1'),
    workload('DaemonSet', 'node-local-dns', 'registry.k8s.io/dns/k8s-dns-node-cache:1.25.0'),
    pod('a'),
    policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] }] }),
  ],
  good: [
    node('n1'),
    workload('DaemonSet', 'node-local-dns', 'registry.k8s.io/dns/k8s-dns-node-cache:1.25.0'),
    pod('a'),
    policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }, { ipBlock: { cidr: '169.254.20.10/32' } }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] }] }),
  ],
};
