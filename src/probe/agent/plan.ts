/** Which streams of probes an agent has to run: a pure function of the configuration and of who it is. */
import type { CanaryExpectation, ProbeClass, ProbeKind } from '../types.ts';
import type { MeshConfig, Peer, Self } from './config.ts';

/** What a stream's prober needs to know beyond its address. */
export type Target =
  | { kind: 'agent'; address: string; port: number; expectName: string | null }
  | { kind: 'canary'; address: string; port: number; expectName: string; expected: CanaryExpectation }
  | { kind: 'http'; url: string }
  | { kind: 'dns'; address: string; port: number; query: string; expect: string }
  | { kind: 'api'; address: string; port: number; serverName: string; ca: string };

export interface StreamSpec {
  /** Same key, same stream: it runs on across configurations. */
  key: string;
  class: ProbeClass;
  probe: ProbeKind;
  to: string;
  intervalMs: number;
  /** Identity of the peer process, for streams that end with it. */
  peerId?: string;
  target: Target;
}

/** The streams that `self` runs under `config`, in a stable order. */
export function planStreams(config: MeshConfig, self: Self): StreamSpec[] {
  if (!config.probing) return [];
  if (self.kind === 'host') return hostStreams(config);
  return self.kind === 'outside' ? outsideStreams(config) : podStreams(config, self);
}

function podStreams(config: MeshConfig, self: Self): StreamSpec[] {
  const { ports, rates, targets } = config;
  const streams: (StreamSpec | undefined)[] = [];
  for (const peer of config.peers) {
    if (peer.kind === 'outside') streams.push(toPeer('egress', 'udp', peer, ports.udp, rates.egress));
    if (peer.kind !== 'pod' || peer.name === self.name) continue;
    streams.push(
      toPeer('pod-to-pod', 'udp', peer, ports.udp, rates.udp),
      toPeer('pod-to-pod', 'tcp', peer, ports.tcp, rates.tcp),
      toPeer('pod-to-pod', 'bulk', peer, ports.tcp, rates.bulk),
      toPeer('long-lived', 'stream', peer, ports.tcp, rates.stream),
      canary(peer, ports.canary, rates.canary, config.canary[peer.node ?? ''] ?? 'either'),
    );
  }
  for (const t of targets.services) {
    streams.push(stream('pod-to-service', 'tcp', `service/${t.name}`, rates.service, { kind: 'agent', address: t.address, port: t.port, expectName: null }));
  }
  for (const t of targets.http) streams.push(stream('pod-to-service', 'http', `service/${t.name}`, rates.http, { kind: 'http', url: t.url }));
  for (const t of targets.dns) {
    streams.push(stream('dns', 'dns', `dns/${t.name}`, rates.dns, { kind: 'dns', address: t.address, port: t.port, query: t.query, expect: t.expect }));
  }
  for (const t of targets.api) {
    streams.push(stream('api-server', 'http', `api/${t.name}`, rates.api, { kind: 'api', address: t.address, port: t.port, serverName: t.serverName, ca: t.ca }));
  }
  return streams.filter((spec) => spec !== undefined);
}

function hostStreams({ peers, ports, rates }: MeshConfig): StreamSpec[] {
  const streams = peers
    .filter((peer) => peer.kind === 'pod')
    .flatMap((peer) => [toPeer('host-to-pod', 'udp', peer, ports.udp, rates.hostUdp), toPeer('host-to-pod', 'tcp', peer, ports.tcp, rates.hostTcp)]);
  return streams.filter((spec) => spec !== undefined);
}

function outsideStreams({ targets, rates }: MeshConfig): StreamSpec[] {
  const streams = targets.nodePorts.map((t) =>
    stream('node-port', 'tcp', `node-port/${t.node}`, rates.nodePort, { kind: 'agent', address: t.address, port: t.port, expectName: null }),
  );
  return streams.filter((spec) => spec !== undefined);
}

function toPeer(probeClass: ProbeClass, probe: ProbeKind, peer: Peer, port: number, rate: number): StreamSpec | undefined {
  return stream(probeClass, probe, peer.name, rate, { kind: 'agent', address: peer.address, port, expectName: peer.name }, peer.id);
}

function canary(peer: Peer, port: number, rate: number, expected: CanaryExpectation): StreamSpec | undefined {
  return stream('denied', 'canary', peer.name, rate, { kind: 'canary', address: peer.address, port, expectName: peer.name, expected }, peer.id);
}

function stream(probeClass: ProbeClass, probe: ProbeKind, to: string, rate: number, target: Target, peerId?: string): StreamSpec | undefined {
  if (rate <= 0) return undefined;
  // A changed canary expectation is the same stream: only the judgement differs.
  const where = target.kind === 'http' ? target.url : `${target.address}:${target.port}`;
  const key = [probeClass, probe, to, where, peerId ?? ''].join('|');
  return { key, class: probeClass, probe, to, intervalMs: 1_000 / rate, target, ...(peerId === undefined ? {} : { peerId }) };
}
