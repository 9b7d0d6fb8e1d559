/** Faults of policies, in the lab that enforces them; and two where nobody does. */
import type { TrialFault } from '../fault.ts';
import { clusterObject, idle, listener, object, pod, policy, ready, service, TRIAL } from '../objects.ts';
import { k3sSetting } from './ranges.ts';

const web = { matchLabels: { app: 'web' } };
const kubeSystem = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
const dnsPods = { ...kubeSystem, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
const dnsPorts = [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }];
const catalog = { to: [{ podSelector: { matchLabels: { app: 'catalog' } } }], ports: [{ protocol: 'TCP', port: 8080 }] };

export const POLICIES: readonly TrialFault[] = [
  { id: 'nobody-enforces', lab: 'flannel', what: 'a NetworkPolicy, and disable-network-policy is set', rule: 'FL-POL-001', subject: 'NetworkPolicy shop/deny', quick: true, changes: [{ apply: [policy('deny', { podSelector: {}, policyTypes: ['Ingress'] })] }] },
  { id: 'rules-not-there', lab: 'flannel', what: 'config.yaml.d turns K3s\' policy controller on, a NetworkPolicy is there, and no host has its chains', rule: 'FL-POL-015', subject: 'Node {agent-1}', changes: [k3sSetting('disable-network-policy: false'), { apply: [policy('deny', { podSelector: {}, policyTypes: ['Ingress'] })] }] },
  { id: 'policy-for-nobody', lab: 'calico', what: 'a policy for app: front, which no pod is', rule: 'FL-POL-002', subject: 'NetworkPolicy shop/front', changes: [{ apply: [policy('front', { podSelector: { matchLabels: { app: 'front' } }, ingress: [{ from: [{ podSelector: web }] }] })] }] },
  { id: 'egress-without-dns', lab: 'calico', what: 'web may send to catalog, and not ask for its name', rule: 'FL-POL-003', subject: 'NetworkPolicy shop/web-egress', changes: [{ apply: [policy('web-egress', { podSelector: web, policyTypes: ['Egress'], egress: [catalog] })] }] },
  { id: 'dns-by-udp-alone', lab: 'calico', what: 'web may ask for names by UDP, not by TCP', rule: 'FL-POL-003', subject: 'NetworkPolicy shop/web-egress', changes: [{ apply: [policy('web-egress', { podSelector: web, policyTypes: ['Egress'], egress: [catalog, { to: [dnsPods], ports: [{ protocol: 'UDP', port: 53 }] }] })] }] },
  {
    id: 'node-local-dns', lab: 'calico', what: 'node-local DNS, and egress that lets the DNS pods through alone', rule: 'FL-POL-004', subject: 'NetworkPolicy shop/web-egress',
    changes: [{ apply: [
      object('apps/v1', 'DaemonSet', 'node-local-dns', { spec: { selector: { matchLabels: { 'k8s-app': 'node-local-dns' } }, template: { metadata: { labels: { 'k8s-app': 'node-local-dns' } }, spec: { hostNetwork: true, terminationGracePeriodSeconds: 0, tolerations: [{ operator: 'Exists' }], containers: [idle('node-cache')] } } } }, 'kube-system'),
      policy('web-egress', { podSelector: web, policyTypes: ['Egress'], egress: [catalog, { to: [dnsPods], ports: dnsPorts }] }),
    ] }],
  },
  { id: 'or-instead-of-and', lab: 'calico', what: 'namespaceSelector and podSelector as two peers, where the pods of that namespace were meant', rule: 'FL-POL-005', subject: 'NetworkPolicy shop/from-dns', changes: [{ apply: [policy('from-dns', { podSelector: { matchLabels: { app: 'ledger' } }, ingress: [{ from: [kubeSystem, { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }] }] })] }] },
  { id: 'block-of-services', lab: 'calico', what: 'an ipBlock with the range of Services', rule: 'FL-POL-006', subject: 'NetworkPolicy shop/web-egress', changes: [{ apply: [policy('web-egress', { podSelector: web, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.43.0.0/16' } }] }, { to: [dnsPods], ports: dnsPorts }] })] }] },
  { id: 'port-of-no-name', lab: 'calico', what: 'a policy for port https, which web does not have', rule: 'FL-POL-007', subject: 'NetworkPolicy shop/web-https', changes: [{ apply: [policy('web-https', { podSelector: web, ingress: [{ ports: [{ port: 'https' }] }] })] }] },
  { id: 'host-closed', lab: 'calico', what: 'a HostEndpoint without any GlobalNetworkPolicy', rule: 'FL-POL-008', subject: 'HostEndpoint trial', changes: [{ apply: [clusterObject('crd.projectcalico.org/v1', 'HostEndpoint', 'trial', { spec: { node: '{agent-2}', interfaceName: 'eth0' } })] }] },
  { id: 'host-network-selected', lab: 'calico', what: 'a policy for a pod on the host network', rule: 'FL-POL-009', subject: 'NetworkPolicy trial/exporter', changes: [{ apply: [pod('exporter', '{agent-1}', { spec: { hostNetwork: true } }), policy('exporter', { podSelector: { matchLabels: { app: 'exporter' } }, policyTypes: ['Ingress'] }, TRIAL)] }, ready('exporter')] },
  { id: 'peer-of-nobody', lab: 'calico', what: 'ingress from pods app: frontend, which there are not', rule: 'FL-POL-010', subject: 'NetworkPolicy shop/catalog-clients', changes: [{ apply: [policy('catalog-clients', { podSelector: { matchLabels: { app: 'catalog' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'frontend' } } }] }] })] }] },
  {
    id: 'clients-by-address', lab: 'calico', what: 'clients allowed by address, behind a NodePort that hides addresses', rule: 'FL-POL-011', subject: `Service ${TRIAL}/api`,
    changes: [{ apply: [pod('api', '{agent-1}', { containers: [listener('0.0.0.0', 8080)] }), service('api', { type: 'NodePort', selector: { app: 'api' } }), policy('api', { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] }, TRIAL)] }, ready('api')],
  },
  { id: 'inert-egress', lab: 'calico', what: 'egress rules in a policy with policyTypes Ingress alone', rule: 'FL-POL-012', subject: 'NetworkPolicy shop/web-egress', changes: [{ apply: [policy('web-egress', { podSelector: web, policyTypes: ['Ingress'], ingress: [{}], egress: [catalog] })] }] },
];
