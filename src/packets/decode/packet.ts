/**
 * The packet at hand: one object that the decoder fills again for every packet, so that nothing is allocated on the way.
 * Where a packet has several layers of one kind (a tunnel), the fields are those of the layer that is being told about;
 * `outer…` keep the one around it. Addresses are signed 32-bit numbers: IPv4 as it is, IPv6 by its number in `AddressBook`.
 */

/** What carries the layer at hand. */
export const Tunnel = { none: 0, vxlan: 1, geneve: 2, ipip: 3, gre: 4 } as const;

export class Packet {
  bytes: Uint8Array = new Uint8Array(0);
  /** One past the last captured byte. */
  end = 0;
  /** From 1, as Wireshark numbers frames. */
  frame = 0;
  /** Nanoseconds since the first packet of the file. */
  time = 0;
  /** Number of the capture point: file and interface. */
  point = 0;
  /** Length on the wire, and where the frame would end in `bytes` if all of it was captured. */
  length = 0;
  wireEnd = 0;

  /** Where an Ethernet header starts; -1 when there is none (cooked, raw). */
  ethernetAt = -1;
  /** VLAN of the outermost tag; -1 without. */
  vlan = -1;
  /** Cooked v2 names the interface by its index; -1 elsewhere. */
  interfaceIndex = -1;
  /** Of cooked captures: 0 to us, 1 broadcast, 2 multicast, 3 to others, 4 sent by us; -1 elsewhere. */
  direction = -1;

  family: 0 | 4 | 6 = 0;
  ipAt = 0;
  source = 0;
  destination = 0;
  ttl = 0;
  /** Of IPv4; -1 for IPv6. */
  id = -1;
  dontFragment = false;
  protocol = 0;
  /** Whether only this fragment is there: the transport's length is then unknown. */
  fragment = false;
  /** Whether the layer stands in the quotation of an ICMP error. */
  quoted = false;

  /** Where the transport's header starts, its length on the wire, and where its captured bytes end. */
  at = 0;
  size = 0;
  captured = 0;
  sourcePort = 0;
  destinationPort = 0;

  /** How many tunnels are around the layer at hand, the innermost one's kind, and its identifier (VNI; -1 without). */
  depth = 0;
  tunnel: number = Tunnel.none;
  vni = -1;
  /** Addresses of the tunnel's ends, and where the header around the layer at hand starts. */
  outerFamily: 0 | 4 | 6 = 0;
  outerSource = 0;
  outerDestination = 0;
  outerIpAt = 0;

  /** Makes it ready for the next packet. */
  start(bytes: Uint8Array, at: number, end: number, frame: number, time: number, point: number, length: number): void {
    this.bytes = bytes;
    this.end = end;
    this.frame = frame;
    this.time = time;
    this.point = point;
    this.length = length;
    this.wireEnd = at + length;
    this.ethernetAt = -1;
    this.vlan = -1;
    this.interfaceIndex = -1;
    this.direction = -1;
    this.family = 0;
    this.depth = 0;
    this.tunnel = Tunnel.none;
    this.vni = -1;
    this.outerFamily = 0;
    this.quoted = false;
    this.fragment = false;
  }
}
