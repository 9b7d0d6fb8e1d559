/**
 * Connections whose content is followed: HTTP/2 with gRPC, and DNS over TCP. Which they are is told by the first bytes and the port; all
 * others cost one look at a bit. Of HTTP/1 the answers are followed, from the first one on that a segment begins with.
 */
import type { Packet } from '../decode/packet.ts';
import { DnsStream } from './dns-stream.ts';
import { Http1Answers, isAnswer } from './http1.ts';
import { isSettings, Http2Direction } from './http2.ts';
import { InOrder } from './in-order.ts';

/** Who is told. The packet is the one in which it was complete; `flow` and `direction` are those of the connection. */
export interface ConversationEvents {
  /** An HTTP answer; `version` 1 or 2. */
  status(packet: Packet, version: 1 | 2, status: string, path: string): void;
  /** A gRPC call has ended with this status. */
  grpc(packet: Packet, status: number, path: string): void;
  /** A connection or one of its streams was given up with an error code. */
  failure(packet: Packet, what: 'goaway' | 'reset', code: number, path: string): void;
}

/** A whole DNS message, but for what it has beyond its first 600 bytes. */
type DnsMessage = (packet: Packet, bytes: Uint8Array, at: number, end: number) => void;

/** Connections that are followed at a time: half a megabyte each at most, when everything that can wait or be remembered is as large as it may be. */
const MOST = 1024;
/** Calls whose paths are remembered, of one connection: the newest. Where a body ends a call, which is not read, nothing else says that it is over. */
const CALLS = 1000;
const DNS_PORT = 53;

interface Followed { directions: [InOrder | undefined, InOrder | undefined]; client: number; paths: Map<number, string> }

export class Conversations {
  /** Connections that were not followed, or no longer, and why. */
  readonly left = { many: 0, holes: 0 };
  readonly #events: ConversationEvents;
  readonly #dns: DnsMessage;
  readonly #followed = new Map<number, Followed>();
  /** Those of them that are closed: what is late may still come, but they give way when there are too many. */
  readonly #closed = new Set<number>();
  /** Answers of HTTP/1, by connection and direction. */
  readonly #answers = new Map<number, InOrder>();
  /** The packet at hand. */
  #packet!: Packet;

  constructor(events: ConversationEvents, dns: DnsMessage) {
    this.#events = events;
    this.#dns = dns;
  }

  /** Whether any connection is followed. */
  get any(): boolean {
    return this.#followed.size > 0 || this.#answers.size > 0;
  }

  /** The first bytes of a direction, which say that it is HTTP/2 (`preface`: it is the client's), or the port of DNS. */
  first(packet: Packet, flow: number, direction: number, from: number, end: number, preface: boolean): void {
    if (this.#followed.has(flow)) return;
    const dns = packet.destinationPort === DNS_PORT || packet.sourcePort === DNS_PORT;
    if (!preface && !dns && !isSettings(packet.bytes, from, end)) return;
    const client = preface || (dns && packet.destinationPort === DNS_PORT) ? direction : 1 - direction;
    if (this.#followed.size >= MOST) for (const oldest of this.#closed) {
      this.#leave(oldest);
      break;
    }
    if (this.#followed.size >= MOST) {
      // Both directions have first bytes; the connection counts once.
      if (direction === client) this.left.many++;
      return;
    }
    this.#followed.set(flow, { directions: [undefined, undefined], client: dns ? -1 : client, paths: new Map() });
  }

  /** A segment with data of any connection, whose payload stands in [from, end); `start` is the sequence number of its direction's first byte. */
  segment(packet: Packet, flow: number, direction: number, start: number, seq: number, from: number, end: number, length: number, repeated: boolean): void {
    this.#packet = packet;
    const followed = this.#followed.get(flow);
    if (followed === undefined) return this.#answer(flow * 2 + direction, seq, from, end, length, repeated);
    const stream = (followed.directions[direction] ??= this.#stream(followed, direction, start));
    if (stream.segment(seq, packet.bytes, from, end, length)) return;
    this.left.holes++;
    this.#followed.delete(flow);
    this.#closed.delete(flow);
  }

  /** Both ends have closed the connection, or one has reset it. */
  closed(flow: number): void {
    if (this.#followed.has(flow)) this.#closed.add(flow);
  }

  /** The connection is forgotten. */
  ended(flow: number): void {
    for (const key of this.#answers.size === 0 ? [] : [flow * 2, flow * 2 + 1]) {
      if (this.#answers.get(key)?.waits === true) this.left.holes++;
      this.#answers.delete(key);
    }
    this.#leave(flow);
  }

  #leave(flow: number): void {
    const followed = this.#followed.get(flow);
    if (followed === undefined) return;
    this.#followed.delete(flow);
    this.#closed.delete(flow);
    if (followed.directions.some((direction) => direction?.waits)) this.left.holes++;
  }

  #stream(followed: Followed, direction: number, start: number): InOrder {
    if (followed.client < 0) return new InOrder(new DnsStream((bytes, at, end) => this.#dns(this.#packet, bytes, at, end)), start);
    const { paths } = followed;
    const isClient = followed.client === direction;
    return new InOrder(new Http2Direction({
      headers: (stream, fields, last) => {
        let [status, grpc, path] = ['', '', ''];
        for (const [name, value] of fields) {
          if (name === ':status') status = value;
          else if (name === 'grpc-status') grpc = value;
          else if (name === ':path') path = value;
        }
        if (isClient) {
          if (path === '') return;
          if (paths.size >= CALLS) for (const oldest of paths.keys()) {
            paths.delete(oldest);
            break;
          }
          paths.set(stream, pathOf(path));
          return;
        }
        const of = paths.get(stream) ?? '';
        if (/^[1-5]\d\d$/.test(status)) this.#events.status(this.#packet, 2, status, of);
        if (/^\d{1,2}$/.test(grpc)) this.#events.grpc(this.#packet, Number(grpc), of);
        if (last) paths.delete(stream);
      },
      reset: (stream, code) => {
        this.#events.failure(this.#packet, 'reset', code, paths.get(stream) ?? '');
        paths.delete(stream);
      },
      goaway: (code) => this.#events.failure(this.#packet, 'goaway', code, ''),
    }, isClient), start);
  }

  /** A segment of a connection that is not followed otherwise: answers of HTTP/1, from the first one on that begins a segment. */
  #answer(key: number, seq: number, from: number, end: number, length: number, repeated: boolean): void {
    const { bytes } = this.#packet;
    let answers = this.#answers.get(key);
    if (answers === undefined) {
      if (repeated || !isAnswer(bytes, from, end)) return;
      // The one that is followed longest gives way: its next answer that begins a segment is found again.
      if (this.#answers.size >= MOST) for (const oldest of this.#answers.keys()) {
        this.#answers.delete(oldest);
        break;
      }
      answers = new InOrder(new Http1Answers((status) => this.#events.status(this.#packet, 1, status, '')), seq);
      this.#answers.set(key, answers);
    }
    answers.segment(seq, bytes, from, end, length);
  }
}

/** Without what follows a question mark, which may hold secrets, and without what is not printable. A copy: a part of a string keeps the whole of it in memory. */
const pathOf = (path: string): string => Buffer.from((path.split('?', 1)[0] ?? '').slice(0, 200).replace(/[^\x20-\x7e]/g, '.')).toString('latin1');
