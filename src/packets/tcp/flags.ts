/** What the sequence analysis says of one segment, as bits; and the flags of TCP's header. */

export const Seen = {
  retransmission: 1,
  fastRetransmission: 2,
  spuriousRetransmission: 4,
  outOfOrder: 8,
  duplicateAck: 16,
  zeroWindow: 32,
  zeroWindowProbe: 64,
  zeroWindowProbeAck: 128,
  keepAlive: 256,
  keepAliveAck: 512,
  windowUpdate: 1024,
  lostSegment: 2048,
  ackedLostSegment: 4096,
  reusedPorts: 8192,
} as const;

export const Tcp = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 } as const;
