/** Tells VXLAN and Geneve by what the bytes say, whatever the port: CNIs use 4789, 8472 and any other (`vxlanPort`, `tunnel-port`). */
import { u16, u8 } from '../read/bytes.ts';
import { Tunnel, type Packet } from './packet.ts';

const found = { kind: 0 as number, vni: -1, header: 0, etherType: 0 };
const [BRIDGED, GENEVE_PORT] = [0x6558, 6081];
/** Ports of VXLAN that nobody must name: IANA's, and Linux' own default, which Flannel and Cilium use. */
const KNOWN: ReadonlySet<number> = new Set([4789, 8472]);

/** The tunnel in a UDP packet, in an object that the next call overwrites; undefined when there is none. */
export function tunnelOfUdp(packet: Packet, given: ReadonlySet<number>): Readonly<typeof found> | undefined {
  const { bytes } = packet;
  const at = packet.at + 8;
  if (packet.captured - at < 8) return undefined;
  const port = packet.destinationPort;
  // VXLAN (RFC 7348 §5): the flag I, all else reserved and 0.
  if ((u8(bytes, at) & 0xf7) === 0 && u8(bytes, at) === 8 && u8(bytes, at + 7) === 0) {
    if (KNOWN.has(port) || given.has(port) || (u16(bytes, at + 1) === 0 && u8(bytes, at + 3) === 0 && isFrame(packet, at + 8))) {
      return take(Tunnel.vxlan, at + 4, 16, BRIDGED, bytes);
    }
  }
  // Geneve (RFC 8926 §3.4): version 0, length of options in units of 4, then the type of what it carries.
  if (port === GENEVE_PORT && u8(bytes, at) >> 6 === 0) {
    const header = 16 + (u8(bytes, at) & 0x3f) * 4;
    if (packet.captured - packet.at < header) return undefined;
    return take(Tunnel.geneve, at + 4, header, u16(bytes, at + 2), bytes);
  }
  return undefined;
}

function take(kind: number, vniAt: number, header: number, etherType: number, bytes: Uint8Array): typeof found {
  found.kind = kind;
  found.vni = (u8(bytes, vniAt) << 16) | u16(bytes, vniAt + 1);
  found.header = header;
  found.etherType = etherType;
  return found;
}

/** Whether an Ethernet frame of IP or ARP that fits into the datagram stands there: on an unknown port the header alone is too weak a sign. */
function isFrame(packet: Packet, at: number): boolean {
  const { bytes } = packet;
  if (packet.captured - at < 34 || (u8(bytes, at + 6) & 1) !== 0) return false;
  const type = u16(bytes, at + 12);
  const room = packet.at + packet.size - (at + 14);
  if (type === 0x0800) return u8(bytes, at + 14) >> 4 === 4 && u16(bytes, at + 16) <= room;
  if (type === 0x86dd) return u8(bytes, at + 14) >> 4 === 6 && u16(bytes, at + 18) + 40 <= room;
  return type === 0x0806 && u16(bytes, at + 14) === 1 && u16(bytes, at + 16) === 0x0800;
}
