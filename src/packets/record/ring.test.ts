import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ethernet, ip, tcp, udp, vxlan } from '../testing/frames.ts';
import { framesOf, pcapFile, type Frame } from '../testing/files.ts';
import { Tcp } from '../tcp/flags.ts';
import { clockOffset, correction, offsetOf, periodThere } from './clock.ts';
import { joinRing } from './ring.ts';

const [A, B, SECRET] = ['02:00:00:00:00:01', '02:00:00:00:00:02', 'password=hunter2-and-more-of-it'];
const second = 1_000_000_000n;
const all = { from: -Infinity, to: Infinity, headersOnly: false };

test('parts of a ring become one capture in the order of time, whatever their names', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }), (payloads, parts, big, from, to) => {
    const frames: Frame[] = payloads.map((bytes, at) => ({ time: (1_700_000_000n + BigInt(at)) * second, bytes }));
    const files = Array.from({ length: parts }, (_, part) => pcapFile(frames.filter((_frame, at) => Math.floor((at * parts) / frames.length) === part), { big }));
    const wanted = { from: 1_700_000_000 + from, to: 1_700_000_000 + to, headersOnly: false };
    const joined = joinRing(files.toReversed(), wanted);
    const expected = frames.filter(({ time }) => Number(time / second) >= wanted.from && Number(time / second) <= wanted.to);
    expect([joined.packets, joined.read]).toEqual([expected.length, frames.length]);
    // However many packets there are: each piece is an object.
    expect(joined.pieces.length).toBeLessThanOrEqual(parts + 1);
    expect(Buffer.concat(joined.pieces).equals(pcapFile(expected, { big }))).toBe(true);
  }));
});

test('an empty ring, an empty part and one that is cut', () => {
  const frame = { time: second, bytes: new Uint8Array(60) };
  expect(joinRing([], all)).toMatchObject({ pieces: [], packets: 0 });
  const whole = pcapFile([frame, frame]);
  expect(joinRing([new Uint8Array(0), pcapFile([]), whole.subarray(0, whole.length - 1)], all)).toMatchObject({ packets: 1 });
});

test('headers alone: what applications say is gone, in tunnels and fragments, too', () => {
  const payload = Buffer.from(SECRET.repeat(3));
  const inner = (from: string, to: string): Buffer => ethernet(A, B, from.includes(':') ? 0x86dd : 0x0800, ip(from, to, 6, tcp(from, to, 40_000, 80, { seq: 7, ack: 1, flags: Tcp.ack, payload, options: new Uint8Array(12) })));
  const wrap = (frame: Buffer): Buffer => ethernet(A, B, 0x0800, ip('192.0.2.1', '192.0.2.2', 17, udp('192.0.2.1', '192.0.2.2', 50_000, 8472, vxlan(1, frame))));
  const frames: [frame: Buffer, kept: number][] = [
    [inner('10.0.0.1', '10.0.0.2'), 14 + 20 + 32], [inner('fd00::1', 'fd00::2'), 14 + 40 + 32], [wrap(inner('10.0.0.1', '10.0.0.2')), 14 + 20 + 8 + 8 + 14 + 20 + 32],
    [ethernet(A, B, 0x0800, ip('10.0.0.1', '10.0.0.2', 17, udp('10.0.0.1', '10.0.0.2', 1, 53, payload))), 14 + 20 + 8],
    [ethernet(A, B, 0x0800, ip('10.0.0.1', '10.0.0.2', 17, payload, { offset: 1480 })), 14 + 20],
    [ethernet(A, B, 0x0800, ip('10.0.0.1', '10.0.0.2', 50, payload)), 14 + 20],
    [ethernet(A, B, 0x88cc, payload), 42],
  ];
  const joined = joinRing([pcapFile(frames.map(([bytes], at) => ({ time: BigInt(at), bytes })))], { ...all, headersOnly: true });
  const kept = framesOf(Buffer.concat(joined.pieces));
  expect(kept.map(({ bytes, length }) => [bytes.length, length])).toEqual(frames.map(([bytes, size]) => [size, bytes.length]));
  expect(kept.slice(0, -1).every(({ bytes }) => !Buffer.from(bytes).includes(SECRET.slice(0, 8)))).toBe(true);
});

test('a clock: the fastest of several answers counts, and nothing is corrected that cannot be told', async () => {
  const asked = offsetOf(100, 107, 102);
  expect([asked.offsetSeconds, asked.uncertaintySeconds]).toEqual([expect.closeTo(6, 2), expect.closeTo(1, 2)]);
  expect([correction({ offsetSeconds: 6, uncertaintySeconds: 1 }), correction({ offsetSeconds: -0.01, uncertaintySeconds: 0.02 })]).toEqual([6, 0]);
  const times = [0, 2, 10, 10.5, 20, 24, 30, 33];
  const answers = ['3', '13.25', '25', '33'];
  const shell = { node: 'a', run: () => Promise.resolve({ code: 0, stdout: `${answers.shift() ?? ''}\n`, stderr: '' }), read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
  const fastest = await clockOffset(shell, () => times.shift() ?? 0);
  expect([fastest.offsetSeconds, fastest.uncertaintySeconds]).toEqual([expect.closeTo(3, 2), expect.closeTo(0.25, 2)]);
});

test('a clock: one that is right is not corrected for what Date.now() leaves out, and no packet of the period is cut off', () => {
  const delay = fc.integer({ min: 1, max: 300_000 }).map((microseconds) => microseconds / 1e6);
  const whole = (seconds: number): number => Math.floor(seconds * 1000) / 1000;
  fc.assert(fc.property(delay, delay, delay, fc.constantFrom(0, 0.05, -100), (before, there, back, ahead) => {
    const offset = offsetOf(whole(before), before + there + ahead, whole(before + there + back));
    if (ahead === 0) expect(correction(offset)).toBe(0);
    const { from, to } = periodThere(offset, 10, 20);
    expect(from).toBeLessThanOrEqual(10 + ahead + 1e-9);
    expect(to).toBeGreaterThanOrEqual(20 + ahead - 1e-9);
  }));
});
