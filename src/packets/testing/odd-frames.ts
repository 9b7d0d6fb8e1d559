/** Frames that take decoders to their corners: tunnels in tunnels, tags, fragments, extension headers, quotations, cut headers. */
import { arp, ethernet, icmpError, ip, tcp, udp, vxlan } from './frames.ts';
import type { Frame } from './files.ts';
import { Tcp } from '../tcp/flags.ts';

const [A, B] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
const [CLIENT, SERVER, NODE, PEER] = ['10.42.1.5', '10.42.2.6', '192.0.2.1', '192.0.2.2'];
const [CLIENT6, SERVER6] = ['fd00:42::5', 'fd00:43::6'];
const IPV4 = 0x0800;
const IPV6 = 0x86dd;

const eth = (packet: Uint8Array, type = IPV4): Buffer => ethernet(A, B, type, packet);
const segment = (seq: number, flags: number = Tcp.ack, size = 0, port = 40_000): Buffer => tcp(CLIENT, SERVER, port, 80, { seq, ack: 1, flags, payload: new Uint8Array(size) });
const segment6 = (seq: number, size = 0): Buffer => tcp(CLIENT6, SERVER6, 40_001, 80, { seq, ack: 1, flags: Tcp.ack, payload: new Uint8Array(size) });
const four = (payload: Uint8Array, protocol = 6): Buffer => ip(CLIENT, SERVER, protocol, payload);
const tag = (type: number, vlan: number, rest: Uint8Array, inner: number): Buffer => Buffer.concat([ethernet(A, B, type, Buffer.from([vlan >> 8, vlan & 255, inner >> 8, inner & 255])), rest]);

function fragments(payload: Buffer, id: number, pieces: readonly number[]): Buffer[] {
  let offset = 0;
  return pieces.map((size, at) => {
    const last = at === pieces.length - 1;
    const part = payload.subarray(offset, last ? payload.length : offset + size);
    const packet = ip(CLIENT, SERVER, 6, part, { id, dontFragment: false, offset, moreFragments: !last });
    offset += size;
    return eth(packet);
  });
}

/** An IPv6 packet with the given extension headers: each is [type, body without next header and length]. */
function extended(headers: readonly [type: number, body: number[]][], protocol: number, payload: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  headers.forEach(([type, body], at) => {
    const next = headers[at + 1]?.[0] ?? protocol;
    const size = type === 51 ? (body.length + 2) / 4 - 2 : (body.length + 2) / 8 - 1;
    parts.push(Buffer.from(type === 44 ? [next, 0, ...body] : [next, size, ...body]));
  });
  return eth(ip(CLIENT6, SERVER6, headers[0]?.[0] ?? protocol, Buffer.concat([...parts, payload])), IPV6);
}

const pad6 = (size: number): number[] => [1, size * 8 - 4, ...Array.from({ length: size * 8 - 4 }, () => 0)];
const geneve = (options: number, frame: Uint8Array): Buffer => Buffer.concat([Buffer.from([options, 0, 0x65, 0x58, 0, 0, 7, 0]), Buffer.alloc(options * 4), frame]);
const gre = (flags: number, type: number, extra: number, rest: Uint8Array): Buffer => Buffer.concat([Buffer.from([flags >> 8, flags & 255, type >> 8, type & 255]), Buffer.alloc(extra), rest]);
const outer = (payload: Uint8Array, port: number): Buffer => eth(ip(NODE, PEER, 17, udp(NODE, PEER, 50_000, port, payload)));

/** In order; a microsecond apart. */
export function oddFrames(): Frame[] {
  const big = segment(5000, Tcp.ack, 3000);
  const quoted = four(segment(100, Tcp.syn, 0, 41_000));
  const list: Buffer[] = [
    eth(four(segment(1, Tcp.ack, 10))),
    tag(0x8100, 100, four(segment(11, Tcp.ack, 10)), IPV4),
    tag(0x88a8, 100, Buffer.concat([Buffer.from([0, 7, 8, 0]), four(segment(21, Tcp.ack, 10))]), 0x8100),
    outer(vxlan(7, eth(four(segment(31, Tcp.ack, 10)))), 4789),
    outer(geneve(0, eth(four(segment(41, Tcp.ack, 10)))), 6081),
    outer(geneve(3, eth(four(segment(51, Tcp.ack, 10)))), 6081),
    eth(ip(NODE, PEER, 4, four(segment(61, Tcp.ack, 10)))),
    eth(ip(NODE, PEER, 41, ip(CLIENT6, SERVER6, 6, segment6(1, 5)))),
    eth(ip(NODE, PEER, 47, gre(0, IPV4, 0, four(segment(71, Tcp.ack, 10))))),
    eth(ip(NODE, PEER, 47, gre(0x2000, 0x6558, 4, eth(four(segment(81, Tcp.ack, 10)))))),
    eth(ip(NODE, PEER, 47, gre(0x3000, IPV4, 8, four(segment(91, Tcp.ack, 10))))),
    ...fragments(big, 7, [1480, 1480, 0]),
    ...fragments(segment(8000, Tcp.ack, 3000), 8, [1480, 1480, 0]).toReversed(),
    // The last one never comes.
    ...fragments(segment(11_000, Tcp.ack, 3000), 9, [1480, 1480, 0]).slice(0, 2),
    extended([[0, pad6(1)]], 6, segment6(6, 5)),
    extended([[0, pad6(2)], [60, pad6(1)], [43, [0, 0, 0, 0, 0, 0]]], 6, segment6(11, 5)),
    extended([[51, [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]]], 6, segment6(16, 5)),
    // An atomic fragment (RFC 6946), and a datagram of two.
    extended([[44, [0, 0, 0, 0, 0, 1]]], 6, segment6(21, 5)),
    extended([[44, [0, 1, 0, 0, 0, 2]]], 6, segment6(26, 44).subarray(0, 48)),
    extended([[44, [0, 48, 0, 0, 0, 2]]], 6, segment6(26, 44).subarray(48)),
    eth(ip(PEER, CLIENT, 1, icmpError(3, 3, quoted.subarray(0, 28)))),
    eth(ip(PEER, CLIENT, 1, icmpError(3, 1, quoted))),
    eth(ip(PEER, CLIENT, 1, icmpError(3, 4, four(segment(200, Tcp.rst, 0, 41_001)), 1400))),
    eth(arp(1, A, CLIENT, '00:00:00:00:00:00', SERVER)),
    eth(ip(CLIENT, SERVER, 17, udp(CLIENT, SERVER, 5353, 53, Buffer.from('12340100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex')))),
    eth(ip(CLIENT, SERVER, 132, Buffer.concat([Buffer.from([0x0b, 0xb8, 0x0b, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1])]))),
    // Padding behind the packet is not payload.
    Buffer.concat([eth(four(segment(101, Tcp.ack, 0))), Buffer.alloc(6)]),
    eth(four(segment(101, Tcp.rst, 0))),
    eth(four(segment(101, Tcp.rst | Tcp.ack, 0))),
  ];
  // A segment for the network card to cut: its IP length is 0.
  const offloaded = eth(four(segment(101, Tcp.ack, 200)));
  offloaded.writeUInt16BE(0, 16);
  list.push(offloaded);
  const frames = list.map((bytes, at): Frame => ({ time: 1_700_000_000_000_000_000n + BigInt(at) * 1000n, bytes }));
  // Cut by a snap length, within the payload and within the header.
  for (const size of [54, 50, 48, 40, 20]) {
    const bytes = eth(four(segment(301 + size, Tcp.ack, 100)));
    frames.push({ time: 1_700_000_001_000_000_000n + BigInt(size), bytes: bytes.subarray(0, size), length: bytes.length });
  }
  return frames;
}
