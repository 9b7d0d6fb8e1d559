/** What goes wrong with TCP connections: judged when it shows, or when the connection is over. */
import type { Packet } from '../decode/packet.ts';
import { Seen, Tcp } from '../tcp/flags.ts';
import type { Segment, TcpObserver } from '../tcp/analysis.ts';
import { isForwards, type FlowTable } from '../tcp/flow-table.ts';
import { mssOf, scales, SynRead } from '../tcp/options.ts';
import { AT, Closed, COMMON, Data, DIRECTION, DIRECTION_WORDS, Finished, SIDE, Icmp, Reported, Reset, SynAckSeen, SynSeen, TIMES, WORDS } from '../tcp/layout.ts';
import type { Findings } from './findings.ts';
import type { IcmpErrors } from './icmp.ts';
import { Refusals } from './refusals.ts';
import { packetOf, span, type Words } from './words.ts';

const REPEATS = Seen.retransmission | Seen.fastRetransmission | Seen.spuriousRetransmission;
/** A segment of this many repetitions is stuck: 200 ms, 400 ms, 800 ms … make 1.4 s at least. */
const STUCK = 3;
/** Smaller segments fit through any path of IP (RFC 791: 576 bytes, RFC 8200: 1280). */
const LARGE = 500;
/** A connection used again within this long may still be in somebody's conntrack. */
const REUSE = 120e9;
/** What was closed may meet packets that were under way for so long, in nanoseconds. */
const BEFORE = 1e9;
/** Silence of a single SYN means something only after the first repetition was due. */
const PATIENCE = 3e9;

export class Connections implements TcpObserver {
  /** Set before the first packet. */
  table!: FlowTable;
  /** Whether the packet at hand is a copy of one that passed another capture point: it is told about once. */
  copy = false;
  /** Times of the first and of the last packet. */
  began = Infinity;
  now = 0;
  readonly #findings: Findings;
  readonly #words: Words;
  readonly #icmp: IcmpErrors;
  readonly #refusals: Refusals;

  constructor(findings: Findings, words: Words, icmp: IcmpErrors) {
    this.#findings = findings;
    this.#words = words;
    this.#icmp = icmp;
    this.#refusals = new Refusals(findings, words);
  }

  notable(packet: Packet, segment: Readonly<Segment>): void {
    if (this.copy) return;
    const { flags, flow, seen } = segment;
    if ((flags & (Tcp.syn | Tcp.ack)) === (Tcp.syn | Tcp.ack)) this.#refusals.answers(packet);
    if ((seen & Seen.reusedPorts) !== 0 && (flags & Tcp.ack) === 0) this.#reused(packet, segment);
    if ((flags & Tcp.rst) !== 0) this.#reset(packet, segment);
    if ((seen & REPEATS) !== 0 && this.#findings.count('retransmissions', packet.time, packet.frame, flow)) {
      this.#findings.explain('retransmissions', `${this.#words.ends(packet)}: ${(flags & Tcp.syn) === 0 ? (flags & Tcp.fin) !== 0 && segment.length === 0 ? 'FIN' : `${segment.length} bytes` : 'SYN'} again`);
    }
    if ((seen & Seen.zeroWindow) !== 0 && this.#findings.count('zero-window', packet.time, packet.frame, flow)) {
      this.#findings.explain('zero-window', `${this.#words.end(packet.family, packet.source, packet.sourcePort)} tells ${this.#words.end(packet.family, packet.destination, packet.destinationPort)} to stop`);
    }
    // A window that is closed is told above.
    if (segment.full > 0) this.#full(packet, segment);
    if ((seen & (Seen.retransmission | Seen.fastRetransmission)) !== 0) this.#stuck(packet, segment);
  }

  /** An ICMP error quotes a segment of a connection. */
  quoted(packet: Packet, flow: number): void {
    const error = this.#icmp.current;
    const { words } = this.table;
    const at = flow * WORDS + COMMON.flags;
    const state = words[at] as number;
    words[at] = state | Icmp;
    if (error?.mtu !== undefined) this.#tooBig(packet, flow, error.mtu, `${this.#words.address(error.family, error.sender)} says "${error.text}"`);
    if (error === undefined || !error.rejects || (state & SynSeen) === 0 || (state & (SynAckSeen | Icmp)) !== 0) return;
    this.#findings.note('syn-rejected-by-icmp', packet.time, packet.frame, flow, () =>
      `${this.#words.ends(packet)}: ${this.#words.address(error.family, error.sender)} says "${error.text}"`);
  }

  /** The path to the quoted packet's destination carries `mtu` bytes: the destination's MSS should fit. */
  #tooBig(packet: Packet, flow: number, mtu: number, says: string): void {
    const { words } = this.table;
    const mss = mssOf(words[flow * WORDS + DIRECTION + (isForwards(packet) ? 1 : 0) * DIRECTION_WORDS + SIDE.options] as number);
    const size = packetOf(packet.family, mss);
    if (mss === 0 || mtu === 0 || size <= mtu) return;
    this.#findings.note('mss-too-large', packet.time, packet.frame, flow, () =>
      `${this.#words.end(packet.family, packet.destination, packet.destinationPort)} offered ${this.#words.end(packet.family, packet.source, packet.sourcePort)} an MSS of ${mss}, which makes packets of ${size} bytes; ${says}`);
  }

  /** A sender that has to stop: the window is used up. */
  #full(packet: Packet, { flow, full }: Readonly<Segment>): void {
    if (!this.#findings.count('window-full', packet.time, packet.frame, flow)) return;
    const { words } = this.table;
    const common = flow * WORDS + DIRECTION + SIDE.options;
    const scaled = scales(words[common] as number) && scales(words[common + DIRECTION_WORDS] as number);
    this.#findings.explain('window-full', `${this.#words.ends(packet)}: the window of ${full} bytes is used up${scaled ? '' : '; windows are not scaled on this connection: one end did not offer it, or something on the way took the option out'}`);
  }

  /** What both ends of a connection offered, the sender's first. */
  #offered(flow: number, direction: number): string {
    const { words } = this.table;
    const at = flow * WORDS + DIRECTION + SIDE.options;
    const [own, other] = [words[at + direction * DIRECTION_WORDS] as number, words[at + (1 - direction) * DIRECTION_WORDS] as number];
    const text = (word: number): string => ((word & SynRead) === 0 ? 'unknown (its SYN was not captured)' : mssOf(word) === 0 ? 'none' : String(mssOf(word)));
    return `MSS offered by the sender ${text(own)}, by the receiver ${text(other)}`;
  }

  #reused(packet: Packet, { before, flow }: Readonly<Segment>): void {
    if ((before & SynAckSeen) === 0 || (before & (Closed | Reset | Finished)) !== 0) return;
    const silent = packet.time - (this.table.times[flow * TIMES + AT.previous] as number);
    if (silent > REUSE) return;
    this.#findings.note('port-reused', packet.time, packet.frame, flow, () => `${this.#words.ends(packet)}: a new SYN ${span(silent)} after the last packet of a connection that was not closed`);
  }

  #reset(packet: Packet, { before, flow, direction, flags }: Readonly<Segment>): void {
    const { words } = this.table;
    const common = flow * WORDS;
    if ((before & Reset) !== 0) return;
    const client = words[common + COMMON.client] as number;
    if ((before & SynSeen) !== 0 && (before & SynAckSeen) === 0) {
      if (direction !== client) this.#refusals.refused(packet, words[common + DIRECTION + client * DIRECTION_WORDS + SIDE.syns] as number);
      return;
    }
    if ((before & Finished) !== 0) return;
    const mine = common + DIRECTION + direction * DIRECTION_WORDS;
    const theirs = common + DIRECTION + (1 - direction) * DIRECTION_WORDS;
    const stranger = (before & SynSeen) === 0 && words[mine + SIDE.packets] === 1 && (words[theirs + SIDE.packets] as number) > 0 && (flags & Tcp.ack) === 0
      // A connection that was closed just before the capture began is not known any more, either.
      && (this.table.times[flow * TIMES + AT.first] as number) - this.began > BEFORE;
    this.#findings.note(stranger ? 'half-open' : 'rst-midstream', packet.time, packet.frame, flow, () =>
      stranger
        ? `${this.#words.end(packet.family, packet.source, packet.sourcePort)} answers data of ${this.#words.end(packet.family, packet.destination, packet.destinationPort)} with RST: it does not know the connection`
        : `${this.#words.end(packet.family, packet.source, packet.sourcePort)} resets the connection to ${this.#words.end(packet.family, packet.destination, packet.destinationPort)} after ${span(packet.time - (this.table.times[flow * TIMES + AT.first] as number))} (TTL ${packet.ttl}, before it was ${words[mine + SIDE.ttl] === 0 ? 'not seen' : words[mine + SIDE.ttl]})`);
  }

  /** A segment that is sent again and again while the other end lives: large ones do not get through. */
  #stuck(packet: Packet, { flow, direction }: Readonly<Segment>): void {
    const { words } = this.table;
    const mine = flow * WORDS + DIRECTION + direction * DIRECTION_WORDS;
    const state = words[flow * WORDS + COMMON.flags] as number;
    if (words[mine + SIDE.stuckCount] !== STUCK || (state & Reported) !== 0) return;
    const length = words[mine + SIDE.stuckLength] as number;
    const largest = words[mine + SIDE.largestAcked] as number;
    if (length < LARGE || largest >= length) return;
    const alive = (this.table.times[flow * TIMES + AT.lastAck + 1 - direction] as number) > (this.table.times[flow * TIMES + AT.stuck + direction] as number);
    if (!alive && length < 1000) return;
    words[flow * WORDS + COMMON.flags] = state | Reported;
    this.#findings.note('pmtu-black-hole', packet.time, packet.frame, flow, () =>
      `${this.#words.ends(packet)}: a segment of ${length} bytes was sent ${STUCK + 1} times and never acknowledged; ${largest === 0 ? 'only the handshake got through' : `the largest that was is ${largest} bytes`}` +
      `; ${(state & Icmp) === 0 ? 'no ICMP "too big" about it was seen' : 'an ICMP error about it was seen, and the sender did not heed it'}${alive ? '' : '; the other end said nothing meanwhile'}${this.#sackedBehind(flow, direction) ? '; it has bytes behind that segment (SACK)' : ''}; ${this.#offered(flow, direction)}`);
  }

  /** Whether the receiver has got what follows the segment that is stuck. */
  #sackedBehind(flow: number, direction: number): boolean {
    const { words } = this.table;
    const sides = flow * WORDS + DIRECTION;
    const sacked = words[sides + (1 - direction) * DIRECTION_WORDS + SIDE.sacked] as number;
    return sacked !== 0 && ((sacked - (words[sides + direction * DIRECTION_WORDS + SIDE.stuckSeq] as number)) | 0) > 0;
  }

  ended(flow: number): void {
    const { words, times } = this.table;
    const common = flow * WORDS;
    const [zero, one] = [common + DIRECTION, common + DIRECTION + DIRECTION_WORDS];
    const state = words[common + COMMON.flags] as number;
    const first = times[flow * TIMES + AT.first] as number;
    const client = words[common + COMMON.client] as number;
    const [ours, theirs] = client === 0 ? [zero, one] : [one, zero];
    if ((state & SynSeen) !== 0 && words[theirs + SIDE.packets] === 0 && (state & Icmp) === 0 && !this.#ackedUnseen(ours, theirs)) return this.#unanswered(flow, client, ours, first);
    if ((state & SynSeen) !== 0 && (state & (SynAckSeen | Reset)) === 0 && (words[theirs + SIDE.packets] as number) > 0 && this.#challenged(ours, theirs)) {
      this.#findings.note('half-open', first, words[common + COMMON.frame] as number, flow, () => `${this.#words.flow(this.table, flow, client)}: the SYN is answered with an ACK of something else: the other end holds on to an earlier connection`);
      return;
    }
    if (words[zero + SIDE.packets] === 0 || words[one + SIDE.packets] === 0) this.#oneWay(flow, state, zero, one, first);
    for (const direction of [0, 1]) this.#silent(flow, direction, state);
  }

  #unanswered(flow: number, client: number, ours: number, first: number): void {
    const { words } = this.table;
    const common = flow * WORDS;
    const syns = words[ours + SIDE.syns] as number;
    if (syns < 2 && this.now - first < PATIENCE) return;
    const hairpin = words[common + COMMON.low] === words[common + COMMON.high] && ((words[common + COMMON.low] as number) >>> 24 !== 127 || words[common + COMMON.family] === 6);
    this.#findings.note(hairpin ? 'hairpin-unanswered' : 'syn-unanswered', first, words[common + COMMON.frame] as number, flow, () =>
      `${this.#words.flow(this.table, flow, client)}: ${syns} ${syns === 1 ? 'SYN' : 'SYNs'} in ${span((this.table.times[flow * TIMES + AT.last] as number) - first)}, nothing came back`);
  }

  /** Whether one end acknowledged more than the first byte of an end that was never seen. */
  #ackedUnseen(mine: number, theirs: number): boolean {
    const { words } = this.table;
    return words[theirs + SIDE.packets] === 0 && words[theirs + SIDE.bits] !== 0 && words[mine + SIDE.packets] !== 0 && words[mine + SIDE.lastAck] !== 0;
  }

  /** A pure ACK that is not of the client's SYN. */
  #challenged(ours: number, theirs: number): boolean {
    const { words } = this.table;
    return words[theirs + SIDE.lastAck] !== (((words[ours + SIDE.base] as number) + 1) | 0) && ((words[theirs + SIDE.bits] as number) & Data) === 0 && ((words[ours + SIDE.bits] as number) & Data) === 0;
  }

  #oneWay(flow: number, state: number, zero: number, one: number, first: number): void {
    const { words } = this.table;
    const direction = words[zero + SIDE.packets] === 0 ? 1 : 0;
    const [mine, theirs] = direction === 0 ? [zero, one] : [one, zero];
    const packets = words[mine + SIDE.packets] as number;
    // What it acknowledges grows: the other end is alive, and its packets pass elsewhere.
    const grows = this.#ackedUnseen(mine, theirs) && (words[mine + SIDE.lastAck] !== (((words[theirs + SIDE.base] as number) + 1) | 0) || (state & SynSeen) !== 0);
    if (packets < 4 || !grows || (state & Reset) !== 0) return;
    this.#findings.note('asymmetric-path', first, words[flow * WORDS + COMMON.frame] as number, flow, () =>
      `${this.#words.flow(this.table, flow, direction)}: ${packets} packets that acknowledge data of the other end, of which none was captured`);
  }

  #silent(flow: number, direction: number, state: number): void {
    const { words, times } = this.table;
    const mine = flow * WORDS + DIRECTION + direction * DIRECTION_WORDS;
    if ((words[mine + SIDE.stuckCount] as number) < STUCK || (state & (Reported | Reset)) !== 0) return;
    const stuck = times[flow * TIMES + AT.stuck + direction] as number;
    const heard = times[flow * TIMES + AT.lastAck + 1 - direction] as number;
    if (heard > stuck || heard === -Infinity) return;
    this.#findings.note('peer-silent', stuck, words[flow * WORDS + COMMON.frame] as number, flow, () =>
      `${this.#words.flow(this.table, flow, direction)}: ${words[mine + SIDE.stuckLength]} bytes sent ${(words[mine + SIDE.stuckCount] as number) + 1} times; nothing was heard of the other end since ${span(Math.max(0, stuck - heard))} before the first repetition`);
  }

  /** The capture is over. */
  finish(): void {
    this.#refusals.finish();
  }
}
