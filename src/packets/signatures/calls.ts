/** How calls over HTTP and gRPC end, where they are not encrypted: an answer with an error is no loss of the network. */
import type { ConversationEvents } from '../application/conversations.ts';
import { http2Code } from '../application/http2.ts';
import type { Packet } from '../decode/packet.ts';
import type { Findings } from './findings.ts';
import type { Words } from './words.ts';

/** Names of gRPC's status codes (https://grpc.io/docs/guides/status-codes/). */
const GRPC: readonly string[] = ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'];
const [OK, DEADLINE, UNAVAILABLE] = [0, 4, 14];
/** Answers of a proxy whose backend does not answer it. */
const GATEWAY: ReadonlySet<string> = new Set(['502', '503', '504']);
/** A server that shuts down says NO_ERROR, a client that has lost interest CANCEL (RFC 9113 §7). */
const [NO_ERROR, CANCEL] = [0, 8];

export class Calls implements ConversationEvents {
  /** Answers by status; of gRPC by name. */
  readonly http = new Map<string, number>();
  readonly grpcCalls = new Map<string, number>();
  /** Whether the packet at hand is a copy of one that passed another capture point. */
  copy = false;
  readonly #findings: Findings;
  readonly #words: Words;

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  status(packet: Packet, version: 1 | 2, status: string, path: string): void {
    if (this.copy) return;
    this.http.set(status, (this.http.get(status) ?? 0) + 1);
    if (status < '500') return;
    this.#findings.note(GATEWAY.has(status) ? 'http-gateway-error' : 'http-server-error', packet.time, packet.frame, `${packet.source} ${packet.sourcePort} ${status}`, () => `${this.#answers(packet, path)} with ${status} (HTTP/${version})`);
  }

  grpc(packet: Packet, status: number, path: string): void {
    if (this.copy) return;
    const name = GRPC[status] ?? `status ${status}`;
    this.grpcCalls.set(name, (this.grpcCalls.get(name) ?? 0) + 1);
    if (status === OK) return;
    this.#findings.note(status === UNAVAILABLE || status === DEADLINE ? 'grpc-unavailable' : 'grpc-error', packet.time, packet.frame, `${packet.source} ${packet.sourcePort} ${status}`, () => `${this.#answers(packet, path)} with ${name} (grpc-status ${status})`);
  }

  failure(packet: Packet, what: 'goaway' | 'reset', code: number, path: string): void {
    if (this.copy || code === NO_ERROR || (what === 'reset' && code === CANCEL)) return;
    this.#findings.note('http2-error', packet.time, packet.frame, `${packet.source} ${packet.sourcePort} ${what} ${code}`, () =>
      `${this.#words.ends(packet)}: ${what === 'goaway' ? 'ends the connection (GOAWAY)' : `gives ${path === '' ? 'a stream' : path} up (RST_STREAM)`} with ${http2Code(code)}`);
  }

  #answers(packet: Packet, path: string): string {
    return `${this.#words.end(packet.family, packet.source, packet.sourcePort)} answers ${path === '' ? '' : `${path} of `}${this.#words.end(packet.family, packet.destination, packet.destinationPort)}`;
  }
}
