/** The public form of `fairlead capture --output json`. */
import { z } from 'zod';

const count = z.int().nonnegative();

export const captureSchema = z.object({
  version: z.literal(1),
  packets: count,
  bytes: count.describe('lengths on the wire, summed up'),
  durationSeconds: z.number().nonnegative(),
  startedAt: z.string().optional().describe('of the earliest packet, ISO 8601 in UTC with nanoseconds; absent without packets'),
  files: z.array(z.object({
    file: z.string(), packets: count,
    cut: z.object({ at: count.describe('bytes from the start of the uncompressed file'), why: z.string() }).optional().describe('reading stopped there; what comes before is analysed'),
  })),
  tcp: z.object({
    retransmissions: count.describe('fast and spurious ones included'), fastRetransmissions: count, spuriousRetransmissions: count, outOfOrder: count, duplicateAcks: count,
    zeroWindow: count, rst: count, synUnanswered: count.describe('connections whose SYN was followed by no TCP segment of the other end'),
    keepAlives: count, lostSegments: count, ackedLostSegments: count, windowUpdates: count, zeroWindowProbes: count, reusedPorts: count, windowFull: count,
  }).describe("counted by the definitions of tshark's expert system"),
  tcpOptions: z.object({
    syns: count.describe('SYN and SYN-ACK segments; the counts that follow say how many of them have the option'), windowScale: count, sackPermitted: count, timestamps: count,
    mss: z.array(z.object({ bytes: count, count })),
    sacks: count.describe('segments with SACK blocks'), duplicateSacks: count.describe('those of them that tell of data which came twice (RFC 2883)'),
  }).describe('what TCP options say'),
  protocols: z.record(z.string(), count),
  applications: z.array(z.object({ what: z.string(), count })).describe("what connections carry, by their first bytes; TLS with the server's name"),
  http: z.array(z.object({ status: z.string(), count })).describe('answers of HTTP/1 and HTTP/2 that are not encrypted'),
  grpc: z.array(z.object({ status: z.string(), count })).describe('how calls of gRPC ended that are not encrypted, by the names of its status codes'),
  signatures: z.array(z.object({
    id: z.string(), weight: z.enum(['fault', 'warning', 'note']), title: z.string(), count,
    firstAt: z.string().describe('ISO 8601 in UTC with nanoseconds'), lastAt: z.string(),
    file: z.string().optional(), frame: count.describe('number of the example’s packet in its file, from 1'),
    example: z.string(), more: z.array(z.string()).optional(), next: z.string().describe('where to look next'),
  })),
  paths: z.array(z.object({ flow: z.string(), points: z.array(z.string()), delay: z.string(), packets: count })).describe('flows that were seen at several capture points, in the order in which packets pass them'),
  remarks: z.array(z.string()).describe('what could not be judged, and limits that were met'),
});

export type CaptureReport = z.infer<typeof captureSchema>;
