/** Answers are found wherever they begin, however the stream is cut into segments, and never within a body. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Http1Answers } from './http1.ts';

interface Answer { code: string; body: string; kind: 'length' | 'chunked' | 'none' }

const answer = fc.oneof(
  fc.record({ code: fc.constantFrom('200', '404', '503'), body: fc.constantFrom('', 'x', 'HTTP/1.1 500 no\r\n\r\n', '\n\n\n', 'y'.repeat(300)), kind: fc.constantFrom<Answer['kind']>('length', 'chunked') }),
  fc.record({ code: fc.constantFrom('100', '204', '304'), body: fc.constant(''), kind: fc.constant<Answer['kind']>('none') }),
);

function text({ code, body, kind }: Answer): string {
  const head = `HTTP/1.1 ${code} Words\r\nServer: a\r\n`;
  if (kind === 'none') return `${head}\r\n`;
  if (kind === 'length') return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  return `${head}transfer-encoding: gzip, chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)};a=b\r\n${body}\r\n`}0\r\nTrailer: b\r\n\r\n`;
}

/** The codes that are found in pieces of a stream; `missing` is a piece that was not captured. */
function found(pieces: readonly string[], missing = -1): string[] {
  const codes: string[] = [];
  const answers = new Http1Answers((code) => codes.push(code));
  pieces.forEach((piece, at) => (at === missing ? answers.miss(piece.length) : answers.take(Buffer.from(piece, 'latin1'), 0, piece.length)));
  return codes;
}

test('in one segment, and cut anywhere but where a body looks like an answer', () => {
  fc.assert(fc.property(fc.array(answer, { maxLength: 6 }), fc.array(fc.nat(2000), { maxLength: 8 }), (list, cuts) => {
    const whole = list.map(text).join('');
    const expected = list.map(({ code }) => code);
    expect(found([whole])).toEqual(expected);
    const edges = [0, ...cuts.filter((cut) => cut < whole.length && !whole.startsWith('HTTP/1.1 500', cut)).toSorted((a, b) => a - b), whole.length];
    expect(found(edges.slice(1).map((edge, at) => whole.slice(edges[at], edge)))).toEqual(expected);
  }));
});

test('what is missing in a body does no harm; behind any other hole the next one that begins a segment is found', () => {
  const [head, next] = ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'];
  expect(found([`${head}abc`, 'def', `ghi${next}`], 1)).toEqual(['200', '404']);
  expect(found([head.slice(0, 20), head.slice(20), `abcdefghi${next}`, next, `${next}${next}`], 1)).toEqual(['200', '404', '404', '404']);
});

test('an answer to HEAD has no body, whatever its length says; one without a length ends with the connection', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
  expect(found([head, head, 'x'.repeat(9000) + head])).toEqual(['200', '200', '200']);
  expect(found(['HTTP/1.0 200 OK\r\n\r\nbody', 'HTTP/1.1 is what this page is about', 'HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'])).toEqual(['200', '101']);
});

test('a transfer coding that does not end with chunked has no length, whatever another header says (RFC 9112 §6.3)', () => {
  const next = 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n';
  expect(found([`HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc${next}`])).toEqual(['200']);
  expect(found([`HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`])).toEqual(['200', '404']);
});

test('any bytes are taken', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('HTTP/1.1 200 OK\r\n', '\r\n', 'Transfer-Encoding: chunked\r\n', 'ffffffff\r\n', 'z'.repeat(9000))), { maxLength: 20 }), (pieces) => {
    expect(found(pieces).length).toBeLessThanOrEqual(pieces.join('').length / 12);
  }));
});
