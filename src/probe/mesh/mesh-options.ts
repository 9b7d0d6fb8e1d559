/** What a mesh is given, and the breaks it reports. */
import type { NodeShell } from '../../node/shell.ts';
import type { Rates } from '../agent/classes.ts';
import type { AnnouncedWindow, CanaryExpectation } from '../types.ts';
import type { OutsideOptions } from './outside.ts';
import type { KubePort } from './ports.ts';

export interface MeshOptions {
  kube: KubePort;
  /** The shell of a node. */
  shell: (node: string) => NodeShell;
  /** Where samples and the collector's state go; the same directory goes on after a crash. */
  dir: string;
  /** Without it, classes `node-port` and `egress` are not measured. */
  outside?: OutsideOptions;
  namespace?: string;
  image?: string;
  rates?: Partial<Rates>;
  /** Services of the user that echo `?nonce=`. */
  http?: { name: string; url: string }[];
  clusterDomain?: string;
  nodePort?: number;
  /** Directory of the kubelet on nodes; default /var/lib/kubelet. */
  kubeletDir?: string;
  /** What canaries are expected to find, by node; nodes that are not named: either. `as-found`: what they find before measuring begins. */
  canary?: Record<string, CanaryExpectation> | 'as-found';
  /** Announcements known already, when a run is resumed. */
  windows?: readonly AnnouncedWindow[];
  /** How long agents may take to be ready; default 120 s. */
  readyTimeoutMs?: number;
  /** Pause between two collections of samples, milliseconds; default 1 000. */
  collectMs?: number;
  /** Nodes whose agents are not waited for, because a run that was cut short left them in between. */
  inFlight?: readonly string[];
  /** Aborts the bringing up; once the mesh measures it does nothing. */
  signal?: AbortSignal;
}

/** A long-lived connection's break. */
export interface Break {
  t: number;
  from: string;
  to: string;
  why: string;
}
