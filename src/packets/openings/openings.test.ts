import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../core/package-root.ts';
import { Tcp } from '../tcp/flags.ts';
import { mlopsRecording, shopRecording } from '../testing/recordings.ts';
import { POD, Scene, WEB } from '../testing/scenes.ts';
import { readOpenings, type Openings } from './openings.ts';
import { Recent } from './recent.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-openings-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function of(capture: Buffer): Promise<Openings> {
  const file = join(dir, 'capture');
  writeFileSync(file, capture);
  return await readOpenings(file, undefined);
}

const NODES = ['192.168.1.1', '192.168.1.2'] as const;
const question = Buffer.from('question');

describe('connections of a capture', () => {
  it('are opened by who sends the first SYN, count once however often it is sent and wherever it is seen', async () => {
    const scene = new Scene().opens(POD, 40_000, WEB, 80).opens(POD, 40_000, WEB, 80, { tunnel: NODES }).opens(POD, 40_001, WEB, 80);
    for (let again = 0; again < 3; again += 1) scene.tcp(POD, 40_002, WEB, 81, { seq: 5, flags: Tcp.syn });
    // Through a Service: the same SYN before and behind the exchange of addresses.
    scene.tcp(POD, 40_003, '10.43.0.9', 80, { seq: 9, flags: Tcp.syn }).tcp(POD, 40_003, WEB, 8080, { seq: 9, flags: Tcp.syn });
    expect(await of(scene.pcap())).toEqual({
      openings: [
        { from: POD, to: WEB, protocol: 'TCP', port: 80, count: 2 }, { from: POD, to: WEB, protocol: 'TCP', port: 81, count: 1 },
        { from: POD, to: '10.43.0.9', protocol: 'TCP', port: 80, count: 1 },
      ],
      unopened: 0, cut: undefined,
    });
  });

  it('whose SYN is not in it are known by the answer to it; others are counted, and are nobody\'s', async () => {
    const scene = new Scene().tcp(WEB, 80, POD, 40_000, { seq: 500, ack: 101, flags: Tcp.syn | Tcp.ack }).tcp(POD, 40_000, WEB, 80, { seq: 101, ack: 501, flags: Tcp.ack })
      .tcp(WEB, 443, POD, 40_001, { seq: 1, ack: 1, flags: Tcp.ack }).tcp(POD, 40_001, WEB, 443, { seq: 1, ack: 1, flags: Tcp.ack });
    expect(await of(scene.pcap())).toEqual({ openings: [{ from: POD, to: WEB, protocol: 'TCP', port: 80, count: 1 }], unopened: 1, cut: undefined });
  });

  it('of UDP begin with the first datagram, unless that comes from a port of a server', async () => {
    const scene = new Scene().udp(POD, 40_000, WEB, 5000, question).udp(WEB, 5000, POD, 40_000, question).udp(POD, 40_000, WEB, 5000, question)
      .udp(WEB, 53, POD, 40_001, question).udp(POD, 40_001, WEB, 53, question).udp('fd00::1', 40_002, 'fd00::2', 53, question);
    expect((await of(gzipSync(scene.pcap()))).openings).toEqual([
      { from: POD, to: WEB, protocol: 'UDP', port: 5000, count: 1 }, { from: POD, to: WEB, protocol: 'UDP', port: 53, count: 1 }, { from: 'fd00::1', to: 'fd00::2', protocol: 'UDP', port: 53, count: 1 },
    ]);
  });

  it('of SCTP begin with an INIT', async () => {
    const init = Buffer.from([0x9c, 0x40, 0x0f, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20, 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    expect((await of(new Scene().packet(POD, WEB, 132, init).packet(POD, WEB, 132, init).pcap())).openings).toEqual([{ from: POD, to: WEB, protocol: 'SCTP', port: 4000, count: 1 }]);
  });

  it('of the examples are those that their files were written with', () => {
    const file = (name: string): Buffer => readFileSync(join(packageRoot(), 'examples/captures', name));
    expect(file('shop.pcap').equals(shopRecording())).toBe(true);
    expect(file('founding-cluster.pcap').equals(mlopsRecording())).toBe(true);
  });
});

it('what is recent stays as long as it is asked for', () => {
  const recent = new Recent(2);
  expect(['a', 'b', 'c', 'a', 'd', 'a'].map((text) => recent.add(text))).toEqual([true, true, true, false, true, false]);
  expect(recent.has('b')).toBe(false);
});
