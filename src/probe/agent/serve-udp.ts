/** UDP echo that answers nothing but authentic requests of its own mesh. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { StallLog } from './clock.ts';
import { MessageType } from './wire.ts';
import type { Codec } from './wire.ts';

export interface Answerer {
  codec: Codec;
  name: string;
  /** Flags of every answer, read anew each time. */
  flags: () => number;
  /** The agent's own stalls, which answers own up to. */
  stalls: StallLog;
}

export interface Server {
  close(): void;
}

/** Binds and answers until closed. Rejects when the port cannot be bound. */
export async function serveUdp(answerer: Answerer, address: string, port: number): Promise<Server> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => {
    const request = answerer.codec.open(bytes);
    if (request?.type !== MessageType.ping) return;
    const { nonce, arg, digest } = request;
    const answer = answerer.codec.seal({ type: MessageType.pong, flags: answerer.flags(), nonce, arg, lag: answerer.stalls.behind(performance.now()), digest, name: answerer.name });
    // An answer that cannot be sent shows as loss at the prober, which is what it is.
    socket.send(answer, from.port, from.address, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve();
    });
  });
  return { close: () => socket.close() };
}
