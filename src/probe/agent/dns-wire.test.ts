import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeQuery } from './dns-wire.ts';
import { judgeAnswer } from './probe-dns.ts';

/** A server's answer to a query, with one A record that points back at the question's name. */
function answer(query: Buffer, address: number[], rcode = 0): Buffer {
  const head = Buffer.from(query);
  head.writeUInt16BE(0x8180 | rcode, 2);
  head.writeUInt16BE(address.length > 0 ? 1 : 0, 6);
  return address.length > 0 ? Buffer.concat([head, Buffer.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address)]) : head;
}

describe('DNS messages', () => {
  it('reads an answer with a compressed name', () => {
    expect(decodeAnswer(answer(encodeQuery(77, 'kubernetes.default.svc.cluster.local'), [10, 43, 0, 1]))).toEqual({
      id: 77,
      response: true,
      truncated: false,
      rcode: 0,
      question: 'kubernetes.default.svc.cluster.local',
      addresses: ['10.43.0.1'],
    });
  });

  it('refuses names that are none', () => {
    for (const name of ['', 'a..b', `${'x'.repeat(64)}.y`, Array(60).fill('label').join('.')]) expect(() => encodeQuery(1, name)).toThrow(RangeError);
  });

  it('round-trips any name', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
    fc.assert(
      fc.property(fc.nat(0xffff), fc.array(label, { minLength: 1, maxLength: 3 }), (id, labels) => {
        expect(decodeAnswer(encodeQuery(id, labels.join('.')))).toMatchObject({ id, response: false, question: labels.join('.') });
      }),
    );
  });

  it('survives any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void decodeAnswer(Buffer.from(bytes))));
  });

  it('survives damaged answers, pointer loops included', () => {
    const good = answer(encodeQuery(1, 'kubernetes.default.svc.cluster.local'), [10, 43, 0, 1]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(good.length), (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        void decodeAnswer(bytes.subarray(0, length));
      }),
      { numRuns: 2_000 },
    );
    const loop = Buffer.from(good);
    loop.writeUInt16BE(0xc00c, 12);
    expect(decodeAnswer(loop)).toBeUndefined();
  });
});

describe('judgeAnswer', () => {
  const target = { address: '127.0.0.1', port: 53, query: 'a.b', expect: '10.0.0.1' };
  const query = encodeQuery(5, 'a.b');

  it('wants the expected address, under its own id and question', () => {
    expect(judgeAnswer(answer(query, [10, 0, 0, 1]), 5, target, 1)).toEqual({ ok: true, at: 1 });
    expect(judgeAnswer(answer(query, [10, 0, 0, 2]), 5, target, 1)).toEqual({ ok: false, at: 1, error: 'answered 10.0.0.2' });
    expect(judgeAnswer(answer(query, [], 2), 5, target, 1)).toEqual({ ok: false, at: 1, error: 'rcode 2' });
    expect(judgeAnswer(answer(query, [10, 0, 0, 1]), 6, target, 1)).toBeUndefined();
    expect(judgeAnswer(answer(encodeQuery(5, 'x.b'), [10, 0, 0, 1]), 5, target, 1)).toBeUndefined();
    expect(judgeAnswer(query, 5, target, 1)).toBeUndefined();
  });
});
