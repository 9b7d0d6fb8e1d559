/** What the analysis can recognise in a capture: for each signature what it means and where to look next. */

/** `fault`: something does not work. `warning`: it may be meant so, or hurts only some. `note`: worth knowing. */
export type Weight = 'fault' | 'warning' | 'note';

interface Signature { weight: Weight; title: string; next: string }

/** Sources are in docs/guides/capture.md. Ids are public: they stay. */
export const SIGNATURES = {
  'arp-gateway-late': {
    weight: 'fault', title: "a pod's gateway 169.254.1.1 answered ARP only after a while",
    next: 'On the node, while it happens: `sysctl net.ipv4.conf.IFACE.proxy_arp net.ipv4.conf.IFACE.forwarding`, `ip route get 169.254.1.1 from POD iif IFACE`; what resets sysctls after an interface appears (systemd-sysctl, tuned, cloud-init)?',
  },
  'arp-gateway-never': {
    weight: 'fault', title: "a pod's gateway 169.254.1.1 never answered ARP",
    next: 'On the node: `ip route get 169.254.1.1 from POD iif IFACE` (no route: no answer), `sysctl net.ipv4.conf.IFACE.proxy_arp net.ipv4.conf.IFACE.forwarding`, `ip route get POD` (must name IFACE), `sysctl net.ipv4.conf.IFACE.rp_filter`.',
  },
  'arp-gateway-slow': { weight: 'warning', title: "a pod's gateway 169.254.1.1 answered ARP with a delay of 10 ms to 1.5 s", next: 'On the node: `sysctl net.ipv4.neigh.IFACE.proxy_delay`; it must be 0.' },
  'arp-reply-not-taken': { weight: 'fault', title: 'ARP was answered, and asked again at once: the answer did not arrive', next: 'Something drops ARP behind the capture: `tc -s filter show dev IFACE ingress`, `nft list table arp filter`, `ebtables -L`.' },
  'arp-unanswered': { weight: 'warning', title: 'ARP requests without an answer', next: 'Is the address in use on this segment? Clients see "no route to host" after 3 s.' },
  'nd-unanswered': { weight: 'warning', title: 'IPv6 neighbour solicitations without an answer', next: 'Is the address in use on this segment? Does a firewall drop ICMPv6?' },
  'duplicate-address': { weight: 'fault', title: 'two machines answer for one address', next: 'Find both MAC addresses; one of the hosts must give the address up.' },
  'arp-war': { weight: 'fault', title: 'several machines announce one address in turns', next: 'Two hosts believe that they own it: two load balancers on one pool, kube-proxy in IPVS mode without strictARP, or a copied machine.' },
  'announcement-moved': { weight: 'note', title: 'an address was announced from another machine', next: 'A failover, if it was meant: compare with the events of the Service (announcing from node …).' },
  'syn-unanswered': { weight: 'fault', title: 'connections that nobody answered', next: 'Something drops in silence: a policy of a CNI that drops, a firewall, a missing route. `fairlead policy ask` says what policies allow.' },
  'syn-reset-by-host': { weight: 'warning', title: 'connections refused by the host itself: nobody listens there', next: 'On the target: `ss -ltn`. Not the network.' },
  'syn-reset-by-other': { weight: 'fault', title: 'connections refused by something on the way, not by the host', next: 'A firewall or proxy answers for it; the TTL says how far away it is.' },
  'syn-reset': { weight: 'warning', title: 'connections refused; the capture does not tell by whom', next: 'Capture at the target as well, or look there with `ss -ltn`.' },
  'syn-rejected-by-icmp': { weight: 'fault', title: 'connections rejected by an ICMP error', next: 'REJECT of a packet filter: a Service without endpoints, or a policy controller that rejects. `iptables-save -c | grep REJECT` on the host that sent it.' },
  'rst-midstream': { weight: 'warning', title: 'established connections that were reset', next: 'Who sent it, and after what? An application that crashes or closes early, or a conntrack entry that is gone.' },
  retransmissions: { weight: 'note', title: 'segments that were sent again', next: 'Loss or reordering; the rate and the pairs say where.' },
  'zero-window': { weight: 'note', title: 'receivers that could take no more', next: 'The application does not read fast enough. Not the network.' },
  'window-full': { weight: 'note', title: 'senders that used up the window of the receiver', next: 'The application reads slower than data comes, or the window is small for so long a way (throughput is at most the window for each round trip): `ss -tmi` on the receiver, `sysctl net.ipv4.tcp_rmem`.' },
  'mss-too-large': { weight: 'warning', title: 'an MSS was offered that is larger than what the path carries', next: 'It works only as long as the ICMP error reaches the sender: set the MTU of pods to what the path carries minus the tunnel (50 for VXLAN over IPv4), or clamp the MSS (`iptables -t mangle … -j TCPMSS --clamp-mss-to-pmtu`).' },
  'pmtu-black-hole': { weight: 'fault', title: 'large segments vanish while small ones arrive', next: "The path's MTU is smaller than the pods' and the ICMP that should say so is missing: compare MTUs (`ip link`), minus 50 for VXLAN; `ping -M do -s SIZE`." },
  'asymmetric-path': { weight: 'warning', title: 'connections of which only one direction passes here', next: 'The other direction goes another way; stateful firewalls and strict rp_filter drop such traffic.' },
  'half-open': { weight: 'fault', title: 'one end believes in a connection that the other end does not know', next: 'A host that was restarted, or a conntrack entry that is gone; the client must reconnect.' },
  'peer-silent': { weight: 'fault', title: 'an established connection whose other end fell silent', next: 'The peer, its node, or the way there is gone since then.' },
  'port-reused': { weight: 'warning', title: 'ports used again while the connection before was still open', next: 'Two clients behind one address may clash (SNAT): `conntrack -S` (insert_failed), `--random-fully`.' },
  'hairpin-unanswered': { weight: 'fault', title: 'a pod that reaches itself through its Service gets no answer', next: 'Bridge port without hairpin mode, or without masquerading: `cat /sys/class/net/cni0/brif/*/hairpin_mode`.' },
  'vxlan-wrong-vtep': { weight: 'fault', title: 'frames go into a tunnel to another node than the one their MAC address lives on', next: 'Stale forwarding: `bridge fdb show dev flannel.1`, `ip neigh show dev flannel.1` on the sender.' },
  'vxlan-silent-vtep': { weight: 'fault', title: 'a tunnel in which nothing comes back', next: 'Is UDP of that port let through between the nodes, in both directions? Is the node up, and is its address the right one?' },
  'bad-inner-checksum': { weight: 'fault', title: 'packets in a tunnel with wrong checksums', next: '`ethtool -K DEVICE tx-checksum-ip-generic off` on the sender, if the capture is from the receiver.' },
  'bad-checksum': { weight: 'warning', title: 'packets with wrong checksums', next: 'On the sender that is normal with offloading; on the receiver it is not.' },
  'icmp-port-unreachable': { weight: 'warning', title: 'ICMP: port unreachable', next: 'Nobody listens, or a packet filter rejects.' },
  'icmp-host-unreachable': { weight: 'fault', title: 'ICMP: host unreachable', next: 'The sender has a route but no neighbour: `ip neigh` there.' },
  'icmp-net-unreachable': { weight: 'fault', title: 'ICMP: network unreachable', next: 'The sender has no route: `ip route get ADDRESS` there.' },
  'icmp-prohibited': { weight: 'fault', title: 'ICMP: prohibited by a filter', next: 'A firewall (firewalld, a cloud) rejects.' },
  'icmp-too-big': { weight: 'note', title: 'ICMP: packet too big', next: "Path MTU discovery at work; if the sender does not get it, see pmtu-black-hole." },
  'icmp-time-exceeded': { weight: 'warning', title: 'ICMP: time exceeded', next: 'A routing loop, or fragments that never became whole.' },
  'icmp-unreachable': { weight: 'warning', title: 'ICMP: unreachable, another code', next: 'The code says why.' },
  'dns-timeout': { weight: 'fault', title: 'DNS questions without an answer', next: 'A policy that forgets DNS, a dead endpoint behind the Service, or loss.' },
  'dns-pair-lost': { weight: 'fault', title: 'of two DNS questions sent at once from one port only one was answered', next: 'The race in conntrack: `conntrack -S` (insert_failed); NodeLocal DNSCache, or `single-request-reopen` in resolv.conf.' },
  'dns-nxdomain-storm': { weight: 'warning', title: 'most DNS answers say that the name does not exist', next: 'See dns-search-list; or a client that asks for a name that is gone.' },
  'dns-search-list': { weight: 'note', title: 'outside names are tried with every search domain of the cluster first', next: 'ndots:5 multiplies questions: end the name with a dot, or set dnsConfig.options ndots.' },
  'dns-failure': { weight: 'fault', title: 'DNS servers answer with a failure', next: "CoreDNS cannot reach its upstream: its logs, and the node's resolv.conf." },
  'dns-truncated': { weight: 'note', title: 'DNS answers that did not fit into a datagram', next: 'The client asks again over TCP: policies and firewalls must let TCP 53 through, too. See syn-unanswered for connections to port 53.' },
  'grpc-unavailable': { weight: 'warning', title: 'gRPC calls that ended with UNAVAILABLE or DEADLINE_EXCEEDED', next: 'The status came over the network: whoever sent it could not reach or wait for what is behind it. Look at the connections that it makes itself, and at its logs.' },
  'grpc-error': { weight: 'note', title: 'gRPC calls that ended with an error of the application', next: 'Not the network: the call arrived and was answered. See the logs of the server.' },
  'http-gateway-error': { weight: 'warning', title: 'HTTP answers 502, 503 or 504: a proxy that does not get an answer', next: 'The proxy was reached; look at its connections to its backends, and whether they are Ready.' },
  'http-server-error': { weight: 'note', title: 'HTTP answers 5xx of the application', next: 'Not the network: the request arrived and was answered. See the logs of the server.' },
  'http2-error': { weight: 'warning', title: 'HTTP/2 connections or streams that were given up with an error', next: 'The code says why: ENHANCE_YOUR_CALM is too many keep-alive pings, REFUSED_STREAM a server that has enough, COMPRESSION_ERROR or PROTOCOL_ERROR a broken peer or proxy.' },
  'lost-between': { weight: 'fault', title: 'packets that passed one capture point and did not reach the next', next: 'Look at what stands between the two points: packet filters, tunnel, MTU, neighbour.' },
} as const satisfies Readonly<Record<string, Signature>>;

export type SignatureId = keyof typeof SIGNATURES;
