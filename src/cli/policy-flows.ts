/** Recorded connections that `fairlead policy` reads: lists of flows, and packet captures. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { UsageError } from '../core/errors.ts';
import { readFlows } from '../policy/flows/read-flows.ts';
import type { Flow } from '../policy/flows/flow.ts';
import { requiredText } from './policy-input.ts';
import type { VerbContext, VerbOption } from './verb.ts';

export const flowsOption = (flags: string): VerbOption => ({ flags, description: 'connections that were seen: a packet capture (pcap or pcapng, also compressed with gzip or zstd), output of conntrack -L or hubble observe -o json, Calico flow logs, or lines of {"from", "to", "protocol", "port", "count"}; - for standard input', required: true });

/** First bytes of captures: pcap in both orders, with micro- and nanoseconds; pcapng; gzip and zstd, in which only captures come. */
const CAPTURES = [/^d4c3b2a1/, /^a1b2c3d4/, /^4d3cb2a1/, /^a1b23c4d/, /^0a0d0d0a/, /^1f8b/, /^28b52ffd/];
const isCapture = (head: Buffer): boolean => CAPTURES.some((magic) => magic.test(head.toString('hex')));

export interface SeenFlows {
  flows: Flow[];
  /** Sentences on what of the file is no part of the flows. */
  remarks: string[];
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function headOf(file: string): Buffer {
  const [descriptor, head] = [openSync(file, 'r'), Buffer.alloc(4)];
  try {
    return head.subarray(0, readSync(descriptor, head, 0, 4, 0));
  } finally {
    closeSync(descriptor);
  }
}

async function ofCapture(ctx: VerbContext, file: string, stdin: Readable | undefined): Promise<SeenFlows> {
  // Loaded only here: lists of flows need no decoder of packets.
  const { readOpenings } = await import('../packets/openings/openings.ts');
  const { openings, unopened, cut } = await readOpenings(file, stdin, ctx.signal);
  if (openings.length === 0) throw new UsageError(`${file} shows no connection being opened, over TCP, UDP or SCTP.`, { hint: 'Connections that are older than the capture are not in it: `conntrack -L` lists those.' });
  return {
    flows: openings,
    remarks: [
      ...(unopened > 0 ? [`${counted(unopened, 'connection of TCP is', 'connections of TCP are')} older than the capture, so that nobody can tell who opened what: left out`] : []),
      ...(cut === undefined ? [] : [`${file} ends early, at byte ${cut.at}: ${cut.why}`]),
    ],
  };
}

/** The flows of an option's file. Errors: UsageError for one that cannot be read or has none. */
export async function flowsOf(ctx: VerbContext, option: string): Promise<SeenFlows> {
  const file = requiredText(ctx, option);
  try {
    if (file !== '-' && isCapture(headOf(file))) return await ofCapture(ctx, file, undefined);
    const bytes = readFileSync(file === '-' ? 0 : file);
    if (isCapture(bytes.subarray(0, 4))) return await ofCapture(ctx, '-', Readable.from([bytes]));
    const { flows, passedOver } = readFlows(bytes, file);
    return { flows, remarks: passedOver > 0 ? [`${counted(passedOver, 'line is', 'lines are')} no connection of TCP, UDP or SCTP`] : [] };
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new UsageError(`The flows in ${file} cannot be read: ${cause.message}`, { cause });
  }
}
