/** TCP side of an agent: proves nonces, takes and gives bulk payloads, echoes long-lived streams. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { BULK_BYTES } from './classes.ts';
import { FrameReader, frame } from './framing.ts';
import { sha256 } from './hmac.ts';
import type { Answerer, Server } from './serve-udp.ts';
import { BYE, STREAM_FRAME_BYTES, openStreamFrame, streamFrame } from './stream-wire.ts';
import { MessageType } from './wire.ts';
import type { Message } from './wire.ts';

/** A connection that says nothing authentic for so long is closed. */
const HELLO_TIMEOUT_MS = 5_000;
/** A long-lived stream without a frame for so long has lost its client. */
const STREAM_IDLE_MS = 60_000;
const MAX_CONNECTIONS = 1_024;
const NO_DIGEST = new Uint8Array(0);

export interface TcpServer extends Server {
  /** Says goodbye on every stream, so that clients end them instead of counting a break. */
  drain(): void;
}

/** Listens and serves until closed. `modes`: a canary port proves nonces and nothing else. Rejects when the port cannot be bound. */
export async function serveTcp(answerer: Answerer, address: string, port: number, modes: 'all' | 'hello'): Promise<TcpServer> {
  const payload = randomBytes(BULK_BYTES);
  const sockets = new Set<Socket>();
  const goodbyes = new Map<Socket, () => void>();
  const server = createServer({ noDelay: true }, (socket) => {
    const lag = lagSince(answerer);
    sockets.add(socket);
    socket.setTimeout(HELLO_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      goodbyes.delete(socket);
    });
    const reader = new FrameReader(socket);
    reader.frame((bytes) => {
      const request = bytes && answerer.codec.open(bytes);
      if (request?.type === MessageType.hello) return void socket.end(answer(answerer, request, MessageType.proof, lag()));
      if (modes === 'all' && request?.type === MessageType.bulk && request.arg <= BULK_BYTES) return bulk(socket, reader, answerer, request, payload, lag);
      if (modes === 'all' && request?.type === MessageType.stream) {
        goodbyes.set(socket, echoStream(socket, reader, answerer, request));
        return;
      }
      socket.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  return {
    drain: () => {
      for (const goodbye of goodbyes.values()) goodbye();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Called when a connection is accepted; returns how long stalls have kept it waiting until it is called. */
function lagSince({ stalls }: Answerer): () => number {
  const acceptedAt = performance.now();
  const before = stalls.behind(acceptedAt);
  return () => before + stalls.within(acceptedAt, performance.now());
}

function answer(answerer: Answerer, request: Message, type: MessageType, lag: number, digest: Uint8Array = NO_DIGEST): Buffer {
  return frame(answerer.codec.seal({ type, flags: answerer.flags(), nonce: request.nonce, arg: request.arg, lag, digest, name: answerer.name }));
}

/** Takes as many bytes as announced, gives as many back; the digest covers both ways. */
function bulk(socket: Socket, reader: FrameReader, answerer: Answerer, request: Message, payload: Buffer, lag: () => number): void {
  // The reader hands out views of buffers that it may reuse.
  const kept: Message = { ...request, nonce: Uint8Array.from(request.nonce) };
  reader.raw(request.arg, (received) => {
    const sent = payload.subarray(0, request.arg);
    const digest = sha256(Buffer.concat([received, sent]));
    socket.end(Buffer.concat([answer(answerer, kept, MessageType.bulkProof, lag(), digest), sent]));
  });
}

/** Echoes frames for as long as the client keeps sending; returns how to say goodbye. */
function echoStream(socket: Socket, reader: FrameReader, answerer: Answerer, request: Message): () => void {
  const nonce = Uint8Array.from(request.nonce);
  socket.setTimeout(STREAM_IDLE_MS);
  socket.write(answer(answerer, request, MessageType.streamProof, 0));
  const next = (): void =>
    reader.raw(STREAM_FRAME_BYTES, (bytes) => {
      const received = openStreamFrame(answerer.codec, nonce, 'request', bytes);
      if (received === undefined) return void socket.destroy();
      if (received.seq === BYE) return void socket.end();
      socket.write(streamFrame(answerer.codec, nonce, 'echo', received.seq, answerer.stalls.behind(performance.now())));
      next();
    });
  next();
  return () => socket.write(streamFrame(answerer.codec, nonce, 'echo', BYE));
}
