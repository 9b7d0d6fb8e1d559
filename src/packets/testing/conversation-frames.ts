/** Frames whose payload is followed through a connection: HTTP/1, HTTP/2 with gRPC, DNS over TCP and UDP; and TCP options of every kind. */
import { Frame as Kind, grpcAnswer, grpcCall, h2block, h2frame, h2headers, PREFACE } from './http2.ts';
import { dns, overTcp, POD, Scene, WEB } from './scenes.ts';
import { Tcp } from '../tcp/flags.ts';
import type { Frame } from './files.ts';
import { icmpError, ip, sackBlocks, tcp, tcpOptions } from './frames.ts';

/** In order: several connections, each with its handshake. */
export function conversationFrames(): Frame[] {
  const none = new Uint8Array(0);
  const block = h2block({ ':status': '503', 'x-long': 'y'.repeat(100) });
  return new Scene()
    .talks(POD, 41_000, WEB, 9004, [Buffer.concat([PREFACE, h2frame(Kind.settings, 0, 0, none), grpcCall(1, '/a.B/C')]), Buffer.concat([h2frame(Kind.settings, 0, 0, new Uint8Array(6)), grpcAnswer(1, 14)]), grpcCall(3, '/a.B/D'), h2headers(3, { ':status': '200', 'grpc-status': '12' }, true)])
    .talks(POD, 41_001, WEB, 80, [Buffer.concat([PREFACE, h2headers(1, { ':path': '/' }, true)]), h2frame(Kind.headers, 0, 1, block.subarray(0, 20)), none, h2frame(Kind.continuation, 4, 1, block.subarray(20)), none, h2frame(Kind.reset, 0, 1, Buffer.from([0, 0, 0, 7])), none, h2frame(Kind.goaway, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 11]))])
    .talks(POD, 41_002, WEB, 80, [Buffer.from('GET /a HTTP/1.1\r\n\r\n'), Buffer.from('HTTP/1.1 503 Service Unavailable\r\n\r\n')])
    .talks(POD, 41_003, '10.43.0.10', 53, [overTcp(dns(1, 'a.example', 1)), overTcp(dns(1, 'a.example', 1, 2)), overTcp(dns(2, 'b.example', 28))])
    .udp(POD, 41_004, '10.43.0.10', 53, dns(3, 'c.example.shop.svc.cluster.local', 1)).udp('10.43.0.10', 53, POD, 41_004, dns(3, 'c.example.shop.svc.cluster.local', 1, 3))
    .talks(POD, 41_005, WEB, 80, [Buffer.from('GET /a HTTP/1.1\r\n\r\n'), Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'), none, Buffer.from('0\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab')])
    .opens(POD, 41_006, WEB, 80, { tunnel: ['192.0.2.1', '192.0.2.2'] }, tcpOptions({ mss: 1460, scale: 7, sack: true, timestamps: true }))
    .tcp(POD, 41_006, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, options: sackBlocks([[601, 701], [801, 901]]) })
    .packet('192.0.2.9', WEB, 1, icmpError(3, 4, ip(WEB, POD, 6, tcp(WEB, POD, 80, 41_006, { seq: 501, ack: 101, flags: Tcp.ack })).subarray(0, 28), 1400))
    .frames;
}
