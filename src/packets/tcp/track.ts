/** What signatures need of every segment: who answered, how large segments get through, which one is sent again and again. */
import type { Packet } from '../decode/packet.ts';
import type { FlowTable } from './flow-table.ts';
import { Seen, Tcp } from './flags.ts';
import { AckedUnseen, AT, Data, DIRECTION, DIRECTION_WORDS, SIDE, TIMES, WORDS } from './layout.ts';

const REPEATED = Seen.retransmission | Seen.fastRetransmission;

export function track(table: FlowTable, flow: number, direction: number, packet: Packet, seq: number, ack: number, length: number, flags: number, seen: number, copy: boolean): void {
  const { words } = table;
  const mine = flow * WORDS + DIRECTION + direction * DIRECTION_WORDS;
  const theirs = flow * WORDS + DIRECTION + (1 - direction) * DIRECTION_WORDS;
  words[mine + SIDE.packets] = (words[mine + SIDE.packets] as number) + 1;
  if ((flags & Tcp.rst) === 0) words[mine + SIDE.ttl] = packet.ttl;
  if ((seen & Seen.ackedLostSegment) !== 0) words[mine + SIDE.bits] = (words[mine + SIDE.bits] as number) | AckedUnseen;
  if (length > 0) {
    words[mine + SIDE.bits] = (words[mine + SIDE.bits] as number) | Data;
    if (length > (words[mine + SIDE.largeLength] as number)) {
      words[mine + SIDE.largeLength] = length;
      words[mine + SIDE.largeEnd] = (seq + length) | 0;
    }
    // What passed another capture point is not sent again.
    if ((seen & REPEATED) !== 0 && !copy) repeat(table, flow, direction, mine, packet.time, seq, length);
  }
  if ((flags & Tcp.ack) === 0) return;
  const large = words[theirs + SIDE.largeLength] as number;
  if (large !== 0 && ((ack - (words[theirs + SIDE.largeEnd] as number)) | 0) >= 0) {
    if (large > (words[theirs + SIDE.largestAcked] as number)) words[theirs + SIDE.largestAcked] = large;
    words[theirs + SIDE.largeLength] = 0;
  }
  if (words[theirs + SIDE.stuckCount] !== 0 && ((ack - (words[theirs + SIDE.stuckSeq] as number)) | 0) > 0) words[theirs + SIDE.stuckCount] = 0;
}

function repeat(table: FlowTable, flow: number, direction: number, mine: number, now: number, seq: number, length: number): void {
  const { words, times } = table;
  if (words[mine + SIDE.stuckCount] !== 0 && words[mine + SIDE.stuckSeq] === seq) {
    words[mine + SIDE.stuckCount] = (words[mine + SIDE.stuckCount] as number) + 1;
    return;
  }
  words[mine + SIDE.stuckCount] = 1;
  words[mine + SIDE.stuckSeq] = seq;
  words[mine + SIDE.stuckLength] = length;
  times[flow * TIMES + AT.stuck + direction] = now;
}
