/** TCP probes: a new connection each time, a nonce that the answer must prove, and for `bulk` full-size segments both ways. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { BULK_BYTES } from './classes.ts';
import { FrameReader, frame } from './framing.ts';
import { sha256 } from './hmac.ts';
import type { ClientContext } from './probe-udp.ts';
import { judgeProof } from './probe-udp.ts';
import type { Outcome, Prober } from './prober.ts';
import { errorText } from './prober.ts';
import { FLAG_DRAINING, MessageType, NONCE_BYTES } from './wire.ts';
import type { Message } from './wire.ts';

const NO_DIGEST = new Uint8Array(0);
/** How long the peer may take to close after us. */
const CLOSE_MS = 2_000;
const BULK_PAYLOAD = randomBytes(BULK_BYTES);

export interface TcpTarget {
  address: string;
  port: number;
  expectName: string | null;
  /** Source port; the kernel's choice when absent. */
  localPort?: number;
}

/** Ports that somebody else has are passed over so often before the kernel chooses. */
const PORT_ATTEMPTS = 3;

/** Probes one address with connections of mode `tcp` or `bulk`. `nextPort`: source ports, where they are not left to the kernel. */
export function tcpProber(context: ClientContext, target: TcpTarget, mode: 'tcp' | 'bulk', nextPort?: () => number): Prober {
  const sockets = new Map<number, Socket>();
  const begin = (seq: number, report: (outcome: Outcome) => void, attempt: number): void => {
    const localPort = attempt < PORT_ATTEMPTS ? nextPort?.() : undefined;
    const taken = (outcome: Outcome): boolean => localPort !== undefined && outcome.error === 'EADDRINUSE';
    sockets.set(seq, exchange(context, { ...target, ...(localPort === undefined ? {} : { localPort }) }, mode, (outcome) => (taken(outcome) ? begin(seq, report, attempt + 1) : report(outcome))));
  };
  return {
    send: (seq, report) => begin(seq, report, 0),
    expire: (seq, final) => {
      const socket = sockets.get(seq);
      if (!final || !socket || socket.connecting || socket.destroyed) return undefined;
      return { ok: false, at: performance.now(), error: 'timeout after connecting' };
    },
    cancel: (seq) => {
      // A settled exchange closes in good order by itself; one that hangs is cut.
      const socket = sockets.get(seq);
      if (socket && !socket.writableEnded) socket.destroy();
      sockets.delete(seq);
    },
    close: () => {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

/** One connection, one report. */
export function exchange(context: ClientContext, target: TcpTarget, mode: 'tcp' | 'bulk', report: (outcome: Outcome) => void): Socket {
  const nonce = randomBytes(NONCE_BYTES);
  const [type, proof, arg] = mode === 'bulk' ? ([MessageType.bulk, MessageType.bulkProof, BULK_BYTES] as const) : ([MessageType.hello, MessageType.proof, 0] as const);
  const hello = frame(context.codec.seal({ type, flags: 0, nonce, arg, lag: 0, digest: NO_DIGEST, name: context.name }));
  const { address: host, port, localPort } = target;
  const socket = connect({ host, port, noDelay: true, ...(localPort === undefined ? {} : { localPort }) });
  let reported = false;
  const settle = (outcome: Outcome): void => {
    if (reported) return;
    reported = true;
    socket.setTimeout(CLOSE_MS, () => socket.destroy());
    socket.end();
    report(outcome);
  };
  const fail = (error: string): void => settle({ ok: false, at: performance.now(), error });
  const succeed = (message: Message): void => {
    settle(judgeProof(performance.now(), message, target.expectName));
    if (message.flags & FLAG_DRAINING) context.draining();
  };
  socket.on('connect', () => socket.write(mode === 'bulk' ? Buffer.concat([hello, BULK_PAYLOAD]) : hello));
  socket.on('error', (error) => fail(errorText(error)));
  socket.on('close', () => fail('closed without an answer'));
  const reader = new FrameReader(socket);
  reader.frame((bytes) => {
    const message = bytes && context.codec.open(bytes);
    if (message?.type !== proof || !message.nonce.every((byte, index) => byte === nonce[index])) return fail('answer without proof');
    if (mode === 'tcp') return succeed(message);
    const answered: Message = { ...message, digest: Uint8Array.from(message.digest) };
    reader.raw(arg, (received) => {
      const digest = sha256(Buffer.concat([BULK_PAYLOAD, received]));
      if (digest.equals(answered.digest)) succeed(answered);
      else fail('payload differs');
    });
  });
  return socket;
}
