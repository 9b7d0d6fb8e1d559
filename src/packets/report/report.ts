/** Puts the report of an analysis together. */
import { LinkType } from '../decode/decoder.ts';
import type { Shared } from '../file-analysis.ts';
import { MOST_POINTS } from '../path/follower.ts';
import type { Cut } from '../read/sink.ts';
import { SIGNATURES } from '../signatures/catalogue.ts';
import type { CaptureReport } from './schema.ts';

export type { CaptureReport } from './schema.ts';
export interface FileReport { file: string; packets: number; cut: Cut | undefined }

/** Paths that are listed. */
const PATHS = 20;

export function reportOf(shared: Shared, files: readonly FileReport[]): CaptureReport {
  const { totals, findings, points, follower, words } = shared;
  const several = files.length > 1;
  return {
    version: 1,
    packets: totals.packets,
    bytes: totals.bytes,
    durationSeconds: totals.durationSeconds,
    ...(totals.packets === 0 ? {} : { startedAt: totals.iso(totals.startedAt) }),
    files: files.map(({ file, packets, cut }) => ({ file, packets, ...(cut === undefined ? {} : { cut }) })),
    tcp: { ...totals.tcp },
    tcpOptions: { ...totals.options, mss: [...totals.options.mss].toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).map(([bytes, count]) => ({ bytes, count })) },
    protocols: { ...totals.protocols },
    applications: [...totals.applications].toSorted((a, b) => b[1] - a[1]).map(([what, count]) => ({ what, count })),
    http: byCount(totals.http),
    grpc: byCount(totals.grpc),
    signatures: findings.all().map(({ id, count, first, last, frame, file, example, more }) => ({
      id, weight: SIGNATURES[id].weight, title: SIGNATURES[id].title, count, firstAt: totals.iso(first), lastAt: totals.iso(last),
      ...(several && file !== '' ? { file } : {}), frame, example, ...(more.length === 0 ? {} : { more }), next: SIGNATURES[id].next,
    })),
    paths: follower.flows.paths(points, words, PATHS),
    remarks: remarks(shared),
  };
}

const byCount = (counts: ReadonlyMap<string, number>): { status: string; count: number }[] => [...counts].toSorted((a, b) => b[1] - a[1]).map(([status, count]) => ({ status, count }));

function remarks({ totals, addresses, follower, points }: Shared): string[] {
  const name = (type: number): string => Object.entries(LinkType).find(([, known]) => known === type)?.[0] ?? String(type);
  return [
    ...[...totals.linkTypes].map(([type, count]) => `${count} packets of link type ${name(type)} are not understood: they are counted, and nothing else.`),
    ...[...totals.malformedLayers].map(([what, { count, frame }]) => `${count} ${count === 1 ? 'packet is' : 'packets are'} cut or contradictory in its ${what === 'nesting' ? 'tunnels: they are nested too deep' : `${what} layer`}, first in frame ${frame}.`),
    ...(totals.evicted === 0 ? [] : [`${totals.evicted} connections were forgotten before the end, the most silent ones: if they went on, their counts are too low.`]),
    ...(totals.notFollowed.many === 0 ? [] : [`HTTP/2 and DNS of ${totals.notFollowed.many} ${totals.notFollowed.many === 1 ? 'connection' : 'connections'} was not followed: there were too many at a time.`]),
    ...(totals.notFollowed.holes === 0 ? [] : [`HTTP or DNS of ${totals.notFollowed.holes} ${totals.notFollowed.holes === 1 ? 'connection' : 'connections'} was followed up to a hole in the capture, or to bytes that cannot be read: how later calls ended is not known.`]),
    ...(addresses.missed === 0 ? [] : [`There are more IPv6 addresses than are told apart: ${addresses.missed} packets are of one that is not.`]),
    ...(follower.forgotten === 0 ? [] : [`Of packets that passed several capture points ${follower.forgotten} were let go before the end: between files they are not compared.`]),
    ...(points.all.length > MOST_POINTS ? [`Packets are followed over the first ${MOST_POINTS} of ${points.all.length} capture points.`] : []),
    ...(totals.offloaded === 0 ? [] : [`${totals.offloaded} of ${totals.checksums} checksums looked at were left to the network card: the capture is from the sender, and that is no fault.`]),
  ];
}
