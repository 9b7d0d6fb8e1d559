/** ICMP errors by code, and what they are about: the quoted packet. */
import { u16, u32, u8 } from '../read/bytes.ts';
import type { Packet } from '../decode/packet.ts';
import { Protocol } from '../decode/decoder.ts';
import type { SignatureId } from './catalogue.ts';
import type { Findings } from './findings.ts';
import type { Words } from './words.ts';

/** RFC 792, RFC 1812 §5.2.7.1: codes of "destination unreachable". */
const CODES4 = ['network unreachable', 'host unreachable', 'protocol unreachable', 'port unreachable', 'fragmentation needed', 'source route failed', 'network unknown', 'host unknown', 'source isolated', 'network prohibited', 'host prohibited', 'network unreachable for this service', 'host unreachable for this service', 'administratively prohibited', 'host precedence violation', 'precedence cutoff'];
/** RFC 4443 §3.1. */
const CODES6 = ['no route', 'administratively prohibited', 'beyond the scope of the source', 'address unreachable', 'port unreachable', 'source address failed policy', 'reject route'];

export interface IcmpError { id: SignatureId; /** Whether it means that the packet did not arrive for good. */ rejects: boolean; text: string; /** What the next hop carries, in bytes, where the error says so: 0 in those of old routers (RFC 1191 §4). */ mtu?: number; sender: number; family: 4 | 6; ttl: number }

export class IcmpErrors {
  /** The error whose quotation is being read; undefined otherwise. */
  current: IcmpError | undefined;
  readonly #findings: Findings;
  readonly #words: Words;

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  /** An ICMP or ICMPv6 message. */
  message(packet: Packet): void {
    const { bytes, at } = packet;
    const [type, code] = [u8(bytes, at), u8(bytes, at + 1)];
    const known = packet.family === 4 ? error4(type, code, bytes, at) : error6(type, code, bytes, at);
    this.current = known === undefined ? undefined : { ...known, sender: packet.source, family: packet.family === 4 ? 4 : 6, ttl: packet.ttl };
  }

  /** The quotation of the current error: its IP header is in `packet`. */
  quoted(packet: Packet): void {
    const error = this.current;
    if (error === undefined) return;
    if (!this.#findings.count(error.id, packet.time, packet.frame, packet.destination)) return;
    const ports = packet.captured - packet.at >= 4 && (packet.protocol === Protocol.tcp || packet.protocol === Protocol.udp);
    if (ports) {
      packet.sourcePort = u16(packet.bytes, packet.at);
      packet.destinationPort = u16(packet.bytes, packet.at + 2);
    }
    const about = ports ? `${packet.protocol === Protocol.tcp ? 'TCP' : 'UDP'} ${this.#words.ends(packet)}` : `protocol ${packet.protocol} ${this.#words.address(packet.family, packet.source)} → ${this.#words.address(packet.family, packet.destination)}`;
    this.#findings.explain(error.id, `${this.#words.address(error.family, error.sender)} says "${error.text}" about ${about} of ${packet.size} bytes`);
  }
}

type Known = Pick<IcmpError, 'id' | 'rejects' | 'text' | 'mtu'>;

function error4(type: number, code: number, bytes: Uint8Array, at: number): Known | undefined {
  if (type === 11) return { id: 'icmp-time-exceeded', rejects: true, text: code === 0 ? 'time exceeded on the way' : 'time exceeded while putting fragments together' };
  if (type !== 3) return undefined;
  const text = CODES4[code] ?? `destination unreachable, code ${code}`;
  if (code === 4) return { id: 'icmp-too-big', rejects: false, text: `${text}, MTU ${u16(bytes, at + 6)}`, mtu: u16(bytes, at + 6) };
  if (code === 3 || code === 2) return { id: code === 3 ? 'icmp-port-unreachable' : 'icmp-unreachable', rejects: true, text };
  if (code === 0 || code === 6 || code === 11) return { id: 'icmp-net-unreachable', rejects: true, text };
  if (code === 1 || code === 7 || code === 12) return { id: 'icmp-host-unreachable', rejects: true, text };
  return { id: code === 9 || code === 10 || code === 13 ? 'icmp-prohibited' : 'icmp-unreachable', rejects: true, text };
}

function error6(type: number, code: number, bytes: Uint8Array, at: number): Known | undefined {
  if (type === 2) return { id: 'icmp-too-big', rejects: false, text: `packet too big, MTU ${u32(bytes, at + 4)}`, mtu: u32(bytes, at + 4) };
  if (type === 3) return { id: 'icmp-time-exceeded', rejects: true, text: code === 0 ? 'time exceeded on the way' : 'time exceeded while putting fragments together' };
  if (type !== 1) return undefined;
  const text = CODES6[code] ?? `destination unreachable, code ${code}`;
  const ids: readonly SignatureId[] = ['icmp-net-unreachable', 'icmp-prohibited', 'icmp-unreachable', 'icmp-host-unreachable', 'icmp-port-unreachable', 'icmp-prohibited', 'icmp-prohibited'];
  return { id: ids[code] ?? 'icmp-unreachable', rejects: true, text };
}
