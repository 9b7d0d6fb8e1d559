/** Routes of a host that lead somewhere on purpose, and that no CNI made. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import { ofCni } from './devices.ts';
import type { View } from './view.ts';

/** Tells which routes of hosts' main tables are of a VPN, of Docker, of an administrator: none of a CNI, and none to a node's pod range by way of a node. BIRD's are marked `bird`, Felix' 80 (Calico: DeviceRouteProtocol). */
export function foreignRoutes(view: View): (route: NonNullable<HostFacts['routes']>[number]) => boolean {
  const nodeAddresses = new Set(view.nodes.map((one) => view.addressOf(one)));
  const podCidrs = new Set(view.ranges('node-pod').map(({ range }) => range));
  return ({ table, type, dst, device, gateway, protocol }) => table === 'main' && type === 'unicast' && dst !== 'default' && !ofCni(device ?? '') && !podCidrs.has(dst) && !(gateway !== undefined && nodeAddresses.has(gateway)) && !/^(bird|80)$/.test(protocol);
}
