/** What Flannel set up on one node, read from the kernel and from its files: the facts that a takeover must keep. */
import { readAddresses } from '../../node/facts/addresses.ts';
import { readLinks, type Link, type Vxlan } from '../../node/facts/links.ts';
import { readText, type NodeShell } from '../../node/shell.ts';
import type { FlannelAnnotations } from './detect.ts';
import { bridgeName, deviceName, subnetEnvPath } from './names.ts';

export interface SubnetEnv {
  network?: string;
  subnet?: string;
  mtu?: number;
  ipMasq?: boolean;
}

export interface FlannelNode {
  node: string;
  /** The tunnel as it is in the kernel; absent when there is no Flannel device. */
  tunnel?: { name: string; mac: string; mtu: number; addresses: string[] } & Partial<Vxlan>;
  /** All Flannel devices by name (several with dual-stack or after a change of backend). */
  devices: string[];
  bridge?: { name: string; mtu: number; ports: string[] };
  subnetEnv?: SubnetEnv;
}

/** Parses `/run/flannel/subnet.env`. */
function parseSubnetEnv(text: string): SubnetEnv {
  const env = new Map(text.split('\n').flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()] as const] : [])));
  const network = env.get('FLANNEL_NETWORK');
  const subnet = env.get('FLANNEL_SUBNET');
  const mtu = env.get('FLANNEL_MTU');
  const ipMasq = env.get('FLANNEL_IPMASQ');
  return {
    ...(network === undefined ? {} : { network }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(ipMasq === undefined ? {} : { ipMasq: ipMasq === 'true' }),
  };
}

/** Reads a node's Flannel devices, bridge and subnet.env. Changes nothing. */
export async function inspectFlannel(shell: NodeShell): Promise<FlannelNode> {
  const links = await readLinks(shell);
  const addresses = await readAddresses(shell);
  const devices = links.filter((link) => deviceName.test(link.name));
  const tunnel = devices.find((link) => link.vxlan !== undefined && !link.name.startsWith('flannel-v6.')) ?? devices[0];
  const bridge = links.find((link) => link.name === bridgeName && link.kind === 'bridge');
  const env = await readText(shell, subnetEnvPath);
  return {
    node: shell.node,
    ...(tunnel === undefined ? {} : { tunnel: describeTunnel(tunnel, addresses.filter((address) => address.device === tunnel.name && address.family === 'inet').map((address) => `${address.address}/${address.prefixLength}`)) }),
    devices: devices.map((link) => link.name),
    ...(bridge === undefined ? {} : { bridge: { name: bridge.name, mtu: bridge.mtu, ports: links.filter((link) => link.master === bridge.name).map((link) => link.name) } }),
    ...(env === undefined ? {} : { subnetEnv: parseSubnetEnv(env) }),
  };
}

/** What contradicts what on a node: kernel, annotations and podCIDR must tell the same story before anything is taken over. Empty when they do. */
export function contradictions(facts: FlannelNode, said: FlannelAnnotations): string[] {
  const found: string[] = [];
  const { tunnel } = facts;
  if (said.backend !== 'vxlan') return found;
  if (tunnel?.vni === undefined) return [`node ${facts.node} is announced as a VXLAN node, but has no Flannel VXLAN device`];
  if (said.vtepMac !== undefined && said.vtepMac.toLowerCase() !== tunnel.mac.toLowerCase()) {
    found.push(`node ${facts.node}: ${tunnel.name} has the MAC address ${tunnel.mac}, but its Node annotation tells the others ${said.vtepMac}`);
  }
  if (said.vni !== undefined && said.vni !== tunnel.vni) found.push(`node ${facts.node}: ${tunnel.name} has VNI ${tunnel.vni}, but its Node annotation says ${said.vni}`);
  if (said.publicIp !== undefined && tunnel.local !== undefined && said.publicIp !== tunnel.local) {
    found.push(`node ${facts.node}: ${tunnel.name} sends from ${tunnel.local}, but its Node annotation says ${said.publicIp}`);
  }
  const expected = said.podCidr === undefined ? undefined : `${said.podCidr.split('/')[0]}/32`;
  if (expected !== undefined && !tunnel.addresses.includes(expected)) {
    found.push(`node ${facts.node}: ${tunnel.name} should have the address ${expected} (the first of the node's podCIDR), it has ${tunnel.addresses.join(', ') || 'none'}`);
  }
  return found;
}

function describeTunnel(link: Link, addresses: string[]): NonNullable<FlannelNode['tunnel']> {
  return { name: link.name, mac: link.mac, mtu: link.mtu, addresses, ...link.vxlan };
}
