/**
 * Writes a capture of N packets for the benchmark: short connections of pods (request, answer, ACKs), a fifth of them inside VXLAN, DNS
 * before each, and some loss: 1 % of data segments are sent again. 36,000 connections and 230 MB per million packets. Seeded:
 * the same file everywhere. `node bench/capture/generate.ts FILE PACKETS`.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { arp, ethernet, ip, tcp, udp, vxlan } from '../../src/packets/testing/frames.ts';
import { Random } from '../../src/packets/testing/random.ts';
import { Tcp } from '../../src/packets/tcp/flags.ts';

const [HERE, THERE] = ['02:42:0a:2a:00:01', '02:42:0a:2a:00:02'];
const BLOCK = 8 << 20;

class Writer {
  packets = 0;
  readonly #file: number;
  readonly #block = Buffer.alloc(BLOCK);
  #at = 0;
  #time = 1_700_000_000_000_000;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    this.#put(header);
  }

  frame(bytes: Uint8Array, microseconds: number): void {
    this.#time += microseconds;
    const header = Buffer.alloc(16);
    header.writeUInt32LE(Math.floor(this.#time / 1e6));
    header.writeUInt32LE(this.#time % 1e6, 4);
    header.writeUInt32LE(bytes.length, 8);
    header.writeUInt32LE(bytes.length, 12);
    this.#put(header);
    this.#put(bytes);
    this.packets++;
  }

  #put(bytes: Uint8Array): void {
    if (this.#at + bytes.length > BLOCK) this.#flush();
    this.#block.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #flush(): void {
    writeSync(this.#file, this.#block, 0, this.#at);
    this.#at = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}

/** Makes the capture. */
export function generateCapture(path: string, packets: number, seed = 1): void {
  const random = new Random(seed);
  const writer = new Writer(path);
  const body = Buffer.alloc(1400, 'x');
  for (let connection = 0; writer.packets < packets; connection++) {
    const client = `10.42.${1 + (connection % 40)}.${2 + (Math.floor(connection / 40) % 200)}`;
    const server = `10.42.${100 + (connection % 30)}.${2 + (Math.floor(connection / 30) % 200)}`;
    const port = 1024 + ((connection * 7) % 60_000);
    const tunnel = connection % 5 === 0;
    const send = (from: string, to: string, protocol: number, payload: Buffer): void => {
      if (writer.packets >= packets) return;
      const [source, destination] = from === client ? [HERE, THERE] : [THERE, HERE];
      const frame = ethernet(source, destination, 0x0800, ip(from, to, protocol, payload, { id: random.below(65_536) }));
      const [a, b] = from === client ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
      writer.frame(tunnel ? ethernet(source, destination, 0x0800, ip(a, b, 17, udp(a, b, 49_152 + (port & 0x3fff), 4789, vxlan(1, frame)))) : frame, 1 + random.below(40));
    };
    converse(random, { client, server, port, body, send });
    if (connection % 50 === 0 && writer.packets < packets) writer.frame(ethernet(HERE, 'ff:ff:ff:ff:ff:ff', 0x0806, arp(1, HERE, client, '00:00:00:00:00:00', server)), 5);
    if (connection % 50 === 0 && writer.packets < packets) writer.frame(ethernet(THERE, HERE, 0x0806, arp(2, THERE, server, HERE, client)), 5);
  }
  writer.close();
}

interface Talk { client: string; server: string; port: number; body: Buffer; send(from: string, to: string, protocol: number, payload: Buffer): void }

/** One lookup and one connection: some 28 packets. */
function converse(random: Random, { client, server, port, body, send }: Talk): void {
  const question = Buffer.from(`${random.below(65_536).toString(16).padStart(4, '0')}01000001000000000000037765620473686f70037376630000010001`, 'hex');
  const answer = Buffer.from(question);
  answer.writeUInt16BE(0x8180, 2);
  send(client, '10.43.0.10', 17, udp(client, '10.43.0.10', 20_000 + (port & 0x3fff), 53, question));
  send('10.43.0.10', client, 17, udp('10.43.0.10', client, 53, 20_000 + (port & 0x3fff), answer));
  let [a, b] = [random.next(), random.next()];
  const segment = (forward: boolean, flags: number, size: number, seq: number, ack: number): void => {
    const [from, to, sport, dport] = forward ? [client, server, port, 8080] : [server, client, 8080, port];
    send(from, to, 6, tcp(from, to, sport, dport, { seq, ack, flags, window: 502, payload: body.subarray(0, size) }));
  };
  segment(true, Tcp.syn, 0, a, 0);
  segment(false, Tcp.syn | Tcp.ack, 0, b, ++a);
  segment(true, Tcp.ack, 0, a, ++b);
  for (let turn = 0; turn < 6; turn++) {
    const request = 60 + random.below(120);
    segment(true, Tcp.ack | Tcp.push, request, a, b);
    a += request;
    segment(false, Tcp.ack, 0, b, a);
    const size = random.chance(20) ? 1400 : 40 + random.below(400);
    segment(false, Tcp.ack | Tcp.push, size, b, a);
    if (random.chance(2)) segment(false, Tcp.ack | Tcp.push, size, b, a);
    b += size;
    segment(true, Tcp.ack, 0, a, b);
  }
  if (random.chance(2)) return segment(false, Tcp.rst, 0, b, a);
  segment(true, Tcp.ack | Tcp.fin, 0, a++, b);
  segment(false, Tcp.ack | Tcp.fin, 0, b++, a);
  segment(true, Tcp.ack, 0, a, b);
}

if (import.meta.main) generateCapture(process.argv[2] ?? 'bench.pcap', Number(process.argv[3] ?? 1_000_000));
