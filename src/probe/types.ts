/** Nouns of measuring traffic: what is probed, one sample, and what a plan announced it would interrupt. */

export type ProbeClass =
  | 'pod-to-pod'
  | 'host-to-pod'
  | 'pod-to-service'
  | 'dns'
  | 'api-server'
  | 'node-port'
  | 'long-lived'
  | 'egress'
  | 'denied';

/** Every class, in the order in which reports show them. */
export const PROBE_CLASSES: readonly ProbeClass[] = [
  'pod-to-pod',
  'host-to-pod',
  'pod-to-service',
  'dns',
  'api-server',
  'node-port',
  'long-lived',
  'egress',
  'denied',
];

/** How a sample was taken. */
export type ProbeKind = 'udp' | 'tcp' | 'bulk' | 'http' | 'dns' | 'stream' | 'canary';

/** One end of a probe; `node` is the node it lives on, when it lives on one. */
export interface Endpoint {
  kind: 'pod' | 'host' | 'outside' | 'service' | 'api' | 'dns';
  node?: string;
  name: string;
}

/** One probe and what became of it. */
export interface Sample {
  /** Send time, epoch milliseconds on the collecting machine's clock. */
  t: number;
  class: ProbeClass;
  probe: ProbeKind;
  /** Endpoint names: `pod/NODE`, `host/NODE`, `node-port/NODE`, `outside`, `service/NAME`, `dns/NAME`, `api/NAME`. */
  from: string;
  to: string;
  /** Counts from 1 within one stream (one agent process, class, probe, target). */
  seq: number;
  ok: boolean;
  /** Send to verified answer, milliseconds; of the late answer when `late`; null when none came. */
  rttMs: number | null;
  /** The answer came after the deadline: lost all the same, but known to have been delayed. */
  late?: boolean;
  /** The event loop of the probing or of the answering agent stalled while the probe was under way: its stalls are not counted against the deadline. */
  lagged?: boolean;
  /** Why it is not ok: an errno, `timeout`, `broken: …`, `never collected`, … */
  error?: string;
  /** Canaries only: what was found, whatever was expected. */
  seen?: CanaryState;
  /** Behind a Service or NodePort: the agent that answered. */
  via?: string;
  /** The announcement that covers this loss. */
  announcedBy?: string;
}

/** What a canary found: connected and proven, refused or dropped while its control answered, or neither proven. */
export type CanaryState = 'open' | 'denied' | 'unknown';

/** What a plan expects of a node's canary; `either` while its policy enforcement is being exchanged. */
export type CanaryExpectation = 'open' | 'denied' | 'either';

/** A declared impact, opened in the journal before the step acts and closed at its gate. */
export interface Announcement {
  id: string;
  step: string;
  classes: ProbeClass[];
  /** Which end must live on `node`; `any` ignores `node`. */
  scope: 'from' | 'to' | 'either' | 'any';
  node?: string;
  /** Loss beyond this many milliseconds after opening is unannounced. */
  maxMs: number;
  reason: string;
}

/** An announcement with its life; both times are epoch milliseconds, `closedAt` null while open. */
export interface AnnouncedWindow extends Announcement {
  openedAt: number;
  closedAt: number | null;
}
