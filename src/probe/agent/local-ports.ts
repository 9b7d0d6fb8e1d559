/** Source ports of connections that must not be taken for one another on their way. */
/** Above the range that Linux takes ports from by itself (net.ipv4.ip_local_port_range: 32768 to 60999) and above Kubernetes' node ports. */
const FIRST = 61_000;
const LAST = 65_535;

/**
 * Ports in turn, one each `intervalMs`. They begin where the time of day says, so that a prober that is started anew goes
 * on where the last one stopped. A node that translates addresses remembers a connection that failed for 120 s
 * (nf_conntrack_tcp_timeout_syn_sent). The next one with the same ports goes where that one went, or loses its first packet
 * when the way has changed since (nf_nat_inet_fn: oif_changed), and the kernel may take a port again after seconds. One
 * probe's failure must not be the next one's: at five a second a port of this range comes again after 15 minutes.
 */
export function localPorts(intervalMs: number, now = Date.now()): () => number {
  let at = Math.floor(now / intervalMs);
  return () => FIRST + (at++ % (LAST - FIRST + 1));
}
