/** The enforcers that `--enforcer` knows. */
import { UsageError } from '../../core/errors.ts';
import type { Cited, Enforcer } from './enforcer.ts';

const cited = <T>(value: T, source: string): Cited<T> => ({ value, source });

const API = 'kubernetes.io/docs/concepts/services-networking/network-policies';
const ROUTER = 'kube-router pkg/controllers/netpol/network_policy_controller.go and pod.go (chains KUBE-POD-FW-*)';
const CILIUM = 'docs.cilium.io/en/stable';
const CALICO = 'docs.tigera.io/calico/latest';

/** What the API promises and no more: what it leaves open stays open. */
const api: Enforcer = {
  name: 'api',
  title: 'the text of the Kubernetes API; what it leaves open is reported as such',
  enforces: cited(['kubernetes', 'admin'], `${API}; network-policy-api.sigs.k8s.io`),
  hostNetwork: cited('undefined', `${API}, "NetworkPolicy and hostNetwork pods"`),
  blocksMatchPods: cited(true, `${API}, "Behavior of to and from selectors": ipBlock (should be cluster-external, but may hold pods)`),
  blocksMatchNodes: cited(true, `${API}, "Behavior of to and from selectors": ipBlock`),
  services: cited('undefined', `${API}, "Behavior of to and from selectors": whether addresses are rewritten before or after policies is not defined`),
  otherProtocols: cited('undefined', `${API}: policies are about TCP, UDP and SCTP; the rest may vary by plugin`),
  hairpin: cited('undefined', 'github.com/kubernetes/kubernetes/issues/125611'),
  denied: cited('undefined', `${API}: the API does not say how traffic is denied`),
  established: cited('undefined', `${API}, "Pod lifecycle": existing connections are up to the plugin`),
};

/** The policy controller inside K3s and of kube-router itself. */
const kubeRouter: Enforcer = {
  name: 'kube-router',
  title: 'kube-router, as K3s has it built in',
  enforces: cited(['kubernetes'], ROUTER),
  hostNetwork: cited('exempt', `${ROUTER}: a pod in the node's network has no chain, and traffic of the local node is accepted first`),
  blocksMatchPods: cited(true, `${ROUTER}: blocks are ipsets of networks, matched against the packet's address`),
  blocksMatchNodes: cited(true, `${ROUTER}: blocks are ipsets of networks, matched against the packet's address`),
  services: cited('backend', `${ROUTER}: chains of the table filter, behind the DNAT of kube-proxy in the table nat`),
  otherProtocols: cited('undefined', `${ROUTER}: some ICMP is accepted in KUBE-NWPLCY-DEFAULT, differently by version`),
  hairpin: cited('undefined', 'the source address after NAT depends on the proxy; not documented'),
  denied: cited('rejected', `${ROUTER}: REJECT --reject-with icmp-port-unreachable`),
  established: cited('kept', `${ROUTER}: "rule for stateful firewall for pod" accepts RELATED,ESTABLISHED first`),
};

const calico: Enforcer = {
  name: 'calico',
  title: 'Calico (Felix), with its own policies and tiers',
  enforces: cited(['kubernetes', 'admin', 'calico'], `${CALICO}/network-policy/policy-tiers/tiered-policy`),
  hostNetwork: cited('exempt', `${CALICO}/reference/resources/workloadendpoint: pods in the host's network have no workload endpoint`),
  blocksMatchPods: cited(true, `${CALICO}/reference/resources/globalnetworkpolicy, "EntityRule": nets are matched against the packet's address`),
  blocksMatchNodes: cited(true, `${CALICO}/reference/resources/globalnetworkpolicy, "EntityRule": nets are matched against the packet's address`),
  services: cited('backend', `${CALICO}/reference/host-endpoints/pre-dnat: only preDNAT policies of hosts see addresses before DNAT`),
  otherProtocols: cited('rules', `${CALICO}/reference/resources/networkpolicy: a rule without protocol matches every protocol; a Kubernetes rule without ports becomes one`),
  hairpin: cited('undefined', `${CALICO}/reference/felix/configuration: depends on the dataplane and on the proxy's NAT`),
  denied: cited('dropped', `${CALICO}/reference/felix/configuration, iptablesFilterDenyAction: default Drop`),
  established: cited('kept', `${CALICO}/reference/felix/configuration: conntrack ESTABLISHED is accepted before policy`),
};

const cilium: Enforcer = {
  name: 'cilium',
  title: 'Cilium, with its own policies; options of the agent at their defaults',
  enforces: cited(['kubernetes', 'cilium'], `${CILIUM}/network/kubernetes/policy`),
  hostNetwork: cited('exempt', `${CILIUM}/security/policy/language, "Host Policies": pods in the host's network have the host's identity`),
  blocksMatchPods: cited(false, `${CILIUM}/security/policy/language, "IP/CIDR based": not for endpoints that Cilium manages; github.com/cilium/cilium/issues/9209`),
  blocksMatchNodes: cited(false, `${CILIUM}/security/policy/language, "Selecting nodes with CIDR / ipBlock": only with policy-cidr-match-mode=nodes`),
  services: cited('backend', 'github.com/cilium/cilium/issues/21251: a Service\'s address is translated as early as possible, at the socket or where packets leave the pod'),
  otherProtocols: cited('rules', `${CILIUM}/security/policy/language, "Layer 4": a rule without toPorts allows all protocols`),
  hairpin: cited('undefined', 'github.com/cilium/cilium/issues/27709'),
  denied: cited('dropped', `${CILIUM}/security/policy/language; policy-deny-response: none`),
  established: cited('cut', `${CILIUM}/security/policy/intro: each packet of an endpoint is judged by the policy of its identities`),
};

const none: Enforcer = {
  name: 'none',
  title: 'a CNI that enforces nothing, such as Flannel alone: every policy is inert',
  enforces: cited([], `${API}, "Prerequisites"`),
  hostNetwork: cited('exempt', `${API}, "Prerequisites"`),
  blocksMatchPods: cited(true, 'no block is looked at'),
  blocksMatchNodes: cited(true, 'no block is looked at'),
  services: cited('backend', 'no address is looked at'),
  otherProtocols: cited('rules', 'nothing is isolated'),
  hairpin: cited('allowed', 'nothing is denied'),
  denied: cited('dropped', 'nothing is denied'),
  established: cited('kept', 'nothing is denied'),
};

export const ENFORCERS: readonly Enforcer[] = [api, kubeRouter, calico, cilium, none];

/** The enforcer of a name. Errors: UsageError listing those there are. */
export function enforcerOf(name: string): Enforcer {
  const found = ENFORCERS.find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`There is no enforcer ${JSON.stringify(name)}; there are ${ENFORCERS.map((one) => one.name).join(', ')}.`);
  return found;
}
