/** What tshark says of every frame, made by `node scripts/capture-golden.ts`, and what our analysis says of it in the same form. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../core/package-root.ts';
import { AddressBook } from '../decode/address-book.ts';
import { Decoder } from '../decode/decoder.ts';
import type { Layers } from '../decode/layers.ts';
import { Packet } from '../decode/packet.ts';
import { readCapture } from '../read/read-capture.ts';
import { u16, u8 } from '../read/bytes.ts';
import { TcpAnalysis, type TcpCounts } from '../tcp/analysis.ts';
import { Seen } from '../tcp/flags.ts';
import { framesOf, pcapFile, type Frame } from './files.ts';
import { oddFrames } from './odd-frames.ts';
import { tcpWeather } from './tcp-weather.ts';

/** Names of tshark's fields below `tcp.analysis.`, by our bits. */
export const FIELDS: readonly (readonly [name: string, bit: number])[] = [
  ['retransmission', Seen.retransmission], ['fast_retransmission', Seen.fastRetransmission], ['spurious_retransmission', Seen.spuriousRetransmission], ['out_of_order', Seen.outOfOrder],
  ['duplicate_ack', Seen.duplicateAck], ['zero_window', Seen.zeroWindow], ['zero_window_probe', Seen.zeroWindowProbe], ['zero_window_probe_ack', Seen.zeroWindowProbeAck], ['keep_alive', Seen.keepAlive],
  ['keep_alive_ack', Seen.keepAliveAck], ['window_update', Seen.windowUpdate], ['lost_segment', Seen.lostSegment], ['ack_lost_segment', Seen.ackedLostSegment], ['reused_ports', Seen.reusedPorts],
];

/** The captures that are compared, by name. */
export const CASES: Readonly<Record<string, () => Frame[]>> = {
  'weather-1': () => tcpWeather({ seed: 1, frames: 3000 }),
  'weather-2': () => tcpWeather({ seed: 2, frames: 3000, connections: 3, ipv6: 0, vxlan: 0 }),
  'weather-3': () => tcpWeather({ seed: 3, frames: 3000, connections: 200, ipv6: 50, vxlan: 50 }),
  odd: oddFrames,
  // Of two network namespaces that lose 3 % of all segments in each direction (iptables, statistic), with Linux' own TCP, captured by
  // `tcpdump -s 128`: bulk both ways, readers that stop, keep-alives, ports without listener, connections that are reset.
  real: () => framesOf(gunzipSync(readFileSync(join(packageRoot(), 'src/packets/testing/golden/real.pcap.gz')))),
};

export interface Golden {
  /** Bits of `Seen` per frame, in hexadecimal, joined by spaces. */
  seen: string;
  rst: number;
  synUnanswered: number;
  /** Per frame: `tcp PORT LENGTH`, `udp PORT`, `arp`, `icmp TYPE`, `sctp`, as far as tshark dissects it. */
  layers: string[];
  /** Frames with data up to the end of the window that the other end allows. */
  windowFull: number[];
}

/** Our own answer. */
export async function analyseFrames(frames: readonly Frame[]): Promise<{ golden: Golden; counts: TcpCounts; segments: number }> {
  const file = pcapFile(frames, { nano: true });
  let [at, frame, seen, segments, base] = [0, 0, 0, 0, 0];
  const layers: string[] = [];
  const all: number[] = [];
  const windowFull: number[] = [];
  const tcp = new TcpAnalysis({ notable: (of, segment) => void (segment.full >= 0 && windowFull.push(of.frame)), ended: () => undefined });
  const note = (text: string): void => {
    layers[frame - 1] = `${layers[frame - 1] === undefined || layers[frame - 1] === '' ? '' : `${layers[frame - 1]}, `}${text}`;
  };
  const sink: Layers = {
    arp: () => note('arp'),
    // Too little for a judgement, but tshark shows the port of what a short quotation or a cut packet begins with.
    ip: (packet) => {
      if (packet.quoted && packet.protocol === 6 && packet.captured - packet.at < 16) note(`tcp ${u16(packet.bytes, packet.at)}`);
    },
    udp: (packet) => note(`udp ${packet.sourcePort}`),
    icmp: (packet) => note(`icmp ${u8(packet.bytes, packet.at)}`),
    sctp: () => note('sctp'),
    malformed: (packet, what) => {
      if (what === 'tcp') note(`tcp ${u16(packet.bytes, packet.at)}`);
    },
    tcp: (packet) => {
      segments++;
      const header = (u16(packet.bytes, packet.at + 12) >> 12) * 4;
      note(`tcp ${packet.sourcePort}${packet.quoted || packet.fragment ? '' : ` ${packet.size - header}`}`);
      seen |= tcp.segment(packet);
    },
  };
  const decoder = new Decoder(sink, new AddressBook());
  const packet = new Packet();
  const source = { broken: undefined, close: () => Promise.resolve(), read: (into: Buffer, from: number) => {
    const size = file.copy(into, from, at);
    at += size;
    return Promise.resolve(size);
  } };
  await readCapture('golden', source, {
    point: () => 0,
    packet: (_point, bytes, from, captured, length, seconds, nanoseconds) => {
      frame++;
      seen = 0;
      layers.push('');
      if (frame === 1) base = seconds;
      packet.start(bytes, from, from + captured, frame, (seconds - base) * 1e9 + nanoseconds, 0, length);
      decoder.frame(packet, 1, from);
      all.push(seen);
    },
  });
  tcp.finish();
  return { golden: { seen: all.map((bits) => bits.toString(16)).join(' '), rst: tcp.counts.rst, synUnanswered: tcp.counts.synUnanswered, layers, windowFull }, counts: tcp.counts, segments };
}
