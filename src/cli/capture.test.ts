/** `fairlead capture` from its front door: every signature by a capture that has it, and none by one that has not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { SIGNATURES } from '../packets/signatures/catalogue.ts';
import { Tcp } from '../packets/tcp/flags.ts';
import { conversationFrames } from '../packets/testing/conversation-frames.ts';
import { icmpError, ip, sackBlocks, tcp, tcpOptions, udp } from '../packets/testing/frames.ts';
import { pcapFile } from '../packets/testing/files.ts';
import { Frame, grpcAnswer, grpcCall, h2frame, h2headers, PREFACE } from '../packets/testing/http2.ts';
import { dns, HOST_MAC, OTHER_MAC, overTcp, POD, POD_MAC, Scene, WEB } from '../packets/testing/scenes.ts';
import { capturesOf, data, example, PATIENCE, seen } from './testing/captures.ts';
import { runMain } from './testing/run-main.ts';

const { dir, report, write } = capturesOf();

const GATEWAY = '169.254.1.1';
const askInVain = (scene: Scene, seconds: number, meanwhile?: (scene: Scene) => void): Scene => {
  for (let at = 0; at < seconds; at++) {
    scene.asks(POD_MAC, POD, GATEWAY).wait(500);
    meanwhile?.(scene);
    scene.wait(500);
  }
  return scene;
};
const ping = (scene: Scene): Scene => scene.packet('192.0.2.9', POD, 1, Buffer.from([8, 0, 0, 0, 0, 1, 0, 1]), { macs: [HOST_MAC, POD_MAC] });

/** One fault each: its capture, what must be found in it and nothing else but what is named, and words of the example. */
const FAULTS: Record<string, [make: () => Scene, found: Record<string, number>, words: RegExp]> = {
  'calico#8689: the gateway answers after a minute': [() => askInVain(new Scene(), 61, ping).answers(HOST_MAC, GATEWAY, POD_MAC, POD), { 'arp-gateway-late': 1 }, /asked for 169.254.1.1 61 times; the first answer, from ee:ee:ee:ee:ee:ee, came after 61 s.*F1.*F2.*F3/],
  'calico#3270: the gateway never answers, the route stands': [() => askInVain(new Scene(), 5, ping), { 'arp-gateway-never': 1 }, /never had an answer. 5 packets for the pod arrived here meanwhile.*F1.*F2.*F3/],
  'no route: the node says so': [() => askInVain(new Scene(), 4, (scene) => scene.packet('192.0.2.1', POD, 1, icmpError(3, 0, ip(POD, '192.0.2.9', 1, Buffer.alloc(8))), { macs: [HOST_MAC, POD_MAC] })), { 'arp-gateway-never': 1, 'icmp-net-unreachable': 4 }, /says "network unreachable"/],
  'F5: nothing finds the pod': [() => askInVain(new Scene(), 4), { 'arp-gateway-never': 1 }, /Nothing for the pod arrived here meanwhile.*F5/],
  'F6: frames are dropped behind the capture': [() => {
    const scene = new Scene();
    for (let at = 0; at < 4; at++) scene.asks(POD_MAC, POD, GATEWAY).asks(HOST_MAC, '192.0.2.1', POD).answers(POD_MAC, POD, HOST_MAC, '192.0.2.1').wait(1000);
    return scene;
  }, { 'arp-gateway-never': 1, 'arp-reply-not-taken': 2 }, /F6/],
  'F4: proxy_delay': [() => new Scene().asks(POD_MAC, POD, GATEWAY).wait(700).answers(HOST_MAC, GATEWAY, POD_MAC, POD), { 'arp-gateway-slow': 1 }, /came after 700 ms: proxy_delay is above 0 \(F4\)/],
  'a neighbour that is not there': [() => new Scene().asks(POD_MAC, POD, '10.42.1.77').wait(1000).asks(POD_MAC, POD, '10.42.1.77').wait(1000).asks(POD_MAC, POD, '10.42.1.77').wait(5000), { 'arp-unanswered': 1 }, /asked for 10.42.1.77 3 times in 2.00 s/],
  'two hosts with one address': [() => new Scene().asks(POD_MAC, POD, '10.42.1.9').answers(HOST_MAC, '10.42.1.9', POD_MAC, POD).answers(OTHER_MAC, '10.42.1.9', POD_MAC, POD), { 'duplicate-address': 1 }, /10.42.1.9 is claimed by 02:00:00:00:02:06/],
  'a load balancer address that moves': [() => new Scene().announces(HOST_MAC, '192.0.2.100').wait(30_000).announces(OTHER_MAC, '192.0.2.100'), { 'announcement-moved': 1 }, /announced by 02:00:00:00:02:06, 30 s after ee:ee/],
  'two speakers in a quarrel': [() => {
    const scene = new Scene();
    for (let at = 0; at < 6; at++) scene.announces(at % 2 === 0 ? HOST_MAC : OTHER_MAC, '192.0.2.100').wait(2000);
    return scene;
  }, { 'arp-war': 3, 'announcement-moved': 2 }, /3 turns so far/],
  'a SYN that nobody answers': [() => [0, 1000, 2000, 4000].reduce((scene, wait) => scene.wait(wait).tcp(POD, 40_000, WEB, 9004, { seq: 1, flags: Tcp.syn }), new Scene()), { 'syn-unanswered': 1, retransmissions: 3 }, /10.42.1.5:40000 → 10.42.2.6:9004: 4 SYNs in 7.00 s, nothing came back/],
  'a port that nobody listens on': [() => new Scene().opens(POD, 40_000, WEB, 80).tcp(POD, 40_001, WEB, 81, { seq: 1, flags: Tcp.syn }).wait(1).tcp(WEB, 81, POD, 40_001, { seq: 0, ack: 2, flags: Tcp.rst | Tcp.ack }), { 'syn-reset-by-host': 1 }, /RST after 1 SYN, TTL 64.*as its other answers have/],
  'a firewall that resets': [() => new Scene().opens(POD, 40_000, WEB, 80).tcp(POD, 40_001, WEB, 81, { seq: 1, flags: Tcp.syn }).wait(1).tcp(WEB, 81, POD, 40_001, { seq: 0, ack: 2, flags: Tcp.rst | Tcp.ack }, { ip: { ttl: 255 } }), { 'syn-reset-by-other': 1 }, /TTL 255.*the host itself have TTL 64/],
  'a refusal without anything to compare it with': [() => new Scene().tcp(POD, 40_001, WEB, 81, { seq: 1, flags: Tcp.syn }).wait(1).tcp(WEB, 81, POD, 40_001, { seq: 0, ack: 2, flags: Tcp.rst | Tcp.ack }), { 'syn-reset': 1 }, /no other packet of that host/],
  'a policy that rejects': [() => new Scene().tcp(POD, 40_000, WEB, 81, { seq: 1, flags: Tcp.syn }).packet('192.0.2.2', POD, 1, icmpError(3, 3, ip(POD, WEB, 6, tcp(POD, WEB, 40_000, 81, { seq: 1, flags: Tcp.syn })).subarray(0, 28)), { macs: [HOST_MAC, POD_MAC] }), { 'syn-rejected-by-icmp': 1, 'icmp-port-unreachable': 1 }, /10.42.1.5:40000 → 10.42.2.6:81: 192.0.2.2 says "port unreachable"/],
  'a reset in the middle': [() => new Scene().opens(POD, 40_000, WEB, 80).tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, payload: data(10) }).wait(500).tcp(WEB, 80, POD, 40_000, { seq: 501, flags: Tcp.rst }), { 'rst-midstream': 1 }, /10.42.2.6:80 resets the connection to 10.42.1.5:40000 after 503 ms/],
  'a receiver that stops': [() => new Scene().opens(POD, 40_000, WEB, 80).tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 101, flags: Tcp.ack, window: 0 }), { 'zero-window': 1 }, /10.42.2.6:80 tells 10.42.1.5:40000 to stop/],
  'a window that is used up': [() => new Scene().opens(POD, 40_000, WEB, 80, {}, tcpOptions({ scale: 2 })).tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, window: 100 }).wait(1)
    .tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 101, flags: Tcp.ack, payload: data(100) }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 601, ack: 101, flags: Tcp.ack, payload: data(300) }), { 'window-full': 1 }, /10.42.2.6:80 → 10.42.1.5:40000: the window of 400 bytes is used up$/],
  'a window that is used up, of a connection without scaling': [() => new Scene().opens(POD, 40_000, WEB, 80, {}, tcpOptions({ mss: 1460 })).tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, window: 100 }).wait(1)
    .tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 101, flags: Tcp.ack, payload: data(100) }), { 'window-full': 1 }, /the window of 100 bytes is used up; windows are not scaled/],
  'an MSS that the path does not carry': [() => new Scene().opens(POD, 40_000, WEB, 80, {}, tcpOptions({ mss: 1460 }))
    .packet('192.0.2.9', WEB, 1, icmpError(3, 4, ip(WEB, POD, 6, tcp(WEB, POD, 80, 40_000, { seq: 501, ack: 101, flags: Tcp.ack, payload: data(1460) })).subarray(0, 28), 1400)), { 'mss-too-large': 1, 'icmp-too-big': 1 }, /^10.42.1.5:40000 offered 10.42.2.6:80 an MSS of 1460, which makes packets of 1500 bytes; 192.0.2.9 says "fragmentation needed, MTU 1400"$/],
  'an MSS that the path does not carry with a tunnel around it, told before and after': [() => {
    const opens = (scene: Scene, port: number): Scene => scene.opens(POD, port, WEB, 80, { tunnel: ['192.0.2.1', '192.0.2.2'] }, tcpOptions({ mss: 1460 }));
    return opens(opens(new Scene(), 40_000).packet('192.0.2.9', '192.0.2.2', 1, icmpError(3, 4, ip('192.0.2.2', '192.0.2.1', 17, udp('192.0.2.2', '192.0.2.1', 50_000, 8472, data(1500))).subarray(0, 28), 1500))
      .packet('192.0.2.9', '192.0.2.1', 1, icmpError(3, 4, ip('192.0.2.1', '192.0.2.2', 17, udp('192.0.2.1', '192.0.2.2', 50_000, 8472, data(1500))).subarray(0, 28), 1500)), 40_001);
  }, { 'mss-too-large': 3, 'icmp-too-big': 2 }, /MSS of 1460: packets of 1500 bytes, 1550 with the tunnel around them; the path from 192.0.2.\d to 192.0.2.\d carries 1500$/],
  'large segments vanish, and the receiver says what it has': [() => {
    const scene = new Scene().opens(POD, 40_000, WEB, 80, {}, tcpOptions({ mss: 1460, sack: true }));
    for (const wait of [200, 400, 800, 1600]) {
      scene.tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 101, flags: Tcp.ack, payload: data(1400) }).wait(1);
      if (wait === 200) scene.tcp(WEB, 80, POD, 40_000, { seq: 1901, ack: 101, flags: Tcp.ack, payload: data(20) }).wait(1);
      scene.tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, options: sackBlocks([[1901, 1921]]) }).wait(wait);
    }
    return scene;
  }, { 'pmtu-black-hole': 1, retransmissions: 3 }, /it has bytes behind that segment \(SACK\); MSS offered by the sender 1460, by the receiver 1460$/],
  'large segments vanish': [() => {
    const scene = new Scene().opens(POD, 40_000, WEB, 80).tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, payload: data(100) }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 201, flags: Tcp.ack }).wait(1);
    for (const wait of [200, 400, 800, 1600]) scene.tcp(WEB, 80, POD, 40_000, { seq: 501, ack: 201, flags: Tcp.ack, payload: data(1400) }).wait(wait).tcp(POD, 40_000, WEB, 80, { seq: 201, ack: 501, flags: Tcp.ack, payload: data(0) });
    return scene;
  }, { 'pmtu-black-hole': 1, retransmissions: 3 }, /a segment of 1400 bytes was sent 4 times and never acknowledged.*no ICMP "too big"/],
  'a peer that falls silent': [() => {
    const scene = new Scene().opens(POD, 40_000, WEB, 80);
    for (const wait of [200, 400, 800, 1600]) scene.tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, payload: data(100) }).wait(wait);
    return scene;
  }, { 'peer-silent': 1, retransmissions: 3 }, /100 bytes sent 4 times; nothing was heard/],
  'only one direction passes': [() => [1, 2, 3, 4, 5].reduce((scene, at) => scene.tcp(POD, 40_000, WEB, 80, { seq: 101 + at * 10, ack: 501 + at * 1000, flags: Tcp.ack, payload: data(10) }).wait(10), new Scene()), { 'asymmetric-path': 1 }, /5 packets that acknowledge data of the other end/],
  'data of a connection that the other end does not know': [() => new Scene().opens(POD, 40_001, WEB, 81).wait(2000).tcp(POD, 40_000, WEB, 80, { seq: 1, ack: 1, flags: Tcp.ack, payload: data(10) }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 1, flags: Tcp.rst }), { 'half-open': 1 }, /answers data of .*:40000 with RST: it does not know the connection/],
  'the same when the capture has just begun': [() => new Scene().tcp(POD, 40_000, WEB, 80, { seq: 1, ack: 1, flags: Tcp.ack, payload: data(10) }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 1, flags: Tcp.rst }), { 'rst-midstream': 1 }, /resets the connection/],
  'a SYN that meets an old connection': [() => new Scene().tcp(POD, 40_000, WEB, 80, { seq: 1, flags: Tcp.syn }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 777, ack: 999, flags: Tcp.ack }).wait(5000), { 'half-open': 1 }, /answered with an ACK of something else/],
  'a port used again too early': [() => new Scene().opens(POD, 40_000, WEB, 80).wait(2000).tcp(POD, 40_000, WEB, 80, { seq: 90_000, flags: Tcp.syn }).wait(1).tcp(WEB, 80, POD, 40_000, { seq: 7000, ack: 90_001, flags: Tcp.syn | Tcp.ack }), { 'port-reused': 1 }, /a new SYN 2.00 s after the last packet/],
  'a pod that cannot reach itself': [() => new Scene().tcp(POD, 40_000, POD, 80, { seq: 1, flags: Tcp.syn }).wait(1000).tcp(POD, 40_000, POD, 80, { seq: 1, flags: Tcp.syn }), { 'hairpin-unanswered': 1, retransmissions: 1 }, /10.42.1.5:40000 → 10.42.1.5:80: 2 SYNs/],
  'a stale forwarding entry': [() => {
    const scene = new Scene();
    // The far side's MAC lives on 192.0.2.2, and frames for it go to 192.0.2.3.
    return scene.tcp(WEB, 80, POD, 40_000, { seq: 1, ack: 1, flags: Tcp.ack }, { macs: [OTHER_MAC, POD_MAC], tunnel: ['192.0.2.2', '192.0.2.1'] }).wait(1).tcp(POD, 40_000, WEB, 80, { seq: 1, ack: 1, flags: Tcp.ack }, { macs: [POD_MAC, OTHER_MAC], tunnel: ['192.0.2.1', '192.0.2.3'] });
  }, { 'vxlan-wrong-vtep': 1 }, /02:00:00:00:02:06, which lives on 192.0.2.2, goes from 192.0.2.1 to 192.0.2.3 \(VNI 1\)/],
  'a node that is gone, on a port of its own': [() => [1, 2, 3, 4, 5].reduce((scene, at) => scene.udp(POD, 40_000, WEB, 5000, data(20 + at), { tunnel: ['192.0.2.1', '192.0.2.9', 4799], vni: 42 }).wait(1000), new Scene()), { 'vxlan-silent-vtep': 1 }, /192.0.2.1 sent 5 packets to 192.0.2.9 \(VNI 42\) in 4.00 s; none came back/],
  'wrong checksums inside': [() => new Scene().tcp(POD, 40_000, WEB, 80, { seq: 1, ack: 1, flags: Tcp.ack, badChecksum: true }, { tunnel: ['192.0.2.1', '192.0.2.2'] }), { 'bad-inner-checksum': 1 }, /in a tunnel from 192.0.2.1 to 192.0.2.2/],
  'wrong checksums, and no tunnel': [() => new Scene().tcp(POD, 40_000, WEB, 80, { seq: 1, ack: 1, flags: Tcp.ack, badChecksum: true }), { 'bad-checksum': 1 }, /TCP 10.42.1.5:40000 → 10.42.2.6:80: 0x[0-9a-f]{4}$/],
  'an IPv6 neighbour that is not there': [() => [1, 2, 3].reduce((scene) => scene.packet('fd00::5', 'ff02::1:ff00:6', 58, Buffer.from(`8700000000000000fd00${'0'.repeat(26)}06`, 'hex'), { macs: [POD_MAC, '33:33:ff:00:00:06'] }).wait(1000), new Scene()), { 'nd-unanswered': 1 }, /fd00::5 asked for fd00::6 3 times in 2.00 s/],
  'a name server that is silent': [() => new Scene().udp(POD, 40_000, '10.43.0.10', 53, dns(1, 'web.shop.svc.cluster.local', 1)).wait(5000).udp(POD, 40_001, '10.43.0.10', 53, dns(2, 'web.shop.svc.cluster.local', 1)).wait(12_000).udp(POD, 50_000, WEB, 9999, data(8)), { 'dns-timeout': 2 }, /asked 10.43.0.10:53 for web.shop.svc.cluster.local \(A\): no answer/],
  'the race of two questions': [() => new Scene().udp(POD, 40_000, '10.43.0.10', 53, dns(1, 'a.example', 1)).udp(POD, 40_000, '10.43.0.10', 53, dns(2, 'a.example', 28)).wait(1).udp('10.43.0.10', 53, POD, 40_000, dns(1, 'a.example', 1, 0)).wait(5000).udp(POD, 50_000, WEB, 9999, data(8)), { 'dns-pair-lost': 1 }, /only the latter was answered/],
  'search domains and a storm': [() => {
    const scene = new Scene();
    for (let at = 0; at < 60; at++) scene.udp(POD, 40_000 + at, '10.43.0.10', 53, dns(at, 'api.example.com.shop.svc.cluster.local', 1)).wait(1).udp('10.43.0.10', 53, POD, 40_000 + at, dns(at, 'api.example.com.shop.svc.cluster.local', 1, 3)).wait(10);
    return scene;
  }, { 'dns-nxdomain-storm': 60, 'dns-search-list': 60 }, /60 of 60 answers: no such name/],
  'a name server without its upstream': [() => new Scene().udp(POD, 40_000, '10.43.0.10', 53, dns(1, 'example.com', 1)).wait(1).udp('10.43.0.10', 53, POD, 40_000, dns(1, 'example.com', 1, 2)), { 'dns-failure': 1 }, /10.43.0.10 answers example.com \(A\) with SERVFAIL/],
  'an answer that does not fit': [() => {
    const answer = dns(1, 'big.example', 16, 0);
    answer[2] = 0x83;
    return new Scene().udp(POD, 40_000, '10.43.0.10', 53, dns(1, 'big.example', 16)).udp('10.43.0.10', 53, POD, 40_000, answer);
  }, { 'dns-truncated': 1 }, /10.43.0.10 answers big.example \(TXT\) for 10.42.1.5 in part/],
  'DNS over TCP that is not answered': [() => new Scene().talks(POD, 40_000, '10.43.0.10', 53, [overTcp(dns(1, 'a.example', 1)), overTcp(dns(1, 'a.example', 1, 0)), overTcp(dns(2, 'b.example', 1))]).wait(20_000).udp(POD, 40_000, '10.43.0.10', 53, dns(3, 'c.example', 1)), { 'dns-timeout': 1 }, /asked 10.43.0.10:53 for b.example \(A\): no answer/],
  'a DNS server that fails over TCP, in pieces': [() => {
    const answer = overTcp(dns(1, 'a.example', 1, 2));
    return new Scene().talks(POD, 40_000, '10.43.0.10', 53, [overTcp(dns(1, 'a.example', 1)), answer.subarray(0, 1), new Uint8Array(0), answer.subarray(1, 20), new Uint8Array(0), answer.subarray(20)]);
  }, { 'dns-failure': 1 }, /10.43.0.10 answers a.example \(A\) with SERVFAIL/],
  'gRPC through a proxy without a backend': [() => new Scene().talks(POD, 40_000, WEB, 9004, [Buffer.concat([PREFACE, h2frame(Frame.settings, 0, 0, new Uint8Array(0)), grpcCall(1, '/inference.GRPCInferenceService/ModelInfer?x=secret')]), Buffer.concat([h2frame(Frame.settings, 0, 0, new Uint8Array(6)), grpcAnswer(1, 14)]), grpcCall(3, '/a.B/C'), grpcAnswer(3, 0)]), { 'grpc-unavailable': 1 }, /10.42.2.6:9004 answers \/inference.GRPCInferenceService\/ModelInfer of 10.42.1.5:40000 with UNAVAILABLE \(grpc-status 14\)$/],
  'gRPC that the application refuses, with a server that speaks first': [() => new Scene().talks(POD, 40_000, WEB, 9004, [new Uint8Array(0), h2frame(Frame.settings, 0, 0, new Uint8Array(6)), Buffer.concat([PREFACE, grpcCall(1, '/a.B/C')]), h2headers(1, { ':status': '200', 'grpc-status': '12' }, true)]), { 'grpc-error': 1 }, /with UNIMPLEMENTED/],
  'a proxy that says 503': [() => new Scene().talks(POD, 40_000, WEB, 80, [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from('HTTP/1.1 503 Service Unavailable\r\n\r\n')]), { 'http-gateway-error': 1 }, /10.42.2.6:80 answers 10.42.1.5:40000 with 503 \(HTTP\/1\)/],
  'a proxy that says 503 in the middle of a segment, behind a body that overtook its beginning': [() => {
    const scene = new Scene().talks(POD, 40_000, WEB, 80, [Buffer.from('GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n'), Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'), new Uint8Array(0), data(600), new Uint8Array(0), Buffer.concat([data(400), Buffer.from('HTTP/1.1 503 Service Unavailable\r\n\r\n')])]);
    const [late] = scene.frames.splice(5, 1);
    if (late === undefined) throw new Error('there is such a frame');
    scene.frames.push({ ...late, time: (scene.frames.at(-1)?.time ?? 0n) + 1000n });
    return scene;
  }, { 'http-gateway-error': 1 }, /10.42.2.6:80 answers 10.42.1.5:40000 with 503 \(HTTP\/1\)/],
  'an application that says 500': [() => new Scene().talks(POD, 40_000, WEB, 80, [Buffer.concat([PREFACE, h2headers(1, { ':path': '/pay' }, true)]), h2headers(1, { ':status': '500' }, true)]), { 'http-server-error': 1 }, /answers \/pay of 10.42.1.5:40000 with 500 \(HTTP\/2\)/],
  'a server that has enough of pings': [() => new Scene().talks(POD, 40_000, WEB, 80, [Buffer.concat([PREFACE, grpcCall(1, '/a.B/C')]), h2frame(Frame.goaway, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 11, ...Buffer.from('too_many_pings')]))]), { 'http2-error': 1 }, /ends the connection \(GOAWAY\) with ENHANCE_YOUR_CALM/],
};

describe('signatures', () => {
  it.each(Object.entries(FAULTS))('%s', async (_what, [make, found, words]) => {
    const result = await report(make().pcap());
    expect(seen(result)).toEqual(found);
    expect(example(result, Object.keys(found)[0] ?? '')).toMatch(words);
  }, PATIENCE);

  it('none in a healthy conversation, with checksums left to the card', async () => {
    const scene = new Scene().asks(POD_MAC, POD, GATEWAY).answers(HOST_MAC, GATEWAY, POD_MAC, POD)
      .udp(POD, 40_000, '10.43.0.10', 53, dns(1, 'web', 1)).udp('10.43.0.10', 53, POD, 40_000, dns(1, 'web', 1, 0)).opens(POD, 40_000, WEB, 80)
      .tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack, payload: Buffer.from('GET /a?token=secret HTTP/1.1\r\n\r\n'), partialChecksum: true }, { tunnel: ['192.0.2.1', '192.0.2.2'] });
    const result = await report(scene.pcap());
    expect([seen(result), result.applications]).toEqual([{}, [{ what: 'http/1 GET', count: 1 }]]);
    expect(result.remarks).toEqual(['1 of 2 checksums looked at were left to the network card: the capture is from the sender, and that is no fault.']);
    const path = write(scene.pcap());
    const { code, stdout } = await runMain('capture', path);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing in these packets points at a fault of the network.')]);
    expect(stdout).not.toContain('secret');
  }, PATIENCE);

  it('how calls end is counted, through loss, repetition and what no snap length kept', async () => {
    const scene = new Scene().talks(POD, 40_000, WEB, 9004, [
      Buffer.concat([PREFACE, grpcCall(1, '/a.B/C')]), grpcAnswer(1, 0), grpcCall(3, '/a.B/C'), h2headers(3, { ':status': '200' }), new Uint8Array(0),
      // The middle of a large DATA frame, which the capture cuts.
      h2frame(0, 0, 3, new Uint8Array(1000)), new Uint8Array(0), h2headers(3, { 'grpc-status': '5' }, true),
    ]);
    const cut = scene.frames.at(-2);
    if (cut === undefined) throw new Error('there is such a frame');
    scene.frames[scene.frames.length - 2] = { ...cut, bytes: cut.bytes.subarray(0, 200), length: cut.bytes.length };
    // Overtaken and sent again.
    scene.frames.push(...scene.frames.splice(-1), ...scene.frames.slice(3, 5).map((frame) => ({ ...frame, time: frame.time + 1_000_000_000n })));
    const result = await report(scene.pcap());
    expect([result.grpc, result.http]).toEqual([[{ status: 'OK', count: 1 }, { status: 'NOT_FOUND', count: 1 }], [{ status: '200', count: 2 }]]);
    const { stdout } = await runMain('capture', write(scene.pcap()));
    expect(stdout).toContain('HTTP 200 2, gRPC OK 1, gRPC NOT_FOUND 1');
    expect(stdout).not.toMatch(/secret|not for everybody/);
  }, PATIENCE);

  it('conversations of every kind side by side, with headers in several frames', async () => {
    const result = await report(pcapFile(conversationFrames(), { nano: true }));
    expect([result.grpc, result.http]).toEqual([[{ status: 'UNAVAILABLE', count: 1 }, { status: 'UNIMPLEMENTED', count: 1 }], [{ status: '200', count: 4 }, { status: '503', count: 2 }, { status: '304', count: 1 }]]);
    expect(result.tcpOptions).toEqual({ syns: 12, windowScale: 2, sackPermitted: 2, timestamps: 2, sacks: 1, duplicateSacks: 0, mss: [{ bytes: 1460, count: 2 }] });
    expect(seen(result)).toMatchObject({ 'grpc-unavailable': 1, 'grpc-error': 1, 'http-gateway-error': 2, 'http2-error': 2, 'dns-failure': 1, 'dns-search-list': 1 });
  }, PATIENCE);

  it('calls behind a hole in the capture are not guessed at', async () => {
    const scene = new Scene().talks(POD, 40_000, WEB, 9004, [Buffer.concat([PREFACE, grpcCall(1, '/a.B/C')]), grpcAnswer(1, 0), new Uint8Array(0), grpcAnswer(3, 14)]);
    scene.frames.splice(4, 1);
    const result = await report(scene.pcap());
    expect(result.grpc).toEqual([]);
    expect(result.remarks).toContainEqual(expect.stringMatching(/^HTTP or DNS of 1 connection was followed up to a hole/));
  }, PATIENCE);

  it('have a test each', () => {
    const tested = new Set(Object.values(FAULTS).flatMap(([, found]) => Object.keys(found)));
    const elsewhere = ['lost-between', 'icmp-host-unreachable', 'icmp-prohibited', 'icmp-too-big', 'icmp-time-exceeded', 'icmp-unreachable'];
    expect(Object.keys(SIGNATURES).filter((id) => !tested.has(id) && !elsewhere.includes(id))).toEqual([]);
  });

  it.each([[3, 1, 'icmp-host-unreachable'], [3, 13, 'icmp-prohibited'], [3, 4, 'icmp-too-big'], [11, 0, 'icmp-time-exceeded'], [3, 2, 'icmp-unreachable']])('ICMP %i code %i is %s', async (type, code, id) => {
    const scene = new Scene().packet('192.0.2.2', POD, 1, icmpError(type, code, ip(POD, WEB, 17, Buffer.alloc(8)), 1400), { macs: [HOST_MAC, POD_MAC] });
    expect(seen(await report(scene.pcap()))).toEqual({ [id]: 1 });
  }, PATIENCE);
});

describe('front door', () => {
  it('the JSON fits its schema and has names from a snapshot', async () => {
    const yaml = join(dir, 'cluster.yaml');
    writeFileSync(yaml, `apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\nspec: {nodeName: a}\nstatus: {podIP: ${POD}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {clusterIP: ${WEB}}\n`);
    const result = await report(FAULTS['a SYN that nobody answers']?.[0]().pcap() ?? new Uint8Array(0), '--snapshot', yaml);
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(JSON.parse(readFileSync(join(packageRoot(), 'docs/schemas/capture.v1.json'), 'utf8')) as object);
    validate(result);
    expect(validate.errors).toBeNull();
    expect(example(result, 'syn-unanswered')).toBe('10.42.1.5:40000 (shop/web-1) → 10.42.2.6:9004 (Service shop/db): 4 SYNs in 7.00 s, nothing came back');
    expect(result.tcp).toMatchObject({ synUnanswered: 1, retransmissions: 3 });
    expect(result.signatures[0]?.firstAt).toBe('2023-11-14T22:13:20.000000000Z');
  }, PATIENCE);

  it('a cut capture is analysed up to the cut, and says so', async () => {
    const whole = FAULTS['a SYN that nobody answers']?.[0]().pcap() ?? Buffer.alloc(0);
    const { code, stdout } = await runMain('capture', write(whole.subarray(0, whole.length - 10)));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/3 packets[^]*is analysed up to byte 234: the file ends within a packet[^]*syn-unanswered/)]);
  }, PATIENCE);

  it('a capture without packets is no good news', async () => {
    expect(await runMain('capture', write(new Scene().pcap()))).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing can be said') as string });
  }, PATIENCE);

  it.each([
    [['capture'], /missing required argument/],
    [['capture', join(dir, 'nowhere')], /cannot read the capture .*nowhere/],
    [['capture', dir], /is a directory without recording.json; expected capture files/],
    [['capture', 'a', 'a'], /a capture is named twice: a a/],
    [['capture', 'a', '--vxlan-port', '0'], /--vxlan-port is "0"; expected a whole number from 1 to 65535/],
    [['capture', '-', '--snapshot', '-'], /standard input cannot be both/],
    [['capture', 'record', '--via', 'pod'], /missing required argument/],
    [['capture', 'record', 'agent-1'], /--via is missing: how are the hosts reached\?/],
    [['capture', 'record', 'agent-1', 'agent-1', '--via', 'pod'], /a place is named twice: agent-1 agent-1/],
    [['capture', 'record', 'agent-1', '--via', 'pod', '--for', '2d'], /--for is "2d"; expected a duration/],
    [['capture', 'record', 'agent-1', '--via', 'pod', '--for', '25h'], /--for is "25h"; expected from 1s to 24h/],
    [['capture', 'record', 'agent-1', '--via', 'pod', '--size', '1'], /--size is "1"; expected a whole number from 4 to 4000/],
    [['capture', 'record', 'agent-1', '--via', 'pod', '--until-fails', 'web'], /--until-fails is "web"; expected 'NAMESPACE\/POD → ADDRESS:PORT'/],
    [['capture', join(packageRoot(), 'README.md')], /is no capture: it begins with 23204661; expected pcap or pcapng/],
  ])('%j is refused in one sentence', async (argv, message) => {
    const { code, stdout, stderr } = await runMain(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  }, PATIENCE);
});
