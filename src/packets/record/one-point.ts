/** One point of a recording: begins, ends, and is brought here. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import { clockOffset, correction, periodThere, type ClockOffset } from './clock.ts';
import type { RecordedPoint } from './manifest.ts';
import { linksArgv, listArgv, parseCounts, parseLinkNames, startArgv, stopArgv, type Recording } from './on-node.ts';
import type { Place } from './points.ts';
import { joinRing } from './ring.ts';

export interface Point { place: Place; directory: string; clock: ClockOffset; interfaces: Record<string, string>; /** What tcpdump said in the end. */ said?: string; /** What is missing. */ lost?: string }

/** Milliseconds for starting, for ending, and for a listing. */
const [START_MS, STOP_MS] = [60_000, 60_000];

/** Starts it and waits until it captures. Errors: UsageError for what tcpdump does not understand; EnvironmentError. */
export async function startPoint(point: Point, shell: NodeShell, how: Omit<Recording, 'place' | 'namespace'>): Promise<void> {
  const { place, directory } = point;
  point.clock = await clockOffset(shell);
  point.interfaces = parseLinkNames(await runOrThrow(shell, linksArgv(place.namespace)));
  const said = await runOrThrow(shell, startArgv({ ...how, place: directory, namespace: place.namespace }), { timeoutMs: START_MS });
  checkStarted(said, place, how);
}

/** Judges what the start printed. Errors: as `startPoint`. */
export function checkStarted(said: string, place: Place, how: Pick<Recording, 'interface' | 'filter' | 'megabytes'>): void {
  const [state = '', ...lines] = said.split('\n');
  if (state === 'listening') return;
  if (state.startsWith('space ')) {
    throw new EnvironmentError(`node ${place.node}: /var/tmp has ${Math.round((Number(state.slice(6)) * 1024) / 1e6)} MB left, and a recording of ${how.megabytes} MB is made only where twice that is free`, { hint: 'Choose a smaller --size, or make room.' });
  }
  const last = lines.map((line) => line.replace(/^tcpdump: /, '').trim()).findLast((line) => line !== '' && !line.startsWith('data link type')) ?? `it said nothing (${state})`;
  const device = /No such device|doesn't exist/i.test(said);
  if (device || /syntax error|can't parse filter|illegal token|unknown (?:host|port|network)/i.test(said)) {
    throw new UsageError(`tcpdump on node ${place.node} does not take ${device ? `the interface ${how.interface}` : `the filter ${JSON.stringify(how.filter)}`}: ${last}`, { hint: 'The manual page pcap-filter(7) describes filters; --interface any is every device.' });
  }
  throw new EnvironmentError(`node ${place.node}: tcpdump did not begin to capture${place.pod === undefined ? '' : ` in the network of Pod ${place.pod}`}: ${last}`);
}

/** Ends it. What cannot be ended ends by itself, and is told as missing. */
export async function stopPoint(point: Point, shell: NodeShell): Promise<void> {
  try {
    point.said = await runOrThrow(shell, stopArgv(point.directory), { timeoutMs: STOP_MS });
  } catch (error) {
    point.lost ??= `it could not be ended: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `NODE.pcap`, `NAMESPACE_POD.pcap`: names of both have no underscore. */
export const fileOf = ({ text }: Place): string => `${text.replaceAll('/', '_')}.pcap`;

export interface Period { /** Seconds since 1970 by this machine's clock. */ since: number; until: number; headersOnly: boolean; to: string; interface: string }

/** Brings it here. What does not come is told in `incomplete`. */
export async function collectPoint(point: Point, shell: NodeShell, { since, until, headersOnly, to, interface: device }: Period): Promise<RecordedPoint> {
  const { place, clock, said = '' } = point;
  const ahead = correction(clock);
  const counts = parseCounts(said);
  const missing: string[] = point.lost === undefined ? [] : [point.lost];
  if (counts === undefined) missing.push('tcpdump did not come to say how many packets it missed');
  const recorded: RecordedPoint = { place: place.text, node: place.node, ...(place.pod === undefined ? {} : { pod: place.pod }), interface: device, interfaces: point.interfaces, clock, packets: 0 };
  if (counts !== undefined) recorded.droppedByKernel = counts.dropped;
  try {
    const names = (await runOrThrow(shell, listArgv(point.directory))).split('\n').filter((name) => name !== '');
    const files: Uint8Array[] = [];
    for (const name of names) files.push((await shell.read(`${point.directory}/ring/${name}`)) ?? new Uint8Array(0));
    const joined = joinRing(files, { ...periodThere(clock, since, until), headersOnly });
    if (joined.pieces.length > 0) {
      recorded.file = fileOf(place);
      writeFileSync(join(to, recorded.file), Buffer.concat(joined.pieces), { mode: 0o600 });
    }
    recorded.packets = joined.packets;
    // The ring went round: what it had first is gone.
    if (counts !== undefined && joined.read < counts.captured) missing.push(`${counts.captured - joined.read} packets before ${joined.oldest === undefined ? 'the end' : new Date((joined.oldest - ahead) * 1000).toISOString()} did not fit into the size`);
  } catch (error) {
    missing.push(`it could not be fetched: ${error instanceof Error ? error.message : String(error)}`);
  }
  if ((counts?.dropped ?? 0) > 0) missing.push(`the kernel dropped ${counts?.dropped ?? 0} packets that tcpdump was too slow for`);
  return missing.length === 0 ? recorded : { ...recorded, incomplete: missing.join('; ') };
}
