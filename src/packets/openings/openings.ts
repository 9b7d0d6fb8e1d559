/** The connections of a capture: who opened each of them, where to, and how many there were. */
import type { Readable } from 'node:stream';
import { AddressBook, ipv4Text } from '../decode/address-book.ts';
import { Decoder } from '../decode/decoder.ts';
import type { Layers } from '../decode/layers.ts';
import { Packet } from '../decode/packet.ts';
import { tunnelOfUdp } from '../decode/udp-tunnel.ts';
import { Chunk, sctpChunks } from '../decode/sctp.ts';
import { u32, u8 } from '../read/bytes.ts';
import { readCapture } from '../read/read-capture.ts';
import type { CapturePoint, Cut, PacketSink } from '../read/sink.ts';
import { openSource } from '../read/source.ts';
import { Tcp } from '../tcp/flags.ts';
import { Recent } from './recent.ts';

/** Connections from one address to a port of another. */
export interface Opening {
  from: string;
  to: string;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  port: number;
  count: number;
}

export interface Openings {
  openings: Opening[];
  /** Connections of TCP of which the capture has a part, but not how they were opened. */
  unopened: number;
  /** Where the capture ended before its end. */
  cut: Cut | undefined;
}

/** Ports below are bound by servers (IANA's system ports, RFC 6335 §6): a datagram from there to a port above answers. */
const FIRST_USER_PORT = 1_024;

const NO_PORTS: ReadonlySet<number> = new Set();

class Collector implements PacketSink, Layers {
  readonly #packet = new Packet();
  readonly #addresses = new AddressBook();
  readonly #decoder: Decoder = new Decoder(this, this.#addresses);
  readonly #linkTypes: number[] = [];
  readonly #found = new Map<string, Opening>();
  /** Connections that were counted, by their ends and what tells one from the next between the same. */
  readonly #counted = new Recent();
  /** Both directions of what was counted; a later datagram there belongs to it. */
  readonly #known = new Recent();
  readonly #unopened = new Recent();
  #frame = 0;
  unopened = 0;

  point({ linkType }: CapturePoint): number {
    return this.#linkTypes.push(linkType) - 1;
  }

  packet(point: number, bytes: Buffer, at: number, captured: number, length: number): void {
    this.#frame += 1;
    this.#packet.start(bytes, at, at + captured, this.#frame, 0, point, length);
    this.#decoder.frame(this.#packet, this.#linkTypes[point]!, at);
  }

  #text(packet: Packet, address: number): string {
    return packet.family === 6 ? this.#addresses.text(address) : ipv4Text(address);
  }

  /** One more connection; `turned`: the packet is one that goes back to who opened it. */
  #open(packet: Packet, protocol: Opening['protocol'], turned: boolean): void {
    const [source, destination] = [this.#text(packet, packet.source), this.#text(packet, packet.destination)];
    const [from, to, port] = turned ? [destination, source, packet.sourcePort] : [source, destination, packet.destinationPort];
    const key = `${protocol} ${from} ${to} ${port}`;
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { from, to, protocol, port, count: 1 });
    else known.count += 1;
  }

  /** The ends of a packet's connection; of either direction with `turned`. */
  #ends({ family, source, destination, sourcePort, destinationPort }: Packet, turned = false): string {
    return turned ? `${family} ${destination} ${destinationPort} ${source} ${sourcePort}` : `${family} ${source} ${sourcePort} ${destination} ${destinationPort}`;
  }

  tcp(packet: Packet): void {
    if (packet.quoted || packet.fragment) return;
    const flags = u8(packet.bytes, packet.at + 13);
    const [syn, ack] = [(flags & Tcp.syn) !== 0, (flags & Tcp.ack) !== 0];
    if (!syn) {
      const [ends, back] = [this.#ends(packet), this.#ends(packet, true)];
      if (this.#known.has(ends) || this.#known.has(back) || this.#unopened.has(ends) || this.#unopened.has(back) || (flags & Tcp.rst) !== 0) return;
      this.#unopened.add(ends);
      this.unopened += 1;
      return;
    }
    // A SYN that is sent again, or seen at several places on its way, has the number of the first; where a Service's address was exchanged for a pod's, too.
    const opener = ack ? `${packet.destination} ${packet.destinationPort} ${(u32(packet.bytes, packet.at + 8) - 1) >>> 0}` : `${packet.source} ${packet.sourcePort} ${u32(packet.bytes, packet.at + 4)}`;
    this.#known.add(this.#ends(packet, ack));
    if (!this.#counted.add(`${packet.family} ${opener}`)) return;
    this.#open(packet, 'TCP', ack);
  }

  udp(packet: Packet): void {
    if (packet.quoted || packet.fragment || tunnelOfUdp(packet, NO_PORTS) !== undefined) return;
    const turned = packet.sourcePort < FIRST_USER_PORT && packet.destinationPort >= FIRST_USER_PORT;
    const ends = this.#ends(packet, turned);
    if (this.#known.has(`u ${ends}`) || this.#known.has(`u ${this.#ends(packet, !turned)}`)) return;
    this.#known.add(`u ${ends}`);
    this.#open(packet, 'UDP', turned);
  }

  sctp(packet: Packet): void {
    if (packet.quoted || packet.fragment) return;
    sctpChunks(packet.bytes, packet.at + 12, packet.captured, (kind, at) => {
      if (kind === Chunk.init && packet.captured - at >= 8 && this.#counted.add(`s ${this.#ends(packet)} ${u32(packet.bytes, at + 4)}`)) this.#open(packet, 'SCTP', false);
    });
  }

  get openings(): Opening[] {
    return [...this.#found.values()];
  }

  arp(): void {
    // Opens nothing.
  }

  ip(): void {
    // What matters stands in the layer above.
  }

  icmp(): void {
    // Has no ports.
  }

  malformed(): void {
    // `fairlead capture` is what looks at broken packets.
  }
}

/**
 * Reads the connections of a capture file (pcap or pcapng, also compressed), or of standard input for `-`. Carriers of tunnels
 * are no connections of their own; what they carry counts once, however often it was captured on its way. Memory grows with
 * the pairs of ends, not with the packets. Errors: UsageError for what is no capture.
 */
export async function readOpenings(file: string, stdin: Readable | undefined, signal?: AbortSignal): Promise<Openings> {
  const [source, collector] = [await openSource(file, stdin), new Collector()];
  try {
    const cut = await readCapture(file, source, collector, signal === undefined ? {} : { signal });
    return { openings: collector.openings, unopened: collector.unopened, cut };
  } finally {
    await source.close();
  }
}
