/** DNS probes: one query over UDP from a new port with a random id, no retries; the answer must name the expected address. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { decodeAnswer, encodeQuery } from './dns-wire.ts';
import type { Outcome, Prober } from './prober.ts';
import { errorText } from './prober.ts';

export interface DnsTarget {
  address: string;
  port: number;
  query: string;
  /** IPv4 address that the answer must contain. */
  expect: string;
}

/** Asks one server for one name. */
export function dnsProber(target: DnsTarget): Prober {
  const sockets = new Map<number, Socket>();
  const cancel = (seq: number): void => {
    sockets.get(seq)?.close();
    sockets.delete(seq);
  };
  return {
    send: (seq, report) => {
      const socket = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
      sockets.set(seq, socket);
      const id = randomInt(0x1_0000);
      const fail = (error: unknown): void => report({ ok: false, at: performance.now(), error: errorText(error) });
      socket.on('error', fail);
      socket.on('message', (bytes) => {
        const outcome = judgeAnswer(bytes, id, target, performance.now());
        if (outcome) report(outcome);
      });
      // Connected, so that a refusal by ICMP shows as ECONNREFUSED.
      socket.connect(target.port, target.address, (error?: Error) => {
        if (error) return fail(error);
        if (sockets.get(seq) === socket) socket.send(encodeQuery(id, target.query), (sendError) => (sendError ? fail(sendError) : undefined));
      });
    },
    cancel,
    close: () => {
      for (const seq of sockets.keys()) cancel(seq);
    },
  };
}

/** What an answer is worth; undefined when it answers something else and is to be ignored. */
export function judgeAnswer(bytes: Buffer, id: number, target: DnsTarget, at: number): Outcome | undefined {
  const answer = decodeAnswer(bytes);
  if (!answer?.response || answer.id !== id) return undefined;
  if (answer.question.toLowerCase() !== target.query.replace(/\.$/, '').toLowerCase()) return undefined;
  if (answer.rcode !== 0) return { ok: false, at, error: `rcode ${answer.rcode}` };
  if (answer.addresses.includes(target.expect)) return { ok: true, at };
  return { ok: false, at, error: `answered ${answer.addresses.join(' ') || 'no address'}` };
}
