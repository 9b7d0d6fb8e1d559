/**
 * Sequence analysis of one segment by the definitions of Wireshark's expert system, which its User's Guide gives ("TCP Analysis",
 * https://www.wireshark.org/docs/wsug_html_chunked/ChAdvTCPAnalysis.html). Where the guide leaves something open, Debian's
 * tshark 4.0 decides; sequence.golden.test.ts holds every frame's verdict against it.
 */
import { AT, DIRECTION, DIRECTION_WORDS, SIDE, TIMES, WORDS } from './layout.ts';
import { Seen, Tcp } from './flags.ts';
import type { FlowTable } from './flow-table.ts';

/** A fast retransmission comes at most this long after the duplicate ACK, in nanoseconds. */
const FAST = 20e6;
/** What is out of order comes within the first round trip's time, or this when it is not known. */
const OUT_OF_ORDER = 3e6;
/** tshark keeps so many segments that wait for their ACK; of a FIN beyond, it does not count the sequence number. */
const UNACKED = 10_000;

/** Differences of times are unsigned in tshark: one that is negative is longer than any limit. */
const unsigned = (difference: number): number => (difference < 0 ? difference + 2 ** 64 : difference);

/** Judges a segment of `length` bytes and takes it into account. `direction` is 0 or 1, `seen` what is known before. The answer are bits of `Seen`. */
export function analyseSequence(table: FlowTable, flow: number, direction: number, now: number, seq: number, ack: number, length: number, flags: number, window: number, before: number): number {
  const { words, times } = table;
  const mine = flow * WORDS + DIRECTION + direction * DIRECTION_WORDS;
  const theirs = flow * WORDS + DIRECTION + (1 - direction) * DIRECTION_WORDS;
  const time = flow * TIMES;
  const nextSeq = words[mine + SIDE.nextSeq] as number;
  const lastAck = words[mine + SIDE.lastAck] as number;
  const lastWindow = words[mine + SIDE.window] as number;
  const plain = (flags & (Tcp.syn | Tcp.fin | Tcp.rst)) === 0;
  const theirLast = words[theirs + SIDE.last] as number;
  const repeats = length === 0 && plain && seq === nextSeq && ack === lastAck;
  let seen = before;

  if (length === 1 && seq === nextSeq && words[theirs + SIDE.window] === 0) {
    seen |= Seen.zeroWindowProbe;
  } else {
    if (window === 0 && plain) seen |= Seen.zeroWindow;
    if (nextSeq !== 0 && ((seq - nextSeq) | 0) > 0 && (flags & Tcp.rst) === 0) seen |= Seen.lostSegment;
    if (length <= 1 && seq === ((nextSeq - 1) | 0) && plain) seen |= Seen.keepAlive;
    if (repeats && window !== 0 && window !== lastWindow) seen |= Seen.windowUpdate;
    if (repeats && window === lastWindow) {
      if (window !== 0 && (theirLast & Seen.keepAlive) !== 0) seen |= Seen.keepAliveAck;
      else if (window === 0 && (theirLast & Seen.zeroWindowProbe) !== 0) seen |= Seen.zeroWindowProbeAck;
      else if (window !== 0) {
        seen |= Seen.duplicateAck;
        const count = words[mine + SIDE.duplicateAcks] as number;
        words[mine + SIDE.duplicateAcks] = count === -1 ? 1 : count + 1;
      }
    }
  }

  if (ack !== lastAck) words[mine + SIDE.duplicateAcks] = 0;
  if ((flags & Tcp.ack) !== 0) seen |= ackedUnseen(words, theirs, ack);
  if ((length > 0 || (flags & (Tcp.syn | Tcp.fin)) !== 0) && (seen & Seen.keepAlive) === 0) {
    seen |= repeated(words, times, mine, theirs, time, direction, now, seq, length, flags);
  }

  let end = (seq + length) | 0;
  if (length > 0 || (flags & (Tcp.syn | Tcp.fin)) !== 0) {
    const unacked = words[mine + SIDE.unacked] as number;
    if (unacked < UNACKED) {
      words[mine + SIDE.unacked] = unacked + 1;
      if ((flags & (Tcp.syn | Tcp.fin)) !== 0) end = (end + 1) | 0;
    }
  }
  const probe = (seen & Seen.zeroWindowProbe) !== 0;
  if (!probe && (((end - nextSeq) | 0) > 0 || nextSeq === 0)) {
    words[mine + SIDE.nextSeq] = end;
    times[time + AT.nextSeq + direction] = now;
  }
  const maxSeq = words[mine + SIDE.maxSeq] as number;
  if (!probe && (seq === maxSeq || maxSeq === 0)) words[mine + SIDE.maxSeq] = words[mine + SIDE.nextSeq] as number;

  words[mine + SIDE.window] = window;
  words[mine + SIDE.lastAck] = ack;
  times[time + AT.lastAck + direction] = now;
  words[mine + SIDE.last] = seen;
  if (ack !== lastAck) acknowledged(words, theirs, lastAck, ack);
  return seen;
}

/** An ACK of what was not captured: beyond all that the other end sent without a hole. Told once per loss. */
function ackedUnseen(words: Int32Array, theirs: number, ack: number): number {
  const maxSeq = words[theirs + SIDE.maxSeq] as number;
  if (maxSeq === 0 || ((ack - maxSeq) | 0) <= 0) return 0;
  const nextSeq = words[theirs + SIDE.nextSeq] as number;
  if (((maxSeq - nextSeq) | 0) < 0) {
    words[theirs + SIDE.maxSeq] = nextSeq;
    return Seen.ackedLostSegment;
  }
  const first = words[theirs + SIDE.duplicateAcks] === 0;
  words[theirs + SIDE.duplicateAcks] = -1;
  return first ? Seen.ackedLostSegment : 0;
}

/** Which kind of repetition a segment is that does not advance the sequence number; 0 for none. */
function repeated(words: Int32Array, times: Float64Array, mine: number, theirs: number, time: number, direction: number, now: number, seq: number, length: number, flags: number): number {
  const nextSeq = words[mine + SIDE.nextSeq] as number;
  const theirAck = words[theirs + SIDE.lastAck] as number;
  // One that starts with the last byte and brings more follows a probe of a closed window.
  const behind = nextSeq !== 0 && ((seq - nextSeq) | 0) < 0 && !(length > 1 && ((nextSeq - 1) | 0) === seq);
  if (length > 0 && theirAck !== 0 && ((seq + length - theirAck) | 0) <= 0) return Seen.spuriousRetransmission;
  if (!behind) return 0;
  const sinceAck = unsigned(now - (times[time + AT.lastAck + 1 - direction] as number));
  // The mark for "acknowledges what was not seen" counts as many in tshark, whose counter is unsigned.
  if (((words[theirs + SIDE.duplicateAcks] as number) >>> 0) >= 2 && theirAck === seq && sinceAck < FAST) return Seen.fastRetransmission;
  const sinceNext = unsigned(now - (times[time + AT.nextSeq + direction] as number));
  const rtt = times[time + AT.firstRtt] as number;
  const limit = rtt === 0 ? OUT_OF_ORDER : unsigned(rtt);
  const end = (seq + length + ((flags & (Tcp.syn | Tcp.fin)) === 0 ? 0 : 1)) | 0;
  return sinceNext < limit && nextSeq !== end ? Seen.outOfOrder : Seen.retransmission;
}

/** Estimates how many segments still wait for their ACK: as many of them as of their bytes. */
function acknowledged(words: Int32Array, theirs: number, from: number, to: number): void {
  const unacked = words[theirs + SIDE.unacked] as number;
  if (unacked === 0) return;
  const nextSeq = words[theirs + SIDE.nextSeq] as number;
  const left = (nextSeq - to) | 0;
  const outstanding = (nextSeq - from) | 0;
  if (left <= 0) words[theirs + SIDE.unacked] = 0;
  else if (outstanding > left) words[theirs + SIDE.unacked] = Math.ceil((unacked * left) / outstanding);
}
