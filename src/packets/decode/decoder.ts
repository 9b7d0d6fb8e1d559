/** Takes a frame apart, from its link type inwards, through tunnels, in place. */
import { u16, u8, i32 } from '../read/bytes.ts';
import type { AddressBook } from './address-book.ts';
import { Fragments } from './fragments.ts';
import type { Layers } from './layers.ts';
import { Tunnel, type Packet } from './packet.ts';
import { tunnelOfUdp } from './udp-tunnel.ts';

/** Numbers of link types: https://www.tcpdump.org/linktypes.html, their draft draft-ietf-opsawg-pcaplinktype. */
export const LinkType = { null: 0, ethernet: 1, rawBsd: 12, rawOpenBsd: 14, raw: 101, loop: 108, cooked: 113, ipv4: 228, ipv6: 229, cooked2: 276 } as const;

const [IPV4, ARP, VLAN, QINQ, OLD_QINQ, IPV6, BRIDGED] = [0x0800, 0x0806, 0x8100, 0x88a8, 0x9100, 0x86dd, 0x6558];
export const Protocol = { icmp: 1, ipip: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47, icmpv6: 58, sctp: 132 } as const;
/** Deepest nesting that is followed: pod, node, and what carries the node. */
const DEEPEST = 6;

export class Decoder {
  readonly #layers: Layers;
  readonly #addresses: AddressBook;
  readonly #fragments = new Fragments();
  readonly #vxlanPorts: ReadonlySet<number>;

  /** `vxlanPorts`: destination ports that are VXLAN beyond doubt; others are looked at. */
  constructor(layers: Layers, addresses: AddressBook, vxlanPorts: ReadonlySet<number> = new Set()) {
    this.#layers = layers;
    this.#addresses = addresses;
    this.#vxlanPorts = vxlanPorts;
  }

  /** Decodes the frame that `packet` was started with, from `at`. False for link types that are not known. */
  frame(packet: Packet, linkType: number, at: number): boolean {
    const { bytes, end } = packet;
    switch (linkType) {
      case LinkType.ethernet:
        this.#ethernet(packet, at);
        return true;
      case LinkType.cooked:
        if (end - at < 16) this.#layers.malformed(packet, 'ethernet');
        else {
          packet.direction = u16(bytes, at);
          this.#payload(packet, u16(bytes, at + 14), at + 16);
        }
        return true;
      case LinkType.cooked2:
        if (end - at < 20) this.#layers.malformed(packet, 'ethernet');
        else {
          packet.interfaceIndex = i32(bytes, at + 4);
          packet.direction = u8(bytes, at + 10);
          this.#payload(packet, u16(bytes, at), at + 20);
        }
        return true;
      case LinkType.raw:
      case LinkType.rawBsd:
      case LinkType.rawOpenBsd:
      case LinkType.ipv4:
      case LinkType.ipv6:
        this.#ipOfAnyVersion(packet, at);
        return true;
      case LinkType.null:
      case LinkType.loop:
        this.#ipOfAnyVersion(packet, at + 4);
        return true;
      default:
        return false;
    }
  }

  #ethernet(packet: Packet, at: number): void {
    if (packet.end - at < 14) return this.#layers.malformed(packet, 'ethernet');
    packet.ethernetAt = at;
    this.#payload(packet, u16(packet.bytes, at + 12), at + 14);
  }

  /** What follows a link header, by EtherType. */
  #payload(packet: Packet, etherType: number, from: number): void {
    const { bytes, end } = packet;
    let [type, at] = [etherType, from];
    while (type === VLAN || type === QINQ || type === OLD_QINQ) {
      if (end - at < 4) return this.#layers.malformed(packet, 'ethernet');
      if (packet.vlan < 0) packet.vlan = u16(bytes, at) & 0xfff;
      type = u16(bytes, at + 2);
      at += 4;
    }
    if (type === IPV4) this.#ipv4(packet, at);
    else if (type === IPV6) this.#ipv6(packet, at);
    else if (type === ARP) this.#arp(packet, at);
  }

  #arp(packet: Packet, at: number): void {
    const { bytes } = packet;
    if (packet.end - at < 8) return this.#layers.malformed(packet, 'arp');
    // Ethernet and IPv4: the only kind that pods speak (RFC 826).
    if (u16(bytes, at) !== 1 || u16(bytes, at + 2) !== IPV4 || u8(bytes, at + 4) !== 6 || u8(bytes, at + 5) !== 4) return;
    if (packet.end - at < 28) return this.#layers.malformed(packet, 'arp');
    this.#layers.arp(packet, at);
  }

  #ipOfAnyVersion(packet: Packet, at: number): void {
    const version = at < packet.end ? u8(packet.bytes, at) >> 4 : 0;
    if (version === 4) this.#ipv4(packet, at);
    else if (version === 6) this.#ipv6(packet, at);
    else this.#layers.malformed(packet, 'ipv4');
  }

  #ipv4(packet: Packet, at: number): void {
    const { bytes, end } = packet;
    if (end - at < 20) return this.#layers.malformed(packet, 'ipv4');
    const header = (u8(bytes, at) & 15) * 4;
    const said = u16(bytes, at + 2);
    // A length of 0 stands for a segment larger than 64 kB that the network card was to cut (TSO).
    const total = said === 0 ? Math.max(packet.wireEnd - at, header) : said;
    if (u8(bytes, at) >> 4 !== 4 || header < 20 || total < header || end - at < header) return this.#layers.malformed(packet, 'ipv4');
    packet.family = 4;
    packet.ipAt = at;
    packet.source = i32(bytes, at + 12);
    packet.destination = i32(bytes, at + 16);
    packet.ttl = u8(bytes, at + 8);
    packet.id = u16(bytes, at + 4);
    const flags = u16(bytes, at + 6);
    packet.dontFragment = (flags & 0x4000) !== 0;
    packet.protocol = u8(bytes, at + 9);
    packet.at = at + header;
    packet.size = total - header;
    packet.captured = Math.min(end, at + total);
    packet.fragment = false;
    if ((flags & 0x3fff) === 0 || packet.quoted) {
      this.#layers.ip(packet);
      if ((flags & 0x1fff) === 0) this.#transport(packet);
      return;
    }
    this.#fragment(packet, packet.id, (flags & 0x1fff) * 8, (flags & 0x2000) !== 0);
  }

  #ipv6(packet: Packet, at: number): void {
    const { bytes, end } = packet;
    if (end - at < 40 || u8(bytes, at) >> 4 !== 6) return this.#layers.malformed(packet, 'ipv6');
    packet.family = 6;
    packet.ipAt = at;
    packet.source = this.#addresses.number(bytes, at + 8);
    packet.destination = this.#addresses.number(bytes, at + 24);
    packet.ttl = u8(bytes, at + 7);
    packet.id = -1;
    packet.dontFragment = true;
    packet.fragment = false;
    let [next, from] = [u8(bytes, at + 6), at + 40];
    const said = u16(bytes, at + 4);
    const total = said === 0 && next !== 0 ? Math.max(packet.wireEnd, at + 40) : at + 40 + said;
    for (;;) {
      packet.protocol = next;
      packet.at = from;
      packet.size = total - from;
      packet.captured = Math.min(end, total);
      // Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in units of 8 (RFC 6564); authentication: of 4.
      const extension = next === 0 || next === 43 || next === 60 || next === 135 || next === 139 || next === 140;
      if (!extension && next !== 51 && next !== 44) break;
      if (packet.captured - from < 8) return packet.captured < total ? undefined : this.#layers.malformed(packet, 'ipv6');
      const following = u8(bytes, from);
      if (next === 44) {
        const [place, id] = [u16(bytes, from + 2), i32(bytes, from + 4)];
        packet.protocol = following;
        packet.at = from + 8;
        packet.size = total - from - 8;
        if ((place & 0xfff9) !== 0 && !packet.quoted) return this.#fragment(packet, id, place & 0xfff8, (place & 1) !== 0);
        if ((place & 0xfff8) !== 0) return;
        from += 8;
      } else from += next === 51 ? (u8(bytes, from + 1) + 2) * 4 : (u8(bytes, from + 1) + 1) * 8;
      next = following;
      if (from > total) return this.#layers.malformed(packet, 'ipv6');
    }
    this.#layers.ip(packet);
    this.#transport(packet);
  }

  /** One fragment. The transport is told about when the last one is there, from the first one's bytes; a cut first fragment is told about alone. */
  #fragment(packet: Packet, id: number, offset: number, more: boolean): void {
    this.#layers.ip(packet);
    const whole = packet.captured - packet.at >= packet.size;
    if (!whole) {
      packet.fragment = true;
      if (offset === 0) this.#transport(packet);
      return;
    }
    const done = this.#fragments.add(packet, id, offset, more);
    if (done === undefined) return;
    const { bytes, end } = packet;
    packet.bytes = done.head;
    packet.end = done.head.length;
    packet.ethernetAt = -1;
    packet.at = 0;
    packet.size = done.size;
    packet.captured = Math.min(done.head.length, done.size);
    this.#transport(packet);
    packet.bytes = bytes;
    packet.end = end;
  }

  #transport(packet: Packet): void {
    const { bytes, at } = packet;
    const there = packet.captured - at;
    switch (packet.protocol) {
      case Protocol.tcp:
        if (there < 16) return packet.quoted ? undefined : this.#layers.malformed(packet, 'tcp');
        packet.sourcePort = u16(bytes, at);
        packet.destinationPort = u16(bytes, at + 2);
        return this.#layers.tcp(packet);
      case Protocol.udp:
        if (there < 8) return this.#layers.malformed(packet, 'udp');
        packet.sourcePort = u16(bytes, at);
        packet.destinationPort = u16(bytes, at + 2);
        this.#layers.udp(packet);
        if (!packet.quoted && !packet.fragment && packet.depth < DEEPEST) this.#udpTunnel(packet);
        return;
      case Protocol.icmp:
      case Protocol.icmpv6:
        return this.#icmp(packet, there);
      case Protocol.sctp:
        if (there < 12) return this.#layers.malformed(packet, 'sctp');
        packet.sourcePort = u16(bytes, at);
        packet.destinationPort = u16(bytes, at + 2);
        return this.#layers.sctp(packet);
      case Protocol.ipip:
      case Protocol.ipv6:
        if (!this.#enter(packet, Tunnel.ipip, -1)) return;
        return packet.protocol === Protocol.ipip ? this.#ipv4(packet, at) : this.#ipv6(packet, at);
      case Protocol.gre:
        return this.#gre(packet, there);
      default:
    }
  }

  #icmp(packet: Packet, there: number): void {
    if (there < 8) return this.#layers.malformed(packet, 'icmp');
    const { bytes, at, family } = packet;
    const type = u8(bytes, at);
    this.#layers.icmp(packet);
    // Errors quote the packet that they are about: RFC 792; RFC 4443 §2.1 (types below 128).
    const quotes = family === 4 ? type === 3 || type === 4 || type === 5 || type === 11 || type === 12 : type >= 1 && type <= 4;
    if (!quotes || packet.quoted || there < 28) return;
    packet.quoted = true;
    packet.end = packet.captured;
    if (family === 4) this.#ipv4(packet, at + 8);
    else this.#ipv6(packet, at + 8);
    packet.quoted = false;
  }

  /** Marks that what follows is carried by the layer at hand. False when it is nested too deep. */
  #enter(packet: Packet, tunnel: number, vni: number): boolean {
    if (packet.depth >= DEEPEST) {
      this.#layers.malformed(packet, 'nesting');
      return false;
    }
    packet.depth++;
    packet.tunnel = tunnel;
    packet.vni = vni;
    packet.outerFamily = packet.family;
    packet.outerSource = packet.source;
    packet.outerDestination = packet.destination;
    packet.outerIpAt = packet.ipAt;
    packet.end = packet.captured;
    packet.ethernetAt = -1;
    return true;
  }

  #udpTunnel(packet: Packet): void {
    const found = tunnelOfUdp(packet, this.#vxlanPorts);
    if (found === undefined) return;
    const { at } = packet;
    if (!this.#enter(packet, found.kind, found.vni)) return;
    this.#carried(packet, found.etherType, at + found.header);
  }

  /** Inside tunnels: a bridged frame, or an IP packet. */
  #carried(packet: Packet, etherType: number, at: number): void {
    if (etherType === BRIDGED) this.#ethernet(packet, at);
    else this.#payload(packet, etherType, at);
  }

  /** RFC 2784, RFC 2890: checksum, key and sequence number are there when their bits are. */
  #gre(packet: Packet, there: number): void {
    if (there < 4) return this.#layers.malformed(packet, 'tunnel');
    const { bytes, at } = packet;
    const flags = u16(bytes, at);
    if ((flags & 7) !== 0) return;
    const header = 4 + ((flags & 0xc000) === 0 ? 0 : 4) + ((flags & 0x2000) === 0 ? 0 : 4) + ((flags & 0x1000) === 0 ? 0 : 4);
    if (there < header) return this.#layers.malformed(packet, 'tunnel');
    const key = (flags & 0x2000) === 0 ? -1 : i32(bytes, at + 4 + ((flags & 0xc000) === 0 ? 0 : 4));
    if (this.#enter(packet, Tunnel.gre, key)) this.#carried(packet, u16(bytes, at + 2), at + header);
  }
}
