/** What a reader tells of a capture. Numbers only, and bytes in place: nothing is made per packet. */

/** A place where packets were captured: an interface of a pcapng file, or the one of a pcap file. */
export interface CapturePoint {
  /** Number from the file format's registry of link types (LINKTYPE_…). */
  linkType: number;
  /** As the file names it; undefined where it does not. */
  name: string | undefined;
}

export interface PacketSink {
  /** A capture point is met; the answer is its number in later calls. */
  point(point: CapturePoint): number;
  /**
   * One packet: `captured` bytes of it stand in `bytes` from `at`, until the call returns; on the wire it had `length`.
   * The time is whole seconds since 1970 and nanoseconds.
   */
  packet(point: number, bytes: Buffer, at: number, captured: number, length: number, seconds: number, nanoseconds: number): void;
}

/** Where and why reading stopped before the end. */
export interface Cut {
  /** Bytes from the start of the (uncompressed) capture. */
  at: number;
  why: string;
}

/** Largest record that is believed: libpcap's own limit for link types of networks (MAXIMUM_SNAPLEN, pcap-int.h). */
export const LARGEST_RECORD = 262_144;
