/** Incidents that their own words tell: pods without a network, and components that say what is the matter. */
import type { Incident } from './incidents.ts';
import type { Trial } from './cluster.ts';

const failed = (words: string): string => `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "9b1d": ${words}`;
/** A web pod that has no network yet. */
function waiting(trial: Trial, words: string): readonly string[] {
  trial.change('Pod', /^web-2$/, (pod: { status: { phase: string; podIP?: string; podIPs?: object[]; conditions: object[] } }) => {
    pod.status.phase = 'Pending';
    pod.status.conditions = [{ type: 'Ready', status: 'False' }];
    delete pod.status.podIP;
    delete pod.status.podIPs;
  });
  return [failed(words), '--from', 'shop/web-2'];
}

export const TEXT_ALONE: readonly Incident[] = [
  { fault: 'I1', what: 'no address is left on the node', network: true, flavours: ['k3s-flannel', 'kubeadm-flannel'], make: (trial) => waiting(trial, `plugin type="flannel" failed (add): failed to allocate for range 0: no IP addresses available in range set: ${trial.base}.2.1-${trial.base}.2.254`) },
  { fault: 'N2', what: "Cilium's agent does not run", network: true, make: (trial) => waiting(trial, 'plugin type="cilium-cni" failed (add): unable to connect to Cilium daemon: failed to create cilium agent client after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory') },
  { fault: 'N2', what: 'calico-node has not run', network: true, make: (trial) => waiting(trial, 'plugin type="calico" failed (add): stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/') },
  { fault: 'N3', what: 'a plugin is not installed', network: true, make: (trial) => waiting(trial, 'failed to find plugin "portmap" in path [/opt/cni/bin]') },
  { fault: 'N6', what: "the plugin's token has expired", network: true, flavours: ['k3s-calico', 'kubeadm-calico'], make: (trial) => waiting(trial, 'plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized') },
  { fault: 'A10', what: 'a stale route to the address', network: true, flavours: ['k3s-calico', 'kubeadm-calico'], make: (trial) => waiting(trial, `plugin type="calico" failed (add): error adding host side routes for interface: cali1, error: route (Ifindex: 5, Dst: ${trial.base}.2.9/32, Scope: link) already exists for an interface other than 'cali1'`) },
  { fault: 'L1', what: 'cni0 has an address of another range', network: true, flavours: ['k3s-flannel', 'kubeadm-flannel'], make: (trial) => waiting(trial, `plugin type="flannel" failed (add): failed to set bridge addr: "cni0" already has an IP address different from ${trial.base}.2.1/24`) },
  { fault: 'I4', what: "Cilium's identities are used up", network: true, flavours: ['kubeadm-cilium'], make: () => ['level=warning msg="Key allocation attempt failed" error="no more available IDs in configured space" subsys=allocator'] },
  { fault: 'A6', what: 'the kernel says that the neighbour table is full', network: true, make: () => ['kernel: neighbour: arp_cache: neighbor table overflow!'] },
  { fault: 'D4', what: 'the kernel says that the table of connections is full', network: true, make: () => ['kernel: nf_conntrack: nf_conntrack: table full, dropping packet'] },
  { fault: 'V3', what: 'two tunnels want one port', network: true, make: () => ['level=fatal msg="Unable to initialize datapath" error="setting up vxlan device: setting up device cilium_vxlan: address already in use"'] },
  { fault: 'D3', what: 'CoreDNS asks itself', network: true, make: () => ['[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone "."'] },
  { fault: 'S3', what: 'models find no server', network: false, make: () => ['Failed to schedule model as no matching servers are available'] },
];
