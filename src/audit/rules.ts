/** All rules, by family. A rule joins by its file and one line here. */
import type { Rule } from './rule.ts';
import { ciliumNodeRange } from './rules/cidr/cilium-node-range.ts';
import { ciliumOwnPool } from './rules/cidr/cilium-own-pool.ts';
import { duplicatePodCidr } from './rules/cidr/duplicate-pod-cidr.ts';
import { hostRouteOverlap } from './rules/cidr/host-route-overlap.ts';
import { lbPoolOverlap } from './rules/cidr/lb-pool-overlap.ts';
import { nodeAddressInside } from './rules/cidr/node-address-inside.ts';
import { nodeCidrOutside } from './rules/cidr/node-cidr-outside.ts';
import { partsDisagree } from './rules/cidr/parts-disagree.ts';
import { podCidrsExhausted } from './rules/cidr/pod-cidrs-exhausted.ts';
import { podServiceOverlap } from './rules/cidr/pod-service-overlap.ts';
import { poolOutsideClusterCidr } from './rules/cidr/pool-outside-cluster-cidr.ts';
import { publicPodRange } from './rules/cidr/public-pod-range.ts';
import { bpfLeftovers } from './rules/cni/bpf-leftovers.ts';
import { calicoToken } from './rules/cni/calico-token.ts';
import { ciliumRenamedOthers } from './rules/cni/cilium-renamed-others.ts';
import { confUnnoticed } from './rules/cni/conf-unnoticed.ts';
import { firstFound } from './rules/cni/first-found.ts';
import { k3sServersDiffer } from './rules/cni/k3s-servers-differ.ts';
import { k3sSwap } from './rules/cni/k3s-swap.ts';
import { kprAndKubeProxy } from './rules/cni/kpr-and-kube-proxy.ts';
import { leftoverDevices } from './rules/cni/leftover-devices.ts';
import { leftoverRules } from './rules/cni/leftover-rules.ts';
import { missingPlugin } from './rules/cni/missing-plugin.ts';
import { noConf } from './rules/cni/no-conf.ts';
import { operatorDegraded } from './rules/cni/operator-degraded.ts';
import { podsOnOldCni } from './rules/cni/pods-on-old-cni.ts';
import { sameSubnetTwice } from './rules/cni/same-subnet-twice.ts';
import { sandboxEvents } from './rules/cni/sandbox-events.ts';
import { severalCnis } from './rules/cni/several-cnis.ts';
import { severalConfs } from './rules/cni/several-confs.ts';
import { dnsInsertFailed } from './rules/dns/dns-insert-failed.ts';
import { kubeletDns } from './rules/dns/kubelet-dns.ts';
import { loop } from './rules/dns/loop.ts';
import { ndots } from './rules/dns/ndots.ts';
import { dnsNoEndpoints } from './rules/dns/no-endpoints.ts';
import { singleReplica } from './rules/dns/single-replica.ts';
import { stubZone } from './rules/dns/stub-zone.ts';
import { bridgeNetfilterOff } from './rules/host/bridge-netfilter-off.ts';
import { calicoWrongAddress } from './rules/host/calico-wrong-address.ts';
import { conntrackFull } from './rules/host/conntrack-full.ts';
import { firewallActive } from './rules/host/firewall-active.ts';
import { flannelWrongAddress } from './rules/host/flannel-wrong-address.ts';
import { forwardDrop } from './rules/host/forward-drop.ts';
import { forwardingOff } from './rules/host/forwarding-off.ts';
import { gatewayRoute } from './rules/host/gateway-route.ts';
import { hairpinOff } from './rules/host/hairpin-off.ts';
import { inputDrop } from './rules/host/input-drop.ts';
import { iptablesMix } from './rules/host/iptables-mix.ts';
import { kernelTooOld } from './rules/host/kernel-too-old.ts';
import { looseRpfOldCalico } from './rules/host/loose-rpf-old-calico.ts';
import { neighbourTable } from './rules/host/neighbour-table.ts';
import { overlayFiltered } from './rules/host/overlay-filtered.ts';
import { podGatewayRoute } from './rules/host/pod-gateway-route.ts';
import { podLoopback } from './rules/host/pod-loopback.ts';
import { proxyArp } from './rules/host/proxy-arp.ts';
import { proxyDelay } from './rules/host/proxy-delay.ts';
import { rpFilterLb } from './rules/host/rp-filter-lb.ts';
import { rpFilter } from './rules/host/rp-filter.ts';
import { calicoBlocksExhausted } from './rules/ipam/calico-blocks-exhausted.ts';
import { calicoBlocksOrphaned } from './rules/ipam/calico-blocks-orphaned.ts';
import { ciliumIdentities } from './rules/ipam/cilium-identities.ts';
import { duplicatePodIp } from './rules/ipam/duplicate-pod-ip.ts';
import { hostLocalLeak } from './rules/ipam/host-local-leak.ts';
import { maxPods } from './rules/ipam/max-pods.ts';
import { noPodCidr } from './rules/ipam/no-pod-cidr.ts';
import { podIpOutside } from './rules/ipam/pod-ip-outside.ts';
import { addressOutside } from './rules/lb/address-outside.ts';
import { addressShared } from './rules/lb/address-shared.ts';
import { annotationsDiffer } from './rules/lb/annotations-differ.ts';
import { chartAddress } from './rules/lb/chart-address.ts';
import { excludedNodes } from './rules/lb/excluded-nodes.ts';
import { notAdvertised } from './rules/lb/not-advertised.ts';
import { oldCilium } from './rules/lb/old-cilium.ts';
import { pending } from './rules/lb/pending.ts';
import { poolExhausted } from './rules/lb/pool-exhausted.ts';
import { servicelbAndMetallb } from './rules/lb/servicelb-and-metallb.ts';
import { strictArp } from './rules/lb/strict-arp.ts';
import { twoBgpSpeakers } from './rules/lb/two-bgp-speakers.ts';
import { agentPort } from './rules/ml/agent-port.ts';
import { inferenceNotUp } from './rules/ml/inference-not-up.ts';
import { monitorPort } from './rules/ml/monitor-port.ts';
import { notScheduled } from './rules/ml/not-scheduled.ts';
import { policyGaps } from './rules/ml/policy-gaps.ts';
import { serverHost } from './rules/ml/server-host.ts';
import { serverPorts } from './rules/ml/server-ports.ts';
import { stackBlocked } from './rules/ml/stack-blocked.ts';
import { bpfDevices } from './rules/mtu/bpf-devices.ts';
import { checksumOffload } from './rules/mtu/checksum-offload.ts';
import { configuredMtu } from './rules/mtu/configured-mtu.ts';
import { mtuDiffers } from './rules/mtu/mtu-differs.ts';
import { overlayDiffers } from './rules/mtu/overlay-differs.ts';
import { podMtuTooBig } from './rules/mtu/pod-mtu-too-big.ts';
import { vsphere4789 } from './rules/mtu/vsphere-4789.ts';
import { vtepMac } from './rules/mtu/vtep-mac.ts';
import { vxlanPortClash } from './rules/mtu/vxlan-port-clash.ts';
import { andOr } from './rules/pol/and-or.ts';
import { badFields } from './rules/pol/bad-fields.ts';
import { hostEndpoint } from './rules/pol/host-endpoint.ts';
import { hostNetworkPods } from './rules/pol/host-network-pods.ts';
import { inertSection } from './rules/pol/inert-section.ts';
import { ipBlockCluster } from './rules/pol/ip-block-cluster.ts';
import { policyNamedPort } from './rules/pol/named-port.ts';
import { noDns } from './rules/pol/no-dns.ts';
import { nodeLocalDns } from './rules/pol/node-local-dns.ts';
import { notEnforced } from './rules/pol/not-enforced.ts';
import { peerMatchesNothing } from './rules/pol/peer-matches-nothing.ts';
import { rejectOnK3s } from './rules/pol/reject-on-k3s.ts';
import { rulesMissing } from './rules/pol/rules-missing.ts';
import { selectsNothing } from './rules/pol/selects-nothing.ts';
import { sourceLost } from './rules/pol/source-lost.ts';
import { barePods } from './rules/risk/bare-pods.ts';
import { budgetNoSlack } from './rules/risk/budget-no-slack.ts';
import { gitopsOwnsCni } from './rules/risk/gitops-owns-cni.ts';
import { oneServer } from './rules/risk/one-server.ts';
import { pinnedVolumes } from './rules/risk/pinned-volumes.ts';
import { rebooter } from './rules/risk/rebooter.ts';
import { singleReplicas } from './rules/risk/single-replicas.ts';
import { webhooks } from './rules/risk/webhooks.ts';
import { clusterIpOutside } from './rules/svc/cluster-ip-outside.ts';
import { hostPortClash } from './rules/svc/host-port-clash.ts';
import { localTrafficPolicy } from './rules/svc/local-traffic-policy.ts';
import { namedPort } from './rules/svc/named-port.ts';
import { noEndpoints } from './rules/svc/no-endpoints.ts';
import { nobodyListens } from './rules/svc/nobody-listens.ts';

export const RULES: readonly Rule[] = [
  poolOutsideClusterCidr, partsDisagree, podServiceOverlap, nodeAddressInside, hostRouteOverlap, lbPoolOverlap, ciliumOwnPool, ciliumNodeRange, duplicatePodCidr, podCidrsExhausted, nodeCidrOutside, publicPodRange,
  podIpOutside, duplicatePodIp, hostLocalLeak, calicoBlocksExhausted, calicoBlocksOrphaned, maxPods, noPodCidr, ciliumIdentities,
  podMtuTooBig, mtuDiffers, configuredMtu, bpfDevices,
  vxlanPortClash, overlayDiffers, vtepMac, checksumOffload, vsphere4789,
  proxyArp, gatewayRoute, proxyDelay, podGatewayRoute,
  forwardingOff, forwardDrop, firewallActive, bridgeNetfilterOff, rpFilter, rpFilterLb, iptablesMix, inputDrop, conntrackFull, neighbourTable, kernelTooOld, flannelWrongAddress, calicoWrongAddress, hairpinOff, podLoopback, looseRpfOldCalico, overlayFiltered,
  severalCnis, severalConfs, noConf, missingPlugin, ciliumRenamedOthers, calicoToken, leftoverDevices, leftoverRules, sameSubnetTwice, podsOnOldCni, k3sServersDiffer, kprAndKubeProxy, firstFound, operatorDegraded, sandboxEvents, k3sSwap, bpfLeftovers, confUnnoticed,
  notEnforced, selectsNothing, noDns, nodeLocalDns, andOr, ipBlockCluster, policyNamedPort, hostEndpoint, hostNetworkPods, peerMatchesNothing, sourceLost, inertSection, rejectOnK3s, badFields, rulesMissing,
  noEndpoints, namedPort, nobodyListens, hostPortClash, localTrafficPolicy, clusterIpOutside,
  pending, addressOutside, addressShared, notAdvertised, strictArp, servicelbAndMetallb, excludedNodes, poolExhausted, twoBgpSpeakers, annotationsDiffer, oldCilium, chartAddress,
  singleReplica, loop, dnsNoEndpoints, kubeletDns, stubZone, dnsInsertFailed, ndots,
  agentPort, serverPorts, policyGaps, inferenceNotUp, notScheduled, monitorPort, stackBlocked, serverHost,
  budgetNoSlack, barePods, pinnedVolumes, singleReplicas, webhooks, rebooter, gitopsOwnsCni, oneServer,
];
