/** The manifest of a recording, `recording.json` beside its captures: what was captured where, by which clock, and what is missing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../core/errors.ts';

const MANIFEST = 'recording.json';
const count = z.int().nonnegative();
const time = z.string().describe('ISO 8601 in UTC, by the clock of the machine that recorded');

export const recordingSchema = z.object({
  format: z.literal('fairlead-recording/1'),
  tool: z.string(),
  startedAt: time.describe('every point was being captured from then on'),
  endedAt: time,
  stopped: z.enum(['time', 'failure', 'interrupted']).describe('why it ended'),
  failure: z.object({ attempt: z.string(), at: time, why: z.string() }).optional().describe('the attempt of --until-fails that failed'),
  filter: z.string(),
  snapLength: count,
  headersOnly: z.boolean().describe('payload was cut off'),
  points: z.array(z.object({
    file: z.string().regex(/^[\w.-]+\.pcap$/).optional().describe('absent when nothing came back'),
    place: z.string(), node: z.string(), pod: z.string().optional(), interface: z.string(),
    interfaces: z.record(z.string(), z.string()).describe('names of devices by their index, which packets of `any` name'),
    clock: z.object({ offsetSeconds: z.number(), uncertaintySeconds: z.number().nonnegative() }).describe("how far the node's clock runs ahead, asked when the recording began"),
    packets: count,
    droppedByKernel: count.optional().describe('absent when tcpdump did not come to say it'),
    incomplete: z.string().optional().describe('what is missing, and why'),
  })),
});

export type RecordingManifest = z.infer<typeof recordingSchema>;
export type RecordedPoint = RecordingManifest['points'][number];

export const manifestPath = (dir: string): string => join(dir, MANIFEST);

/** The manifest in a directory; undefined when it is no recording. Errors: UsageError for one that cannot be read. */
export function readManifest(dir: string): RecordingManifest | undefined {
  const path = manifestPath(dir);
  if (!existsSync(path)) return undefined;
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${path} is no manifest of a recording: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = recordingSchema.safeParse(data);
  if (!parsed.success) throw new UsageError(`${path} is no manifest of a recording: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
