/** Deadlines and rates of the probe classes: issue 3 §3 fixes them, a mesh may lower rates. */
import type { ProbeClass } from '../types.ts';

/** Milliseconds after which an answer is late, and an answer that never comes is lost. */
export function deadlineMs(probeClass: ProbeClass): number {
  return probeClass === 'dns' ? 5_000 : 1_000;
}

/** How long after its deadline a probe still waits, to tell a late answer from none. */
export const LATE_GRACE_MS = 2_000;

/** Granularity of an agent's schedule. */
export const TICK_MS = 10;

/** Probes per second of each kind of stream; 0 turns the kind off. */
export interface Rates {
  /** pod → pod, per ordered pair. */
  udp: number;
  tcp: number;
  bulk: number;
  /** Frames on a long-lived connection, per ordered pair. */
  stream: number;
  canary: number;
  /** host → pod. */
  hostUdp: number;
  hostTcp: number;
  service: number;
  http: number;
  dns: number;
  api: number;
  /** outside → each node's address. */
  nodePort: number;
  egress: number;
}

export const DEFAULT_RATES: Readonly<Rates> = {
  udp: 20,
  tcp: 5,
  bulk: 1,
  stream: 10,
  canary: 1,
  hostUdp: 5,
  hostTcp: 1,
  service: 2,
  http: 1,
  dns: 1,
  api: 1,
  nodePort: 5,
  egress: 5,
};

/** Event-loop stalls longer than this mark the samples they touch. */
export const LAG_MS = 50;

/** Bytes each way of a bulk transfer: more than ten full-size segments at any usual MTU. */
export const BULK_BYTES = 16 * 1024;
