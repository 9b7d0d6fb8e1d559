/** Analyses the packets of one file: decodes each and hands its layers to those who look at them. */
import type { CaptureFile } from './analyse.ts';
import { Conversations } from './application/conversations.ts';
import type { AddressBook } from './decode/address-book.ts';
import { applicationOf } from './decode/application.ts';
import { Decoder, Protocol } from './decode/decoder.ts';
import type { Layers, Malformed } from './decode/layers.ts';
import { Packet } from './decode/packet.ts';
import { Chunk, sctpChunks } from './decode/sctp.ts';
import { isWireguard } from './decode/wireguard.ts';
import type { Follower } from './path/follower.ts';
import type { Point, Points } from './points.ts';
import { i32, u16, u8 } from './read/bytes.ts';
import type { CapturePoint, PacketSink } from './read/sink.ts';
import { Calls } from './signatures/calls.ts';
import { Checksums } from './signatures/checksums.ts';
import { Connections } from './signatures/connections.ts';
import { DnsTraffic } from './signatures/dns.ts';
import type { Findings } from './signatures/findings.ts';
import { IcmpErrors } from './signatures/icmp.ts';
import { Neighbours } from './signatures/neighbours.ts';
import { Tunnels } from './signatures/tunnels.ts';
import type { Words } from './signatures/words.ts';
import { TcpAnalysis } from './tcp/analysis.ts';
import { Seen, Tcp } from './tcp/flags.ts';
import type { Totals } from './totals.ts';

export interface Shared { findings: Findings; words: Words; addresses: AddressBook; points: Points; follower: Follower; totals: Totals; vxlanPorts: ReadonlySet<number> }

/** What was there before. */
const REPEATED = Seen.retransmission | Seen.fastRetransmission | Seen.spuriousRetransmission;
const DNS_PORT = 53;
/** Where CoreDNS and NodeLocal DNSCache listen in pods when they may not bind port 53; multicast DNS uses it, too. */
const DNS_ALTERNATIVE = 5353;

export class FileAnalysis implements PacketSink, Layers {
  readonly #shared: Shared;
  readonly #file: string;
  readonly #ahead: number;
  readonly #interfaces: Readonly<Record<string, string>>;
  readonly #packet = new Packet();
  readonly #decoder: Decoder;
  readonly #tcp: TcpAnalysis;
  readonly #connections: Connections;
  readonly #icmp: IcmpErrors;
  readonly #neighbours: Neighbours;
  readonly #dns: DnsTraffic;
  readonly #tunnels: Tunnels;
  readonly #checksums: Checksums;
  readonly #calls: Calls;
  readonly #conversations: Conversations;
  #frame = 0;

  constructor({ path, label = path, aheadNs = 0, interfaces = {} }: CaptureFile, shared: Shared) {
    const { findings, words, addresses } = shared;
    this.#shared = shared;
    this.#file = label;
    this.#ahead = aheadNs;
    this.#interfaces = interfaces;
    this.#decoder = new Decoder(this, addresses, shared.vxlanPorts);
    this.#icmp = new IcmpErrors(findings, words);
    this.#connections = new Connections(findings, words, this.#icmp);
    this.#tcp = new TcpAnalysis({
      notable: (packet, segment) => this.#connections.notable(packet, segment),
      ended: (flow) => {
        this.#conversations.ended(flow);
        this.#connections.ended(flow);
      },
    });
    this.#connections.table = this.#tcp.table;
    this.#neighbours = new Neighbours(findings, words, addresses);
    this.#dns = new DnsTraffic(findings, words);
    this.#tunnels = new Tunnels(findings, words);
    this.#checksums = new Checksums(findings, words);
    this.#calls = new Calls(findings, words);
    this.#conversations = new Conversations(this.#calls, (packet, bytes, at, end) => {
      if (!this.#connections.copy) this.#dns.message(packet, bytes, at, end, true);
    });
    findings.file = label;
  }

  point({ linkType, name }: CapturePoint): number {
    const { points, follower } = this.#shared;
    const point = points.add(this.#file, linkType, name);
    if (point > 0) follower.activate();
    return point;
  }

  packet(from: number, bytes: Buffer, at: number, captured: number, length: number, seconds: number, nanoseconds: number): void {
    const { points, totals } = this.#shared;
    const point = points.of(from, bytes, at, captured, this.#interfaces);
    const place = points.all[point] as Point;
    totals.packets++;
    totals.bytes += length;
    const time = totals.clock(seconds, nanoseconds - this.#ahead);
    if (place.packets++ === 0) {
      place.first = time;
      if (point > 0) this.#shared.follower.activate();
    }
    place.last = time;
    this.#frame++;
    this.#connections.began = Math.min(this.#connections.began, time);
    this.#connections.now = time;
    this.#connections.copy = false;
    this.#tcp.copy = false;
    this.#packet.start(bytes, at, at + captured, this.#frame, time, point, length);
    if (!this.#decoder.frame(this.#packet, place.linkType, at)) totals.unknownLinkType(place.linkType);
  }

  arp(packet: Packet, at: number): void {
    this.#shared.totals.protocols.arp++;
    if (packet.depth > 0) this.#tunnels.inside(packet);
    this.#neighbours.arp(packet, at);
  }

  ip(packet: Packet): void {
    if (packet.quoted) return this.#quoted(packet);
    const { protocols } = this.#shared.totals;
    if (packet.family === 4) protocols.ipv4++;
    else protocols.ipv6++;
    if (packet.depth > 0) {
      protocols.tunnelled++;
      this.#tunnels.inside(packet);
    }
    this.#neighbours.ip(packet);
  }

  tcp(packet: Packet): void {
    if (packet.quoted) {
      this.#tcp.segment(packet);
      return;
    }
    this.#shared.totals.protocols.tcp++;
    this.#connections.copy = this.#shared.follower.tcp(packet);
    this.#tcp.copy = this.#connections.copy;
    this.#checksums.check(packet);
    const seen = this.#tcp.segment(packet);
    if (packet.depth > 0 && !packet.fragment && (u8(packet.bytes, packet.at + 13) & Tcp.syn) !== 0) this.#tunnels.syn(packet, this.#tcp.mss);
    if (this.#tcp.dataLength > 0) this.#data(packet, seen);
    if (this.#tcp.closed) this.#conversations.closed(this.#tcp.flow);
  }

  udp(packet: Packet): void {
    if (packet.quoted) return;
    const { totals, follower } = this.#shared;
    totals.protocols.udp++;
    const copy = follower.udp(packet);
    this.#checksums.check(packet);
    const { sourcePort, destinationPort } = packet;
    if (sourcePort === DNS_PORT || destinationPort === DNS_PORT || ((sourcePort === DNS_ALTERNATIVE) !== (destinationPort === DNS_ALTERNATIVE))) {
      if (!packet.fragment && !copy) this.#dns.message(packet, packet.bytes, packet.at + 8, Math.min(packet.captured, packet.at + packet.size), false);
    } else if (packet.size >= 40 && packet.captured - packet.at >= 12 && isWireguard(packet.bytes, packet.at + 8, packet.size - 8)) totals.protocols.wireguard++;
  }

  icmp(packet: Packet): void {
    this.#shared.totals.protocols.icmp++;
    if (packet.quoted) return;
    if (packet.family === 6) this.#neighbours.icmp6(packet);
    this.#icmp.message(packet);
    this.#shared.follower.icmp(packet);
  }

  sctp(packet: Packet): void {
    const { protocols } = this.#shared.totals;
    protocols.sctp++;
    if (packet.quoted || packet.fragment) return;
    const whole = sctpChunks(packet.bytes, packet.at + 12, packet.captured, (kind) => {
      protocols.sctpChunks++;
      if (kind === Chunk.abort) protocols.sctpAborts++;
    });
    if (!whole && packet.captured - packet.at >= packet.size) this.malformed(packet, 'sctp');
  }

  malformed(packet: Packet, what: Malformed): void {
    this.#shared.totals.malformed(what, packet.frame);
  }

  /** The file is over: what is left open is judged. */
  finish(): void {
    const { totals } = this.#shared;
    this.#tcp.finish();
    this.#connections.finish();
    this.#neighbours.finish();
    this.#dns.finish(this.#connections.now);
    this.#tunnels.finish();
    totals.addTcp(this.#tcp.counts, this.#tcp.options, this.#tcp.table.evicted);
    totals.calls(this.#calls, this.#conversations.left);
    totals.checksums += this.#checksums.checked;
    totals.offloaded += this.#checksums.offloaded;
  }

  /** What an ICMP error is about; eight bytes of the transport are enough to find the connection (RFC 792). */
  #quoted(packet: Packet): void {
    const mtu = this.#icmp.current?.mtu ?? 0;
    if (mtu > 0) this.#tunnels.tooBig(packet, mtu);
    this.#icmp.quoted(packet);
    if (packet.protocol !== Protocol.tcp || packet.captured - packet.at < 4) return;
    packet.sourcePort = u16(packet.bytes, packet.at);
    packet.destinationPort = u16(packet.bytes, packet.at + 2);
    const flow = this.#tcp.table.peek(packet);
    if (flow >= 0) this.#connections.quoted(packet, flow);
  }

  /** A segment with data: what it is the first time, and what it says where that is followed. */
  #data(packet: Packet, seen: number): void {
    const { flow, direction, dataLength, firstData } = this.#tcp;
    const { bytes, at } = packet;
    const from = at + (u8(bytes, at + 12) >> 4) * 4;
    const end = Math.min(packet.captured, at + packet.size);
    // A SYN takes a number of its own, before its data (RFC 7413).
    const seq = (i32(bytes, at + 4) + ((u8(bytes, at + 13) & Tcp.syn) === 0 ? 0 : 1)) | 0;
    if (from >= end && !this.#conversations.any) return;
    this.#calls.copy = this.#connections.copy;
    if (firstData) {
      const found = applicationOf(bytes, from, end);
      if (found !== undefined) this.#shared.totals.application(found);
      this.#conversations.first(packet, flow, direction, from, end, found?.kind === 'http/2');
    }
    this.#conversations.segment(packet, flow, direction, this.#tcp.table.firstByte(flow, direction), seq, from, end, dataLength, (seen & REPEATED) !== 0);
  }
}
