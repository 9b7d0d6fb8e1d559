/** Network devices of a node, from `ip -d -j link show`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

export interface Vxlan {
  vni: number;
  /** UDP destination port. */
  port: number;
  /** Source address of the tunnel's packets. */
  local?: string;
  /** Device that the tunnel runs over. */
  device?: string;
  learning: boolean;
  /** Metadata mode: one device for all VNIs of the port. */
  external: boolean;
}

export interface Link {
  index: number;
  name: string;
  /** `vxlan`, `bridge`, `veth`, …; empty for physical devices and loopback. */
  kind: string;
  mac: string;
  mtu: number;
  /** Administratively up. */
  up: boolean;
  master?: string;
  /** The other end of a veth is in another network namespace (a pod's, usually). */
  peerElsewhere: boolean;
  vxlan?: Vxlan;
}

interface RawLink {
  ifindex: number;
  ifname: string;
  mtu: number;
  flags: string[];
  address?: string;
  master?: string;
  link_netnsid?: number;
  linkinfo?: { info_kind?: string; info_data?: { id?: number; port?: number; local?: string; link?: string; learning?: boolean; external?: boolean } };
}

/** Parses the output of `ip -d -j link show`. */
export function parseLinks(text: string): Link[] {
  return parseArray<RawLink>(text, '`ip -d -j link show`').map((raw) => {
    const kind = raw.linkinfo?.info_kind ?? '';
    const link: Link = {
      index: raw.ifindex,
      name: raw.ifname,
      kind,
      mac: raw.address ?? '',
      mtu: raw.mtu,
      up: raw.flags.includes('UP'),
      ...(raw.master === undefined ? {} : { master: raw.master }),
      peerElsewhere: raw.link_netnsid !== undefined,
    };
    const data = raw.linkinfo?.info_data;
    if (kind === 'vxlan' && data !== undefined) {
      link.vxlan = {
        vni: data.id ?? 0,
        port: data.port ?? 0,
        ...(data.local === undefined ? {} : { local: data.local }),
        ...(data.link === undefined ? {} : { device: data.link }),
        learning: data.learning ?? true,
        external: data.external ?? false,
      };
    }
    return link;
  });
}

/** Reads all devices of a node's own network namespace. */
export async function readLinks(shell: NodeShell): Promise<Link[]> {
  return parseLinks(await runOrThrow(shell, ['ip', '-d', '-j', 'link', 'show']));
}
