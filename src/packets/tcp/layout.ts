/** Where what stands in a connection's words and times. A connection has 5 words of key, 7 of its own, and 20 for each direction. */

export const WORDS = 52;
export const DIRECTION = 12;
export const DIRECTION_WORDS = 20;

export const COMMON = {
  /** Addresses, ports as one word, family. */
  low: 0, high: 1, ports: 2, family: 3,
  /** Next connection of the same hash. */
  next: 4,
  flags: 5,
  /** Frame of the first packet. */
  frame: 6,
  /** Which direction sent the first SYN: 0, 1; read with `SynSeen`. */
  client: 7,
  /** Capture point of the first packet. */
  point: 8,
} as const;

/** Bits of COMMON.flags. */
export const SynSeen = 1;
export const SynAckSeen = 2;
export const Closed = 4;
/** An RST was the last word. */
export const Reset = 8;
export const Reported = 16;
/** An ICMP error quoted a packet of it. */
export const Icmp = 32;
export const Finished = 64;

/** Words of one direction, from its start. */
export const SIDE = {
  nextSeq: 0,
  /** End of what came without a hole: what the other end may acknowledge. */
  maxSeq: 1,
  lastAck: 2,
  window: 3,
  duplicateAcks: 4,
  /** Flags of the last segment. */
  last: 5,
  base: 6,
  /** Bits: see BaseSet and on. */
  bits: 7,
  unacked: 8,
  packets: 9,
  /** TTL of the last segment that was no RST; 0 before. */
  ttl: 10,
  /** Largest segment that is not acknowledged yet: its end and length; and the largest that was. */
  largeEnd: 11, largeLength: 12, largestAcked: 13,
  /** The segment that is sent again and again. */
  stuckSeq: 14, stuckLength: 15, stuckCount: 16,
  syns: 17,
  /** What its SYN offered (options.ts), and how far its SACK blocks went; 0 before. */
  options: 18, sacked: 19,
} as const;

export const BaseSet = 1;
export const Fin = 2;
export const Data = 4;
/** Acknowledged something beyond the handshake that was never seen. */
export const AckedUnseen = 8;

export const TIMES = 12;
/** Times of a connection; those of directions are two in a row. `previous`: the last packet of the connection that had these ports before. */
export const AT = { lastAck: 0, nextSeq: 2, syn: 4, firstRtt: 5, first: 6, last: 7, stuck: 8, previous: 10 } as const;
