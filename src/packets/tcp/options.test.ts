/** Options as they are written are read again, in any order and with any padding; what is damaged or cut tells nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sackBlocks, tcpOptions } from '../testing/frames.ts';
import { findOption, isDuplicateSack, mssOf, sackAt, sackedUpTo, SackPermitted, shiftOf, synOptions, SynRead, Timestamps } from './options.ts';

const offer = fc.record({ mss: fc.integer({ min: 1, max: 65_535 }), scale: fc.nat(14), sack: fc.constant(true), timestamps: fc.constant(true) }, { requiredKeys: [] });

test('what a SYN offers, wherever it stands', () => {
  fc.assert(fc.property(offer, fc.nat(3), (what, ahead) => {
    const bytes = Buffer.concat([Buffer.alloc(ahead, 1), tcpOptions(what)]);
    const word = synOptions(bytes, 0, bytes.length);
    expect([mssOf(word), shiftOf(word, 0), (word & SackPermitted) !== 0, (word & Timestamps) !== 0]).toEqual([what.mss ?? 0, what.scale ?? 0, what.sack === true, what.timestamps === true]);
  }));
});

test('any bytes are read within their bounds, and a cut option is none', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(255), (bytes, kind) => {
    const at = findOption(bytes, 0, bytes.length, kind);
    expect(at).toBeGreaterThanOrEqual(-1);
    if (at >= 0) expect(at + (bytes[at + 1] ?? 99)).toBeLessThanOrEqual(bytes.length);
    expect(synOptions(bytes, 0, bytes.length) & SynRead).toBe(SynRead);
  }));
  expect(mssOf(synOptions(Buffer.from([2, 4, 5]), 0, 3))).toBe(0);
  expect(mssOf(synOptions(Buffer.from([0, 2, 4, 5, 180]), 0, 5))).toBe(0);
});

test('windows are scaled when both ends offered it; of an end whose SYN was not seen it is not known', () => {
  const [with7, without] = [tcpOptions({ scale: 7 }), tcpOptions({ mss: 1460 })].map((bytes) => synOptions(bytes, 0, bytes.length)) as [number, number];
  expect([shiftOf(with7, with7), shiftOf(with7, without), shiftOf(without, with7), shiftOf(0, with7), shiftOf(0, without), shiftOf(with7, 0)]).toEqual([7, 0, 0, -1, 0, 7]);
});

test('SACK blocks: how far they go, around the end of all sequence numbers, and which tell of what came twice', () => {
  const of = (...blocks: [number, number][]): [number, boolean, boolean] => {
    const bytes = sackBlocks(blocks);
    const at = sackAt(bytes, 0, bytes.length);
    return [sackedUpTo(bytes, at), isDuplicateSack(bytes, at, 100), isDuplicateSack(bytes, at, -50)];
  };
  expect(of([200, 300])).toEqual([300, false, false]);
  expect(of([200, 300], [500, 600], [400, 450])).toEqual([600, false, false]);
  expect(of([-20, 40])).toEqual([40, true, false]);
  expect(of([220, 240], [200, 300])).toEqual([300, true, true]);
  expect(sackAt(Buffer.from([5, 9, 0, 0, 0, 0, 0, 0, 0]), 0, 9)).toBe(-1);
});
