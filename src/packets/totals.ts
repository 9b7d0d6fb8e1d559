/** Sums over all files: packets, bytes, time, protocols, and what could not be read. */
import type { Application } from './decode/application.ts';
import type { Malformed } from './decode/layers.ts';
import type { OptionCounts, TcpCounts } from './tcp/analysis.ts';

/** Names of servers that are remembered. */
const NAMES = 1000;

export class Totals {
  packets = 0;
  bytes = 0;
  checksums = 0;
  offloaded = 0;
  evicted = 0;
  readonly protocols = { arp: 0, ipv4: 0, ipv6: 0, tunnelled: 0, tcp: 0, udp: 0, icmp: 0, sctp: 0, sctpChunks: 0, sctpAborts: 0, wireguard: 0 };
  readonly tcp: TcpCounts = {
    retransmissions: 0, fastRetransmissions: 0, spuriousRetransmissions: 0, outOfOrder: 0, duplicateAcks: 0, zeroWindow: 0, rst: 0, synUnanswered: 0,
    keepAlives: 0, lostSegments: 0, ackedLostSegments: 0, windowUpdates: 0, zeroWindowProbes: 0, reusedPorts: 0, windowFull: 0,
  };
  readonly options: OptionCounts = { syns: 0, windowScale: 0, sackPermitted: 0, timestamps: 0, sacks: 0, duplicateSacks: 0, mss: new Map() };
  readonly malformedLayers = new Map<Malformed, { count: number; frame: number }>();
  readonly linkTypes = new Map<number, number>();
  /** Connections by what they carry, in either direction's first bytes. */
  readonly applications = new Map<string, number>();
  /** Answers by status, and how calls of gRPC ended. */
  readonly http = new Map<string, number>();
  readonly grpc = new Map<string, number>();
  /** Connections of HTTP/2 and DNS that were not followed to the end. */
  readonly notFollowed = { many: 0, holes: 0 };
  readonly #base = { seconds: -1 };
  #first = Infinity;
  #last = -Infinity;

  /** Nanoseconds since the second of the very first packet: exact up to 104 days. */
  clock(seconds: number, nanoseconds: number): number {
    if (this.#base.seconds < 0) this.#base.seconds = seconds;
    const time = (seconds - this.#base.seconds) * 1e9 + nanoseconds;
    if (time < this.#first) this.#first = time;
    if (time > this.#last) this.#last = time;
    return time;
  }

  get durationSeconds(): number {
    return this.packets === 0 ? 0 : (this.#last - this.#first) / 1e9;
  }

  /** Time of the earliest packet. */
  get startedAt(): number {
    return this.#first;
  }

  /** ISO 8601 with nanoseconds, of a time of `clock`. */
  iso(time: number): string {
    const seconds = this.#base.seconds + Math.floor(time / 1e9);
    const date = new Date(seconds * 1000);
    if (Number.isNaN(date.getTime())) return `${seconds} s`;
    return date.toISOString().replace(/\.\d+Z$/, `.${String(((time % 1e9) + 1e9) % 1e9).padStart(9, '0')}Z`);
  }

  addTcp(counts: TcpCounts, { mss, ...options }: OptionCounts, evicted: number): void {
    for (const key of Object.keys(counts) as (keyof TcpCounts)[]) this.tcp[key] += counts[key];
    for (const key of Object.keys(options) as (keyof typeof options)[]) this.options[key] += options[key];
    for (const [value, count] of mss) this.options.mss.set(value, (this.options.mss.get(value) ?? 0) + count);
    this.evicted += evicted;
  }

  calls({ http, grpcCalls }: { http: ReadonlyMap<string, number>; grpcCalls: ReadonlyMap<string, number> }, left: { many: number; holes: number }): void {
    for (const [sum, add] of [[this.http, http], [this.grpc, grpcCalls]] as const) for (const [key, count] of add) sum.set(key, (sum.get(key) ?? 0) + count);
    this.notFollowed.many += left.many;
    this.notFollowed.holes += left.holes;
  }

  malformed(what: Malformed, frame: number): void {
    const known = this.malformedLayers.get(what);
    if (known === undefined) this.malformedLayers.set(what, { count: 1, frame });
    else known.count++;
  }

  unknownLinkType(linkType: number): void {
    this.linkTypes.set(linkType, (this.linkTypes.get(linkType) ?? 0) + 1);
  }

  application({ kind, detail }: Application): void {
    const key = kind === 'tls' && detail !== '' ? `tls ${detail}` : kind === 'http/1' ? `http/1 ${detail.split(' ')[0] ?? ''}`.trim() : kind;
    if (this.applications.size < NAMES || this.applications.has(key)) this.applications.set(key, (this.applications.get(key) ?? 0) + 1);
  }
}
