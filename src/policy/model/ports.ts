/** Protocols and ports as rules name them. */

/**
 * Protocols that have ports, then those that do not: of ICMP a "port" is type × 256 + code, and all other
 * protocols are one space of their numbers.
 */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6', 'OTHER'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Those that NetworkPolicy v1 knows (k8s.io/api networking/v1, NetworkPolicyPort.protocol). */
export const TRANSPORTS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

/** The highest port of a protocol's space. */
export const LAST_PORT = 65_535;

export type PortItem =
  | { protocol: Protocol; from: number; to: number }
  /** A container port's name, resolved at the destination. */
  | { protocol: Protocol; name: string };

/** The ports of a rule: those included, less those excluded. */
export interface PortMatch {
  include: readonly PortItem[] | 'any';
  exclude: readonly PortItem[];
}

export const ANY_PORT: PortMatch = { include: 'any', exclude: [] };

/** All ports of a protocol. */
export function wholeProtocol(protocol: Protocol): PortItem {
  return { protocol, from: 0, to: LAST_PORT };
}
