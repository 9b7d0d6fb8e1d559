/** Which of the known causes fit a gateway that does not answer ARP, by what passed the same interface meanwhile. */

/** One address that asks for another. */
export interface Asked {
  point: number;
  family: 4 | 6;
  asker: string;
  target: string;
  /** Whether it asks for 169.254.1.1. */
  gateway: boolean;
  /** Of the requests since the last answer. */
  first: number;
  last: number;
  frame: number;
  count: number;
  /** When the last answer came; -Infinity before. */
  answered: number;
  answers: number;
  /** Requests right after an answer. */
  notTaken: number;
  /** IP packets for the asker since its requests are without an answer, and ICMP "network unreachable" among them. */
  arrived: number;
  noRoute: number;
}

/**
 * One sentence. F1…F6 are the causes of docs/guides/capture.md: a capture alone does not part F1, F2 and F3, which all leave the
 * pod's own route in place; it does part F5 (nothing finds the pod) and F6 (frames are dropped behind the capture).
 */
export function gatewaySilence(asked: Asked, notTaken: number, recovered: boolean): string {
  if (notTaken >= 2) return 'Answers that the pod gives are not taken either: frames of ARP are dropped behind this capture (F6)';
  if (asked.noRoute > 0) return `The node says "network unreachable" to the pod: it ${recovered ? 'had' : 'has'} no route that covers 169.254.1.1 (F2)`;
  if (asked.arrived > 0) {
    return `${asked.arrived} packets for the pod arrived here meanwhile, so that its own route stands: proxy_arp off (F1), no route to 169.254.1.1 (F2) or forwarding off (F3) on this interface${recovered ? ', until something set it right' : ''}`;
  }
  return `Nothing for the pod arrived here meanwhile: besides proxy_arp off (F1), no route to 169.254.1.1 (F2) and forwarding off (F3), its /32 route may be missing or lead elsewhere with rp_filter on (F5)`;
}
