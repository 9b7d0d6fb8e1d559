/** Builds frames byte by byte, for tests and benchmarks. */
import { checksum } from '../decode/checksum.ts';

export interface IpOptions { ttl?: number; id?: number; dontFragment?: boolean; moreFragments?: boolean; offset?: number; protocol?: number }

const address4 = (text: string): number[] => text.split('.').map(Number);

function address6(text: string): number[] {
  const [left = '', right] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [groups(left), right === undefined ? [] : groups(right)];
  const all = right === undefined ? head : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
  return all.flatMap((group) => [group >> 8, group & 255]);
}

export const isIpv6 = (text: string): boolean => text.includes(':');
const addressBytes = (text: string): number[] => (isIpv6(text) ? address6(text) : address4(text));
const mac = (text: string): number[] => text.split(':').map((part) => Number.parseInt(part, 16));

export function ethernet(source: string, destination: string, type: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...mac(destination), ...mac(source), type >> 8, type & 255]), payload]);
}

/** An IPv4 or IPv6 packet, by its addresses. */
export function ip(source: string, destination: string, protocol: number, payload: Uint8Array, options: IpOptions = {}): Buffer {
  const ttl = options.ttl ?? 64;
  if (isIpv6(source)) {
    const header = Buffer.alloc(40);
    header.writeUInt32BE(0x60000000);
    header.writeUInt16BE(payload.length, 4);
    header.set([protocol, ttl, ...address6(source), ...address6(destination)], 6);
    return Buffer.concat([header, payload]);
  }
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(options.id ?? 0, 4);
  header.writeUInt16BE((options.dontFragment === false ? 0 : 0x4000) * (options.moreFragments === true || options.offset !== undefined ? 0 : 1) + (options.moreFragments === true ? 0x2000 : 0) + (options.offset ?? 0) / 8, 6);
  header.set([ttl, protocol], 8);
  header.set([...address4(source), ...address4(destination)], 12);
  header.writeUInt16BE(checksum(header, 0, 20, 0), 10);
  return Buffer.concat([header, payload]);
}

function pseudo(source: string, destination: string, protocol: number, size: number): number {
  const bytes = Buffer.from([...addressBytes(source), ...addressBytes(destination)]);
  let sum = protocol + size;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  return sum;
}

export interface TcpOptions { seq?: number; ack?: number; flags?: number; window?: number; payload?: Uint8Array; options?: Uint8Array; badChecksum?: boolean; partialChecksum?: boolean }

const padded = (options: readonly number[]): Buffer => Buffer.from([...options, ...Array.from({ length: (4 - (options.length % 4)) % 4 }, () => 0)]);

/** Options of a SYN. */
export function tcpOptions({ mss, scale, sack = false, timestamps = false }: { mss?: number | undefined; scale?: number | undefined; sack?: boolean | undefined; timestamps?: boolean | undefined }): Buffer {
  return padded([...(timestamps ? [8, 10, 0, 0, 0, 1, 0, 0, 0, 0] : []), ...(sack ? [4, 2] : []), ...(scale === undefined ? [] : [3, 3, scale]), ...(mss === undefined ? [] : [2, 4, mss >> 8, mss & 255])]);
}

/** A SACK option of blocks, each from its first byte up to the one behind its last. */
export function sackBlocks(blocks: readonly (readonly [from: number, to: number])[]): Buffer {
  const words = Buffer.alloc(blocks.length * 8);
  blocks.flat().forEach((edge, at) => words.writeInt32BE(edge | 0, at * 4));
  return padded([1, 1, 5, 2 + words.length, ...words]);
}

/** A TCP segment; ack given means the flag ACK. */
export function tcp(source: string, destination: string, sport: number, dport: number, what: TcpOptions = {}): Buffer {
  const options = what.options ?? new Uint8Array(0);
  const payload = what.payload ?? new Uint8Array(0);
  const segment = Buffer.alloc(20 + options.length + payload.length);
  segment.writeUInt16BE(sport, 0);
  segment.writeUInt16BE(dport, 2);
  segment.writeUInt32BE((what.seq ?? 0) >>> 0, 4);
  segment.writeUInt32BE((what.ack ?? 0) >>> 0, 8);
  segment[12] = (20 + options.length) * 4;
  segment[13] = what.flags ?? 0;
  segment.writeUInt16BE(what.window ?? 64_240, 14);
  segment.set(options, 20);
  segment.set(payload, 20 + options.length);
  const sum = pseudo(source, destination, 6, segment.length);
  const right = checksum(segment, 0, segment.length, sum);
  const partial = 0xffff ^ checksum(new Uint8Array(0), 0, 0, sum);
  segment.writeUInt16BE(what.partialChecksum === true ? partial : what.badChecksum === true ? right ^ 0x5555 : right, 16);
  return segment;
}

export function udp(source: string, destination: string, sport: number, dport: number, payload: Uint8Array, badChecksum = false): Buffer {
  const datagram = Buffer.alloc(8 + payload.length);
  datagram.writeUInt16BE(sport, 0);
  datagram.writeUInt16BE(dport, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.set(payload, 8);
  const right = checksum(datagram, 0, datagram.length, pseudo(source, destination, 17, datagram.length));
  datagram.writeUInt16BE(badChecksum ? right ^ 0x5555 : right === 0 ? 0xffff : right, 6);
  return datagram;
}

export function arp(operation: 1 | 2, senderMac: string, sender: string, targetMac: string, target: string): Buffer {
  return Buffer.from([0, 1, 8, 0, 6, 4, 0, operation, ...mac(senderMac), ...address4(sender), ...mac(targetMac), ...address4(target)]);
}

export function vxlan(vni: number, frame: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([8, 0, 0, 0, vni >> 16, (vni >> 8) & 255, vni & 255, 0]), frame]);
}

/** An ICMP error of IPv4 that quotes the beginning of a packet. */
export function icmpError(type: number, code: number, quoted: Uint8Array, rest = 0): Buffer {
  const message = Buffer.alloc(8 + quoted.length);
  message.set([type, code]);
  message.writeUInt32BE(rest, 4);
  message.set(quoted, 8);
  message.writeUInt16BE(checksum(message, 0, message.length, 0), 2);
  return message;
}
