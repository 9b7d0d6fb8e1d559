/** How much of a packet is headers: the rest is what applications say to each other, and is not kept unless it was asked for. */
import { AddressBook } from '../decode/address-book.ts';
import { Decoder, Protocol } from '../decode/decoder.ts';
import type { Layers } from '../decode/layers.ts';
import { Packet } from '../decode/packet.ts';
import { u8 } from '../read/bytes.ts';

/** What is kept of a packet of which no layer was understood: a link header with tags, and an IPv4 header. */
const UNKNOWN = 42;

export class Headers implements Layers {
  readonly #packet = new Packet();
  readonly #decoder = new Decoder(this, new AddressBook());
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** Bytes of the frame in [at, at + captured) up to the end of its innermost header. */
  length(bytes: Uint8Array, at: number, captured: number, length: number, linkType: number): number {
    this.#bytes = bytes;
    this.#end = 0;
    this.#packet.start(bytes, at, at + captured, 1, 0, 0, length);
    this.#decoder.frame(this.#packet, linkType, at);
    return Math.min(captured, this.#end === 0 ? UNKNOWN : this.#end - at);
  }

  arp(packet: Packet, at: number): void {
    if (packet.bytes === this.#bytes) this.#end = Math.max(this.#end, at + 28);
  }

  ip(packet: Packet): void {
    this.#upTo(packet, packet.at);
  }

  tcp(packet: Packet): void {
    this.#upTo(packet, packet.at + (packet.quoted ? 8 : Math.max(20, (u8(packet.bytes, packet.at + 12) >> 4) * 4)));
  }

  udp(packet: Packet): void {
    this.#upTo(packet, packet.at + 8);
  }

  /** Of neighbour discovery the target and the MAC address belong to what is understood. */
  icmp(packet: Packet): void {
    const type = u8(packet.bytes, packet.at);
    this.#upTo(packet, packet.at + (packet.protocol === Protocol.icmpv6 && type >= 133 && type <= 137 ? 32 : 8));
  }

  sctp(packet: Packet): void {
    this.#upTo(packet, packet.at + 16);
  }

  malformed(): void {
    // What was understood before it counts.
  }

  /** Of datagrams that were put together the transport stands in other bytes; the fragment keeps its IP header. */
  #upTo(packet: Packet, end: number): void {
    if (packet.bytes === this.#bytes && end > this.#end) this.#end = Math.min(end, packet.captured);
  }
}
