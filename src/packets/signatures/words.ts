/** Puts addresses, ends and times of packets into words. */
import { ipv4Text, type AddressBook } from '../decode/address-book.ts';
import type { Packet } from '../decode/packet.ts';
import type { FlowTable } from '../tcp/flow-table.ts';
import { COMMON, WORDS } from '../tcp/layout.ts';

export class Words {
  readonly #addresses: AddressBook;
  readonly #name: (address: string) => string | undefined;

  /** `name` says whose an address is, where that is known. */
  constructor(addresses: AddressBook, name: (address: string) => string | undefined = () => undefined) {
    this.#addresses = addresses;
    this.#name = name;
  }

  plain(family: number, address: number): string {
    return family === 4 ? ipv4Text(address) : this.#addresses.text(address);
  }

  /** `10.42.1.5 (shop/web-1)`. */
  address(family: number, address: number): string {
    return this.named(this.plain(family, address));
  }

  named(text: string): string {
    const name = this.#name(text);
    return name === undefined ? text : `${text} (${name})`;
  }

  /** `10.42.1.5:40000`, with a name where there is one. */
  end(family: number, address: number, port: number): string {
    const text = this.plain(family, address);
    const name = this.#name(text);
    const where = family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
    return name === undefined ? where : `${where} (${name})`;
  }

  ends(packet: Packet): string {
    return `${this.end(packet.family, packet.source, packet.sourcePort)} → ${this.end(packet.family, packet.destination, packet.destinationPort)}`;
  }

  /** The ends of a connection as the given direction sends. */
  flow(table: FlowTable, flow: number, direction: number): string {
    const { words } = table;
    const at = flow * WORDS;
    const family = words[at + COMMON.family] as number;
    const ports = words[at + COMMON.ports] as number;
    const low = this.end(family, words[at + COMMON.low] as number, ports >>> 16);
    const high = this.end(family, words[at + COMMON.high] as number, ports & 0xffff);
    return direction === 0 ? `${low} → ${high}` : `${high} → ${low}`;
  }
}

/** Bytes of the largest IP packet that an MSS allows: headers without options (RFC 9293 §3.7.1). */
export const packetOf = (family: number, mss: number): number => mss + (family === 6 ? 60 : 40);

/** Nanoseconds as people read them. */
export function span(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(0)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 1 : 0)} ms`;
  return `${(nanoseconds / 1e9).toFixed(nanoseconds < 1e10 ? 2 : 0)} s`;
}
