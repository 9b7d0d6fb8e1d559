/** What enforces policies: where the API leaves a question open, or a CNI answers it in its own way, the answer is a property here. */

/** Families of policies that an enforcer may or may not act on. */
export type Dialect = 'kubernetes' | 'admin' | 'calico' | 'cilium';

/** A property's value with the place where it can be read. */
export interface Cited<T> {
  value: T;
  /** Documentation or source code that says so. */
  source: string;
}

export interface Enforcer {
  name: string;
  /** For the help: what it stands for. */
  title: string;
  /** The policies that it acts on; others lie there without effect. */
  enforces: Cited<readonly Dialect[]>;
  /**
   * Policies that select pods in the node's network, and selectors of peers that match such pods. `exempt`: no
   * effect, the pod is its node's address. `undefined`: the API promises nothing.
   */
  hostNetwork: Cited<'exempt' | 'undefined'>;
  /** Whether a block of addresses matches pods, by their addresses. */
  blocksMatchPods: Cited<boolean>;
  /** Whether it matches the cluster's nodes. */
  blocksMatchNodes: Cited<boolean>;
  /** The destination that policies see of a connection to a Service: the pod behind it; `undefined`: that or the Service's own address. */
  services: Cited<'backend' | 'undefined'>;
  /** Protocols other than TCP, UDP and SCTP of pods that are isolated. `rules`: allowed by rules without ports. */
  otherProtocols: Cited<'rules' | 'undefined'>;
  /** A pod that reaches itself through a Service. */
  hairpin: Cited<'allowed' | 'policy' | 'undefined'>;
  /** How a denied connection looks to the client. */
  denied: Cited<'dropped' | 'rejected' | 'undefined'>;
  /** Connections that exist when a policy appears that denies them. */
  established: Cited<'kept' | 'cut' | 'undefined'>;
}
