/** Who is told what the decoder finds. Every call is about the layer that `Packet` holds at that moment. */
import type { Packet } from './packet.ts';

export interface Layers {
  /** An ARP packet of Ethernet and IPv4, whole, at `at`. */
  arp(packet: Packet, at: number): void;
  /** An IP header was read: addresses, TTL, protocol. Before its transport; of fragments, for each. */
  ip(packet: Packet): void;
  /** At least 16 bytes of the TCP header are captured. */
  tcp(packet: Packet): void;
  udp(packet: Packet): void;
  /** ICMP and ICMPv6 with at least 8 bytes. An error's quoted packet follows with `quoted` set. */
  icmp(packet: Packet): void;
  sctp(packet: Packet): void;
  /** A layer that is cut or contradicts itself. */
  malformed(packet: Packet, what: Malformed): void;
}

export type Malformed = 'ethernet' | 'arp' | 'ipv4' | 'ipv6' | 'tcp' | 'udp' | 'icmp' | 'sctp' | 'tunnel' | 'nesting';
