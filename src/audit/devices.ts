/** Devices by their names: whose they are. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';

/** Devices that CNIs make: tunnels, bridges and the hosts' ends of pods' links. */
const OF_CNI = /^(cni0|cbr0|flannel[.\d-].*|kube-bridge|cali[0-9a-f]{11}|vxlan(-v6)?\.calico|tunl0|wireguard\.cali|bpf(in|out)\.cali|cilium_.*|lxc[0-9a-z_]*|veth.*|weave|vethwe.*|antrea-gw0|kube-ipvs0|nodelocaldns)$/;

/** Whether a CNI, or kube-proxy, made a device. */
export function ofCni(device: string): boolean {
  return OF_CNI.test(device);
}

/** The hosts' ends of pods' links in Calico that are up. */
export function calicoPorts({ links = [] }: HostFacts): string[] {
  return links.filter(({ name, up }) => up && /^cali[0-9a-f]{11}$/.test(name)).map(({ name }) => name);
}

/** What a device's encapsulation adds to each packet over IPv4, bytes: VXLAN 50 (RFC 7348: 14 Ethernet, 20 IP, 8 UDP, 8 VXLAN), IPIP 20, WireGuard 60. */
export function overheadOf(device: { name: string; kind: string }): number | undefined {
  if (device.kind === 'vxlan' || device.kind === 'geneve') return 50;
  if (device.kind === 'ipip' || device.name === 'tunl0') return 20;
  return device.kind === 'wireguard' ? 60 : undefined;
}
