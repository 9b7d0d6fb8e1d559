/** Two nodes and what is between them, as their shells answer: counters that follow what is sent, pings, connections. For tests. */
import type { NodeShell, RunResult } from '../../node/shell.ts';

/** A node: its own address, its pods, what its packet filter and its tunnel device do. */
export interface WireNode { address: string; pods: readonly string[]; /** UDP port and network identifier of its tunnel device. */ port?: number; vni?: number; /** Its filter takes away what comes for this UDP port; `all`: any. */ filters?: number | 'all'; /** What its tunnel sends for the other node goes to this address, or nowhere. */ sendsTo?: string; /** Datagrams that come to its tunnel have wrong checksums. */ spoilt?: true; /** Packets of others that each of its counters counts between two readings. */ noise?: number }

export interface WireOptions {
  device: string;
  nodes: Readonly<Record<string, WireNode>>;
  /** Whether a packet gets from one node to another: `udp` with its port, `tcp`, `icmp`. */
  passes?: (from: string, to: string, protocol: 'tcp' | 'udp' | 'icmp', port: number) => boolean;
  /** How pods answer connections and pings that reach them; else `0 ` (it stands). */
  answers?: (from: string, to: string, node: string) => string | undefined;
  /** Whether pods answer pings of nodes. */
  pings?: boolean;
  /** A rule of a node that counts and drops connections to a port of pods. */
  drops?: { node: string; rule: string; port: number };
  /** Filter rules, by node, as iptables-save has them. */
  filter?: Readonly<Record<string, string>>;
  /** Nat rules, by node. */
  rules?: Readonly<Record<string, string>>;
  /** What becomes of packets as large as a pod may send, from pod to pod. */
  large?: 'fits' | 'lost';
  /** The bytes with which the answer for a name begins; none: nobody answers. */
  name?: string;
  /** Where addresses of Services lead: of the pods. */
  services?: Readonly<Record<string, string>>;
}

const SILENT = '124 ';
/** That a client sends in 5 s. */
const SYNS = 3;
const DEFAULT_PORT = 8472;

interface Counters { rx: number; tx: number; tunnelRx: number; tunnelTx: number; taken: number; noPort: number; wrong: number }

/** A wire. `shellOf` gives the shells of its nodes; `log` has what was asked, in order. */
export class Wire {
  readonly log: string[] = [];
  readonly #options: WireOptions;
  #dropped = 0;
  readonly #counters = new Map<string, Counters>();

  constructor(options: WireOptions) {
    this.#options = options;
    for (const name of Object.keys(options.nodes)) this.#counters.set(name, { rx: 100, tx: 100, tunnelRx: 50, tunnelTx: 50, taken: 70, noPort: 3, wrong: 0 });
  }

  #node(name: string): WireNode & Counters {
    return { ...this.#options.nodes[name], ...this.#counters.get(name) } as WireNode & Counters;
  }

  #count(name: string, counter: keyof Counters, by: number): void {
    const own = this.#counters.get(name);
    if (own !== undefined) own[counter] += by;
  }

  #ownerOf = (address: string): string | undefined => Object.entries(this.#options.nodes).find(([, { address: own, pods }]) => own === address || pods.includes(address))?.[0];

  /** Sends datagrams from card to card; whether they came through the filter of the other node. */
  #udp(from: string, address: string, port: number, count: number): boolean {
    const to = this.#ownerOf(address);
    if (to === undefined) return false;
    this.#count(from, 'tx', count);
    if (this.#options.passes?.(from, to, 'udp', port) === false) return false;
    this.#count(to, 'rx', count);
    const { filters, port: own = DEFAULT_PORT, spoilt } = this.#node(to);
    if (filters === 'all' || filters === port) return false;
    this.#count(to, spoilt === true && port === own ? 'wrong' : port === own ? 'taken' : 'noPort', count);
    return port === own && spoilt !== true;
  }

  /** Puts packets into the tunnel to the node of a pod; whether its tunnel device had them. */
  #tunnel(from: string, pod: string, count: number): boolean {
    const to = this.#ownerOf(pod) ?? '';
    const [here, there] = [this.#node(from), this.#node(to)];
    this.#count(from, 'tunnelTx', count);
    const through = this.#udp(from, here.sendsTo ?? there.address, here.port ?? DEFAULT_PORT, count) && this.#ownerOf(here.sendsTo ?? there.address) === to && (here.vni ?? 1) === (there.vni ?? 1);
    if (through) this.#count(to, 'tunnelRx', count);
    return through;
  }

  /** Whether a packet of a node or pod gets to an address and an answer back. */
  #reaches(node: string, address: string, protocol: 'tcp' | 'icmp', port: number): boolean {
    const to = this.#ownerOf(address);
    if (to === undefined || to === node) return to === node;
    const { address: own } = this.#node(to);
    if (address === own) return this.#options.passes?.(node, to, protocol, port) !== false && this.#options.passes?.(to, node, protocol, port) !== false;
    return this.#tunnel(node, address, 1) && this.#tunnel(to, this.#node(node).pods[0] ?? '', 1);
  }

  #connect(node: string, from: string, given: string, port: number): string {
    const to = this.#options.services?.[given] ?? given;
    this.log.push(`${node} ${from === '' ? 'host' : from} → ${given}:${port}`);
    const { drops } = this.#options;
    if (drops?.port === port && (node === drops.node || this.#ownerOf(to) === drops.node) && node !== this.#ownerOf(to)) {
      this.#dropped += SYNS;
      return SILENT;
    }
    const asked = this.#options.answers?.(from, `${given}:${port}`, node);
    return asked ?? (this.#reaches(node, to, 'tcp', port) ? '0 ' : SILENT);
  }

  #counts(name: string): string {
    const { noise = 0 } = this.#node(name);
    for (const counter of ['rx', 'tx', 'tunnelRx', 'tunnelTx', 'taken', 'noPort'] as const) this.#count(name, counter, noise);
    const { rx, tx, tunnelRx, tunnelTx, taken, noPort, wrong } = this.#node(name);
    const line = (device: string, received: number, sent: number): string => `${device.padStart(6)}: ${received * 90} ${received} 0 0 0 0 0 0 ${sent * 90} ${sent} 0 0 0 0 0 0`;
    return ['Inter-|   Receive                                                |  Transmit', ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed', line('eth0', rx, tx), line(this.#options.device, tunnelRx, tunnelTx), 'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors', `Udp: ${taken} ${noPort} ${wrong} 0 0 0 ${wrong} 0 0`, ''].join('\n');
  }

  #run(node: string, argv: readonly string[]): string | RunResult {
    const [program, , script = ''] = argv;
    if (program === 'cat') return this.#counts(node);
    if (program === 'ping') {
      const host = argv.at(-1) ?? '';
      this.log.push(`${node} ping ${host}`);
      const isNode = Object.values(this.#options.nodes).some(({ address }) => address === host);
      const ok = (isNode || this.#options.pings !== false) && this.#reaches(node, host, 'icmp', 0);
      return { code: ok ? 0 : 1, stdout: `3 packets transmitted, ${ok ? 3 : 0} received, ${ok ? 0 : 100}% packet loss, time 603ms\n`, stderr: '' };
    }
    if (program === 'bash') {
      const [, , , host = '', port = '', count = ''] = argv;
      this.log.push(`${node} sends ${count} to ${host}:${port}`);
      const isPod = Object.values(this.#options.nodes).some(({ pods }) => pods.includes(host));
      if (isPod) this.#tunnel(node, host, Number(count));
      else this.#udp(node, host, Number(port), Number(count));
      return '';
    }
    if (program === 'iptables-save' && this.#options.filter !== undefined) return this.#options.filter[node] ?? '';
    if (program === 'iptables-save') return node === this.#options.drops?.node ? `[${this.#dropped}:60] ${this.#options.drops.rule}\n` : '';
    if (script.includes('command -v -- "$p"')) return this.#options.drops === undefined && this.#options.filter === undefined ? '' : 'iptables-save\tiptables-save\n';
    if (script.includes('table ip kube-proxy')) return this.#options.rules?.[node] ?? '';
    const [, , , , marker = '', from = '', host = '', port = ''] = argv;
    if (script.includes('ping -n -c')) return this.#options.large === undefined ? '' : `\n${marker} ${this.#options.large} as it is said\n`;
    if (script.includes('od -An')) return `\n${marker} ${this.#options.name ?? ''}\n`;
    return script.includes('/dev/tcp') || script.includes('/dev/udp') ? `\n${marker} ${this.#connect(node, from, host, Number(port))}\n` : '';
  }

  /** The shell of a node. */
  shellOf = (node: string): NodeShell => ({
    node,
    run: (argv) => { const said = this.#run(node, argv); return Promise.resolve(typeof said === 'string' ? { code: 0, stdout: said, stderr: '' } : said); },
    read: () => Promise.resolve(undefined),
    write: () => Promise.resolve(),
  });
}
