/** Takes TCP segments as the decoder meets them: finds their connection, judges them, counts, and tells an observer what is worth a look. */
import { i32, u16, u8 } from '../read/bytes.ts';
import type { Packet } from '../decode/packet.ts';
import { FlowTable, isForwards } from './flow-table.ts';
import { Seen, Tcp } from './flags.ts';
import { BaseSet, AT, Closed, COMMON, Data, DIRECTION, DIRECTION_WORDS, SIDE, Fin, Finished, Reset, SynAckSeen, SynSeen, TIMES, WORDS } from './layout.ts';
import { isDuplicateSack, mssOf, sackAt, SackPermitted, sackedUpTo, scales, shiftOf, synOptions, Timestamps } from './options.ts';
import { analyseSequence } from './sequence.ts';
import { track } from './track.ts';

/** Counts as tshark's expert system has them; retransmissions include fast and spurious ones, as there. */
export interface TcpCounts {
  retransmissions: number;
  fastRetransmissions: number;
  spuriousRetransmissions: number;
  outOfOrder: number;
  duplicateAcks: number;
  zeroWindow: number;
  rst: number;
  synUnanswered: number;
  keepAlives: number;
  lostSegments: number;
  ackedLostSegments: number;
  windowUpdates: number;
  zeroWindowProbes: number;
  reusedPorts: number;
  /** Data up to the very end of the window that the other end allows. */
  windowFull: number;
}

/** What SYNs and SYN-ACKs offer, and what SACK blocks say. */
export interface OptionCounts { syns: number; windowScale: number; sackPermitted: number; timestamps: number; /** Segments with SACK blocks; and those that tell of what came twice (RFC 2883). */ sacks: number; duplicateSacks: number; /** How many offered which MSS. */ mss: Map<number, number> }

/** One segment, in an object that the next call overwrites. */
export interface Segment { flow: number; direction: number; seq: number; ack: number; length: number; flags: number; window: number; seen: number; /** Whether its packet made the connection known. */ created: boolean; /** What COMMON.flags were before. */ before: number; /** Bytes of the other end's window when this segment fills it; -1 otherwise. */ full: number }

export interface TcpObserver {
  /** A segment that opens, resets, repeats, or that `Seen` has bits of. */
  notable(packet: Packet, segment: Readonly<Segment>): void;
  /** A connection is forgotten: its words and times are still there. */
  ended(flow: number): void;
}

const NOTABLE = Seen.retransmission | Seen.fastRetransmission | Seen.spuriousRetransmission | Seen.outOfOrder | Seen.zeroWindow | Seen.reusedPorts | Seen.lostSegment | Seen.ackedLostSegment | Seen.keepAlive;

/** Values of MSS that are told apart. */
const VALUES = 1000;
/** A header without SACK blocks is shorter: 20 bytes, and 12 of a block. */
const WITH_SACK = 32;
/** The first word of options that are timestamps and nothing else, as all write them (RFC 7323 appendix A). */
const TIMESTAMPS_ALONE = 0x0101080a;

export class TcpAnalysis {
  readonly table: FlowTable;
  readonly counts: TcpCounts = {
    retransmissions: 0, fastRetransmissions: 0, spuriousRetransmissions: 0, outOfOrder: 0, duplicateAcks: 0, zeroWindow: 0, rst: 0, synUnanswered: 0,
    keepAlives: 0, lostSegments: 0, ackedLostSegments: 0, windowUpdates: 0, zeroWindowProbes: 0, reusedPorts: 0, windowFull: 0,
  };
  readonly options: OptionCounts = { syns: 0, windowScale: 0, sackPermitted: 0, timestamps: 0, sacks: 0, duplicateSacks: 0, mss: new Map() };
  /** Whether the next segment is a copy of one that passed another capture point: it is counted, as in tshark, and is no sign of loss. */
  copy = false;
  /** Whether the last segment was the first with data of its direction. */
  firstData = false;
  /** Whether the last segment closed its connection: the second FIN, or an RST. */
  closed = false;
  /** Of the last segment: its connection, direction (0, 1), and bytes of data; 0 when it was not judged. */
  flow = 0;
  direction = 0;
  dataLength = 0;
  /** Of the last SYN or SYN-ACK: the MSS that it offers; 0 without. */
  mss = 0;
  readonly #observer: TcpObserver;
  readonly #segment: Segment = { flow: 0, direction: 0, seq: 0, ack: 0, length: 0, flags: 0, window: 0, seen: 0, created: false, before: 0, full: -1 };

  constructor(observer: TcpObserver, capacity?: number) {
    this.#observer = observer;
    this.table = new FlowTable((flow) => this.#end(flow), capacity);
  }

  /** Takes the segment that `packet` holds; the answer are bits of `Seen`. */
  segment(packet: Packet): number {
    const { table } = this;
    const { bytes, at } = packet;
    const flow = table.find(packet);
    const created = table.created;
    if (created) table.reset(flow, packet.time);
    const direction = isForwards(packet) ? 0 : 1;
    const { words, times } = table;
    const common = flow * WORDS;
    const mine = common + DIRECTION + direction * DIRECTION_WORDS;
    const theirs = common + DIRECTION + (1 - direction) * DIRECTION_WORDS;
    const seq = i32(bytes, at + 4);
    const ack = i32(bytes, at + 8);
    const header = (u8(bytes, at + 12) >> 4) * 4;
    const flags = u8(bytes, at + 13);
    const window = u16(bytes, at + 14);
    const handshake = flags & (Tcp.syn | Tcp.ack);
    if (created) {
      words[common + COMMON.frame] = packet.frame;
      words[common + COMMON.point] = packet.point;
    }
    let seen = 0;
    if (handshake === Tcp.syn && ((words[mine + SIDE.bits] as number) & BaseSet) !== 0) {
      if (words[mine + SIDE.base] === seq) words[mine + SIDE.nextSeq] = words[mine + SIDE.maxSeq] as number;
      else {
        seen = Seen.reusedPorts;
        this.#segment.before = words[common + COMMON.flags] as number;
        this.#end(flow);
        table.reset(flow, packet.time, times[flow * TIMES + AT.last]);
        words[common + COMMON.frame] = packet.frame;
      }
    } else if (handshake === (Tcp.syn | Tcp.ack) && ((words[mine + SIDE.bits] as number) & BaseSet) !== 0 && words[mine + SIDE.base] !== seq) {
      words[mine + SIDE.base] = seq;
      seen = Seen.reusedPorts;
    }
    const before = seen === 0 || handshake !== Tcp.syn ? (words[common + COMMON.flags] as number) : this.#segment.before;
    let length = -1;
    let full = -1;
    this.firstData = false;
    this.closed = false;
    this.dataLength = 0;
    this.mss = 0;
    if (!packet.fragment && !packet.quoted && packet.size >= header) {
      length = packet.size - header;
      this.#bases(mine, theirs, seq, ack, flags);
      this.flow = flow;
      this.direction = direction;
      this.dataLength = length;
      this.firstData = length > 0 && ((words[mine + SIDE.bits] as number) & Data) === 0;
      seen = analyseSequence(table, flow, direction, packet.time, seq, ack, length, flags, window, seen);
      if (length > 0 && (flags & (Tcp.syn | Tcp.fin | Tcp.rst)) === 0 && (seen & Seen.zeroWindowProbe) === 0) full = this.#fills(mine, theirs, (seq + length) | 0);
      track(table, flow, direction, packet, seq, ack, length, flags, seen, this.copy);
      if ((flags & Tcp.syn) !== 0) this.#offers(mine, packet, header);
      else if (header >= WITH_SACK && (flags & Tcp.ack) !== 0) this.#sacks(mine, packet, header, ack);
    }
    if (header < 20) return 0;
    const time = flow * TIMES;
    if ((flags & Tcp.rst) !== 0) this.counts.rst++;
    if (handshake === Tcp.syn) times[time + AT.syn] = packet.time;
    if (handshake === Tcp.ack && times[time + AT.firstRtt] === 0 && times[time + AT.syn] !== -Infinity) times[time + AT.firstRtt] = packet.time - (times[time + AT.syn] as number);
    if (length >= 0 && packet.captured - at >= header && seen !== 0) this.#count(seen);
    if (packet.quoted || length < 0) return 0;
    if (full >= 0) this.counts.windowFull++;
    if (full >= 0 || (seen & NOTABLE) !== 0 || (flags & (Tcp.syn | Tcp.rst)) !== 0) {
      const one = this.#segment;
      one.flow = flow;
      one.direction = direction;
      one.seq = seq;
      one.ack = ack;
      one.length = length;
      one.flags = flags;
      one.window = window;
      one.seen = seen;
      one.created = created;
      one.before = before;
      one.full = full;
      this.#observer.notable(packet, one);
    }
    this.#state(common, mine, handshake, flags, direction);
    times[time + AT.last] = packet.time;
    return packet.captured - at >= header ? seen : 0;
  }

  /** The capture is over: every connection is judged. */
  finish(): void {
    for (let flow = 0; flow < this.table.count; flow++) this.#end(flow);
  }

  /** First sequence numbers of both directions, as far as a segment tells. */
  #bases(mine: number, theirs: number, seq: number, ack: number, flags: number): void {
    const { words } = this.table;
    if (((words[mine + SIDE.bits] as number) & BaseSet) === 0) {
      words[mine + SIDE.base] = (flags & Tcp.syn) === 0 ? (seq - 1) | 0 : seq;
      words[mine + SIDE.bits] = (words[mine + SIDE.bits] as number) | BaseSet;
    }
    if (((words[theirs + SIDE.bits] as number) & BaseSet) === 0 && (flags & Tcp.ack) !== 0) {
      words[theirs + SIDE.base] = (ack - 1) | 0;
      words[theirs + SIDE.bits] = (words[theirs + SIDE.bits] as number) | BaseSet;
    }
  }

  /** The other end's window in bytes, if data up to `end` fills it; -1 if not. By tshark's definition it must be known whether the window is scaled. */
  #fills(mine: number, theirs: number, end: number): number {
    const { words } = this.table;
    const shift = shiftOf(words[theirs + SIDE.options] as number, words[mine + SIDE.options] as number);
    if (shift < 0) return -1;
    // The window of a SYN is never scaled (RFC 7323 §2.2).
    const window = (words[theirs + SIDE.window] as number) << ((words[theirs + SIDE.packets] as number) > 1 ? shift : 0);
    return window >= 0 && end === (((words[theirs + SIDE.lastAck] as number) + window) | 0) ? window : -1;
  }

  /** The options of a SYN or SYN-ACK. */
  #offers(mine: number, packet: Packet, header: number): void {
    const { options } = this;
    const word = synOptions(packet.bytes, packet.at + 20, Math.min(packet.captured, packet.at + header));
    this.table.words[mine + SIDE.options] = word;
    options.syns++;
    if (scales(word)) options.windowScale++;
    if ((word & SackPermitted) !== 0) options.sackPermitted++;
    if ((word & Timestamps) !== 0) options.timestamps++;
    const mss = mssOf(word);
    this.mss = mss;
    if (mss > 0 && (options.mss.size < VALUES || options.mss.has(mss))) options.mss.set(mss, (options.mss.get(mss) ?? 0) + 1);
  }

  #sacks(mine: number, packet: Packet, header: number, ack: number): void {
    if (header === WITH_SACK && i32(packet.bytes, packet.at + 20) === TIMESTAMPS_ALONE) return;
    const sack = sackAt(packet.bytes, packet.at + 20, Math.min(packet.captured, packet.at + header));
    if (sack < 0) return;
    this.options.sacks++;
    if (isDuplicateSack(packet.bytes, sack, ack)) this.options.duplicateSacks++;
    else this.table.words[mine + SIDE.sacked] = sackedUpTo(packet.bytes, sack);
  }

  #state(common: number, mine: number, handshake: number, flags: number, direction: number): void {
    const { words } = this.table;
    if ((flags & (Tcp.syn | Tcp.fin | Tcp.rst)) === 0) return;
    let state = words[common + COMMON.flags] as number;
    if (handshake === Tcp.syn) {
      if ((state & SynSeen) === 0) words[common + COMMON.client] = direction;
      state |= SynSeen;
      words[mine + SIDE.syns] = (words[mine + SIDE.syns] as number) + 1;
    } else if (handshake === (Tcp.syn | Tcp.ack)) state |= SynAckSeen;
    if ((flags & Tcp.fin) !== 0) {
      if ((state & Finished) !== 0 && ((words[mine + SIDE.bits] as number) & Fin) === 0) state |= Closed;
      state |= Finished;
      words[mine + SIDE.bits] = (words[mine + SIDE.bits] as number) | Fin;
    }
    if ((flags & Tcp.rst) !== 0) state |= Reset | Closed;
    this.closed = (state & Closed) !== 0;
    words[common + COMMON.flags] = state;
  }

  #end(flow: number): void {
    const { words } = this.table;
    const common = flow * WORDS;
    const client = words[common + COMMON.client] as number;
    const silent = words[common + DIRECTION + (1 - client) * DIRECTION_WORDS + SIDE.packets] === 0;
    if (((words[common + COMMON.flags] as number) & SynSeen) !== 0 && silent) this.counts.synUnanswered++;
    this.#observer.ended(flow);
  }

  #count(seen: number): void {
    const { counts } = this;
    if ((seen & (Seen.retransmission | Seen.fastRetransmission | Seen.spuriousRetransmission)) !== 0) counts.retransmissions++;
    if ((seen & Seen.fastRetransmission) !== 0) counts.fastRetransmissions++;
    if ((seen & Seen.spuriousRetransmission) !== 0) counts.spuriousRetransmissions++;
    if ((seen & Seen.outOfOrder) !== 0) counts.outOfOrder++;
    if ((seen & Seen.duplicateAck) !== 0) counts.duplicateAcks++;
    if ((seen & Seen.zeroWindow) !== 0) counts.zeroWindow++;
    if ((seen & Seen.keepAlive) !== 0) counts.keepAlives++;
    if ((seen & Seen.lostSegment) !== 0) counts.lostSegments++;
    if ((seen & Seen.ackedLostSegment) !== 0) counts.ackedLostSegments++;
    if ((seen & Seen.windowUpdate) !== 0) counts.windowUpdates++;
    if ((seen & Seen.zeroWindowProbe) !== 0) counts.zeroWindowProbes++;
    if ((seen & Seen.reusedPorts) !== 0) counts.reusedPorts++;
  }
}
