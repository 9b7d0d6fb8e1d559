/** Lines of `conntrack -L` and `conntrack -E` (conntrack-tools). */
import type { Protocol } from '../model/ports.ts';
import type { Flow } from './flow.ts';

const LINE = /(?:^|\s)(tcp|udp|sctp)\s+\d+\s.*?\bsrc=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)(.*)$/;
const REPLY = /\bsrc=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/;

/** Whether a text looks like the output of conntrack. */
export const isConntrack = (text: string): boolean => /^.*\bsrc=\S+ dst=\S+ sport=\d+ dport=\d+/m.test(text);

/**
 * The connection of a line. Behind a Service the destination is where the reply comes from: the pod, at its own
 * port, which is what policies see. Undefined for lines without ports.
 */
export function conntrackFlow(line: string): Flow | undefined {
  const [, protocol, from, to, , port, rest = ''] = LINE.exec(line) ?? [];
  if (protocol === undefined || from === undefined || to === undefined) return undefined;
  const reply = REPLY.exec(rest);
  return { from, to: reply?.[1] ?? to, protocol: protocol.toUpperCase() as Protocol, port: Number(reply?.[3] ?? port), count: 1 };
}
