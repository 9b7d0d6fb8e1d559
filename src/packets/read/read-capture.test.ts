/** Every format that is read gives the packets that were written, cut files those before the cut, and what is no capture is refused in one sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { pcapFile, pcapngFile, type Frame } from '../testing/files.ts';
import { readCapture } from './read-capture.ts';
import type { CapturePoint, Cut, PacketSink } from './sink.ts';
import { openSource, type ByteSource } from './source.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-read-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Taken { packets: { point: number; bytes: string; length: number; time: bigint }[]; points: CapturePoint[] }

function collect(): Taken & PacketSink {
  const taken: Taken = { packets: [], points: [] };
  return {
    ...taken,
    point: (one) => taken.points.push(one) - 1,
    packet: (point, bytes, at, captured, length, seconds, nanoseconds) => {
      taken.packets.push({ point, bytes: bytes.toString('hex', at, at + captured), length, time: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) });
    },
  };
}

/** Bytes in pieces of the given size, as a pipe may bring them. */
const piecewise = (bytes: Uint8Array, size: number): ByteSource => {
  let at = 0;
  return {
    broken: undefined,
    read: (into, from) => {
      const piece = bytes.subarray(at, at + Math.min(size, into.length - from));
      into.set(piece, from);
      at += piece.length;
      return Promise.resolve(piece.length);
    },
    close: () => Promise.resolve(),
  };
};

async function read(bytes: Uint8Array, size = 1000, windowSize = 300_000): Promise<Taken & { cut: Cut | undefined }> {
  const sink = collect();
  const cut = await readCapture('x.pcap', piecewise(bytes, size), sink, { windowSize });
  return { packets: sink.packets, points: sink.points, cut };
}

const frames = fc.array(fc.record({ time: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), bytes: fc.uint8Array({ maxLength: 300 }), extra: fc.nat(1000) }), { maxLength: 20 })
  .map((list) => list.map(({ time, bytes, extra }): Frame => ({ time, bytes, length: bytes.length + extra })));
const expected = (list: readonly Frame[], unit: bigint): unknown[] =>
  list.map(({ time, bytes, length, interface: point }) => ({ point: point ?? 0, bytes: Buffer.from(bytes).toString('hex'), length, time: time - (time % unit) }));

describe('pcap', () => {
  it.each([[false, false], [false, true], [true, false], [true, true]])('big-endian %s, nanoseconds %s', async (big, nano) => {
    await fc.assert(fc.asyncProperty(frames, fc.integer({ min: 1, max: 50 }), async (list, piece) => {
      const { packets, cut } = await read(pcapFile(list, { big, nano }), piece * 7);
      expect(cut).toBeUndefined();
      expect(packets).toEqual(expected(list, nano ? 1n : 1000n));
    }), { numRuns: 30 });
  });

  it('cut anywhere gives the packets before the cut, and says where', async () => {
    const list = [10, 0, 300].map((size, at): Frame => ({ time: BigInt(at), bytes: new Uint8Array(size).fill(at) }));
    const whole = pcapFile(list);
    const ends = [24, 50, 66, 382];
    for (let size = 24; size < whole.length; size++) {
      const { packets, cut } = await read(whole.subarray(0, size));
      const complete = ends.findLastIndex((end) => end <= size);
      expect([size, packets.length]).toEqual([size, complete]);
      expect(cut).toEqual(ends.includes(size) ? undefined : { at: ends[complete], why: 'the file ends within a packet' });
    }
  });

  it('stops at a record that cannot be one', async () => {
    const bytes = pcapFile([{ time: 0n, bytes: new Uint8Array(4) }, { time: 0n, bytes: new Uint8Array(4) }]);
    bytes.writeUInt32LE(0x7fff_ffff, 24 + 20 + 8);
    const { packets, cut } = await read(bytes);
    expect([packets.length, cut]).toEqual([1, { at: 44, why: 'a record says that it has 2147483647 bytes, more than any packet' }]);
  });
});

describe('pcapng', () => {
  it.each([false, true])('big-endian %s, several interfaces with clocks of their own', async (big) => {
    const units = [[6, 1000n], [9, 1n], [3, 1_000_000n], [undefined, 1000n]] as const;
    await fc.assert(fc.asyncProperty(frames, fc.infiniteStream(fc.nat(3)), async (list, numbers) => {
      const placed = list.map((frame): Frame => ({ ...frame, interface: numbers.next().value as number }));
      const { packets, points, cut } = await read(pcapngFile(placed, units.map(([resolution], at) => ({ name: `eth${at}`, ...(resolution === undefined ? {} : { resolution }) })), big));
      expect(cut).toBeUndefined();
      expect(points.map(({ name }) => name)).toEqual(['eth0', 'eth1', 'eth2', 'eth3']);
      expect(packets).toEqual(placed.map((frame) => expected([frame], units[frame.interface ?? 0]?.[1] ?? 1n)[0]));
    }), { numRuns: 30 });
  });

  it('reads clocks that count powers of two', async () => {
    const time = 1_700_000_000_123_456_789n;
    const { packets } = await read(pcapngFile([{ time, bytes: new Uint8Array(1) }], [{ resolution: 0x80 | 20 }]));
    expect(Number(time - (packets[0]?.time ?? 0n))).toBeLessThan(1000);
  });

  it('passes over blocks that it does not know, of any size, and takes sections after each other', async () => {
    const unknown = Buffer.alloc(1_000_000);
    unknown.writeUInt32LE(0xbad);
    unknown.writeUInt32LE(unknown.length, 4);
    const one = pcapngFile([{ time: 0n, bytes: Uint8Array.of(1) }], [{ name: 'a' }]);
    const other = pcapngFile([{ time: 0n, bytes: Uint8Array.of(2) }], [{ name: 'b' }], true);
    const { packets, points, cut } = await read(Buffer.concat([one, unknown, other]), 4096);
    expect([cut, points.map(({ name }) => name), packets.map(({ point, bytes }) => [point, bytes])]).toEqual([undefined, ['a', 'b'], [[0, '01'], [1, '02']]]);
  });

  it('cut anywhere never gives a packet that is not there', async () => {
    const whole = pcapngFile([1, 2, 3].map((at) => ({ time: BigInt(at), bytes: new Uint8Array(at).fill(at) })));
    for (let size = 28; size < whole.length; size++) {
      const { packets, cut } = await read(whole.subarray(0, size));
      expect(packets.map(({ bytes }) => bytes)).toEqual(['01', '0202', '030303'].slice(0, packets.length));
      expect(packets.length < 3).toBe(true);
      if (cut !== undefined) expect(cut.why).toMatch(/^the file ends within/);
    }
  });

  it('refuses packets of interfaces that are not described', async () => {
    const { cut } = await read(pcapngFile([{ time: 0n, bytes: new Uint8Array(1), interface: 3 }]));
    expect(cut?.why).toBe('a packet is of interface 3, which is not described');
  });
});

describe('sources', () => {
  const list = Array.from({ length: 5000 }, (_, at): Frame => ({ time: BigInt(at) * 1000n, bytes: new Uint8Array(100).fill(at), length: 100 }));
  const plain = pcapFile(list);
  const through = async (path: string, stdin?: Readable): Promise<Taken & { cut: Cut | undefined }> => {
    const source = await openSource(path, stdin);
    const sink = collect();
    try {
      const cut = await readCapture(path, source, sink);
      return { packets: sink.packets, points: sink.points, cut };
    } finally {
      await source.close();
    }
  };

  it.each([['plain', plain], ['gzip', gzipSync(plain)], ['zstd', zstdCompressSync(plain)], ['two members of gzip', Buffer.concat([gzipSync(plain.subarray(0, 1000)), gzipSync(plain.subarray(1000))])]])('%s, as a file and on standard input', async (name, bytes) => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    expect((await through(path)).packets).toEqual(expected(list, 1000n));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, at) => bytes.subarray(at * 1000, (at + 1) * 1000));
    expect((await through('-', Readable.from(pieces))).packets).toEqual(expected(list, 1000n));
  });

  it.each([['gzip', gzipSync(plain)], ['zstd', zstdCompressSync(plain)]])('%s that is cut gives what came before', async (name, bytes) => {
    const path = join(dir, `${name}-cut`);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length / 2)));
    const { packets, cut } = await through(path);
    expect(packets).toEqual(expected(list.slice(0, packets.length), 1000n));
    expect(cut).toBeDefined();
  });

  it.each([
    ['empty', Buffer.alloc(0), 'is empty; expected a capture (pcap or pcapng)'],
    ['short', Buffer.from('ab'), 'is no capture: it has only 2 bytes'],
    ['text', Buffer.from('21:05:46 IP 10.42.0.1 > 10.42.0.2'), 'is no capture: it begins with 32313a30; expected pcap or pcapng'],
    ['zip', Buffer.from('504b030400', 'hex'), 'is no capture: it begins with 504b0304 (a zip archive)'],
    ['gzipped text', gzipSync('hello world'), 'is no capture: it begins with 68656c6c'],
  ])('%s is refused', async (name, bytes, message) => {
    const path = join(dir, `no-${name}`);
    writeFileSync(path, bytes);
    await expect(through(path)).rejects.toThrow(message);
  });

  it('says why a file cannot be opened', async () => {
    await expect(openSource(join(dir, 'nowhere'), undefined)).rejects.toThrow(/cannot read the capture .*nowhere: ENOENT/);
    await expect(openSource(dir, undefined)).rejects.toThrow(/is a directory; expected a capture file/);
  });
});
