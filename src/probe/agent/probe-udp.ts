/** UDP echo probes: one socket for all targets, answers told apart by their nonce. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Outcome, Prober } from './prober.ts';
import { errorText } from './prober.ts';
import { FLAG_DRAINING, MessageType, NONCE_BYTES } from './wire.ts';
import type { Codec, Message } from './wire.ts';

const NO_DIGEST = new Uint8Array(0);

/** What the probes of one stream need of their agent. */
export interface ClientContext {
  codec: Codec;
  /** The agent's own name. */
  name: string;
  /** An authentic answer said that the peer is about to end. */
  draining(): void;
}

type OnPong = (at: number, pong: Message) => void;

interface UdpTarget {
  address: string;
  port: number;
  family: 'udp4' | 'udp6';
}

/**
 * The socket of an agent's UDP probes. It is never connected: a connected socket keeps the source
 * address of its first day, and a host's changes when its bridge goes.
 */
export class UdpClient {
  readonly #codec: Codec;
  readonly #name: string;
  readonly #waiting = new Map<string, OnPong>();
  readonly #sockets = new Map<'udp4' | 'udp6', Socket>();

  constructor(codec: Codec, name: string) {
    this.#codec = codec;
    this.#name = name;
  }

  /** Sends a ping; returns the key to forget it by. `onError`: the kernel refused to send. */
  ping({ address, port, family }: UdpTarget, seq: number, onPong: OnPong, onError: (error: Error) => void): string {
    const nonce = randomBytes(NONCE_BYTES);
    const key = nonce.toString('latin1');
    this.#waiting.set(key, onPong);
    const bytes = this.#codec.seal({ type: MessageType.ping, flags: 0, nonce, arg: seq, lag: 0, digest: NO_DIGEST, name: this.#name });
    this.#socket(family).send(bytes, port, address, (error) => {
      if (error) onError(error);
    });
    return key;
  }

  forget(key: string): void {
    this.#waiting.delete(key);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #socket(type: 'udp4' | 'udp6'): Socket {
    const known = this.#sockets.get(type);
    if (known) return known;
    const socket = createSocket(type);
    socket.on('message', (bytes) => this.#receive(bytes));
    socket.on('error', () => undefined);
    this.#sockets.set(type, socket);
    return socket;
  }

  #receive(bytes: Buffer): void {
    const at = performance.now();
    const message = this.#codec.open(bytes);
    if (message?.type !== MessageType.pong) return;
    const key = Buffer.from(message.nonce).toString('latin1');
    const onPong = this.#waiting.get(key);
    if (!onPong) return;
    this.#waiting.delete(key);
    onPong(at, message);
  }
}

/** Probes one address. `expectName`: the only agent whose answer counts; null takes any of the mesh. */
export function udpProber(client: UdpClient, context: ClientContext, address: string, port: number, expectName: string | null): Prober {
  const keys = new Map<number, string>();
  const target: UdpTarget = { address, port, family: isIPv6(address) ? 'udp6' : 'udp4' };
  return {
    send: (seq, report) => {
      const key = client.ping(
        target,
        seq,
        (at, pong) => {
          report(judgeProof(at, pong, expectName));
          if (pong.flags & FLAG_DRAINING) context.draining();
        },
        (error) => report({ ok: false, at: performance.now(), error: errorText(error) }),
      );
      keys.set(seq, key);
    },
    cancel: (seq) => {
      const key = keys.get(seq);
      if (key !== undefined) client.forget(key);
      keys.delete(seq);
    },
    close: () => {
      for (const key of keys.values()) client.forget(key);
    },
  };
}

/** An authentic answer from the wrong agent is no answer. */
export function judgeProof(at: number, { name, lag }: Pick<Message, 'name' | 'lag'>, expectName: string | null): Outcome {
  if (expectName === null) return { ok: true, at, peerLag: lag, via: name };
  return name === expectName ? { ok: true, at, peerLag: lag } : { ok: false, at, error: `answered by ${name}`, via: name };
}
