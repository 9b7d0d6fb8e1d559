/** Canaries: a port that policy denies. "Denied" is only believed while the same agent answers on its allowed port. */
import type { Socket } from 'node:net';
import type { CanaryExpectation, CanaryState } from '../types.ts';
import type { ClientContext } from './probe-udp.ts';
import { exchange } from './probe-tcp.ts';
import type { TcpTarget } from './probe-tcp.ts';
import type { Outcome, Prober } from './prober.ts';

/** The allowed port must have answered no longer ago than this before the canary was sent: more than two TCP probes at 5/s. */
const CONTROL_MS = 500;

export interface CanaryJudge {
  /** What the plan expects right now. */
  expected(): CanaryExpectation;
  /** Monotonic time of the last success on the allowed TCP port of the same agent. */
  controlOkAt(): number;
}

/** Probes one canary port; a sample is ok when what it saw is what is expected. */
export function canaryProber(context: ClientContext, target: TcpTarget, judge: CanaryJudge): Prober {
  const open = new Map<number, { socket: Socket; sentAt: number }>();
  /** What refused a canary before its control had answered: judged at the deadline, as one that is dropped is. */
  const refused = new Map<number, string>();
  const proven = (sentAt: number): boolean => judge.controlOkAt() >= sentAt - CONTROL_MS;
  const denied = (sentAt: number, error: string): Outcome => {
    if (proven(sentAt)) return judgeCanary('denied', judge.expected(), performance.now(), error);
    return judgeCanary('unknown', judge.expected(), performance.now(), `${error}, and the allowed port does not answer either`);
  };
  return {
    send: (seq, report) => {
      const sentAt = performance.now();
      const socket = exchange(context, target, 'tcp', (outcome) => {
        const error = outcome.error ?? 'failed';
        if (outcome.ok) report(judgeCanary('open', judge.expected(), outcome.at));
        else if (proven(sentAt)) report(denied(sentAt, error));
        else refused.set(seq, error);
      });
      open.set(seq, { socket, sentAt });
    },
    expire: (seq, final) => {
      const probe = open.get(seq);
      // Whoever completes the handshake is not denied by policy, even when its agent is slow to prove itself.
      if (probe && !probe.socket.connecting && !probe.socket.destroyed) {
        return final ? judgeCanary('unknown', judge.expected(), performance.now(), 'connected, but no proof') : undefined;
      }
      return probe && denied(probe.sentAt, refused.get(seq) ?? 'timeout');
    },
    cancel: (seq) => {
      const probe = open.get(seq);
      open.delete(seq);
      refused.delete(seq);
      if (probe && !probe.socket.writableEnded) probe.socket.destroy();
    },
    close: () => {
      for (const { socket } of open.values()) socket.destroy();
    },
  };
}

/** Compares what a canary saw with what is expected. */
export function judgeCanary(seen: CanaryState, expected: CanaryExpectation, at: number, how?: string): Outcome {
  const ok = expected === 'either' || seen === expected;
  const outcome: Outcome = seen === 'open' ? { ok, at, seen } : { ok, at, seen, timed: false };
  if (ok) return outcome;
  return { ...outcome, error: `expected ${expected}, found ${seen}${how === undefined ? '' : ` (${how})`}` };
}
