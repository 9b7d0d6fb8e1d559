/** Frames as RFC 9113 §6 describes them, and what is none: a direction that cannot be understood ends, in bounded memory. */
import { expect, test } from 'vitest';
import { Frame, h2block, h2frame, h2headers } from '../testing/http2.ts';
import { Http2Direction } from './http2.ts';

const PADDED_AND_PRIORITY = 0x2c;
const END_HEADERS = 4;

/** What a server's direction says, and whether all of it was understood. */
function told(...frames: readonly Buffer[]): [whole: boolean, statuses: string[]] {
  const statuses: string[] = [];
  const direction = new Http2Direction({ headers: (stream, fields) => void statuses.push(`${stream} ${fields.map(([name, value]) => `${name}=${value}`).join(' ')}`), reset: (stream, code) => void statuses.push(`${stream} reset ${code}`), goaway: (code) => void statuses.push(`goaway ${code}`) }, false);
  const bytes = Buffer.concat(frames);
  return [direction.take(bytes, 0, bytes.length), statuses];
}

test('HEADERS with padding and a priority before the block', () => {
  const block = h2block({ ':status': '503' });
  const padded = h2frame(Frame.headers, PADDED_AND_PRIORITY, 1, Buffer.concat([Buffer.from([4, 0, 0, 0, 3, 16]), block, Buffer.alloc(4)]));
  expect(told(padded)).toEqual([true, ['1 :status=503']]);
});

test.each([
  ['padding that is longer than its frame', h2frame(Frame.headers, 8 | END_HEADERS, 1, Buffer.from([9, 0x88]))],
  ['HEADERS with the flag of padding, and nothing in them', h2frame(Frame.headers, 8 | END_HEADERS, 1, Buffer.alloc(0))],
  ['an index of 0', h2frame(Frame.headers, END_HEADERS, 1, Buffer.from([0x80]))],
  ['RST_STREAM of 5 bytes', h2frame(Frame.reset, 0, 1, Buffer.alloc(5))],
  ['GOAWAY of 7 bytes', h2frame(Frame.goaway, 0, 0, Buffer.alloc(7))],
  ['CONTINUATION of nothing', h2frame(Frame.continuation, END_HEADERS, 1, Buffer.alloc(3))],
  ['a frame within a header block', Buffer.concat([h2frame(Frame.headers, 0, 1, Buffer.from([0x88])), h2frame(Frame.data, 0, 1, Buffer.alloc(3))])],
  ['HEADERS that are longer than any server takes', h2frame(Frame.headers, END_HEADERS, 1, Buffer.alloc(16_385, 0x82))],
  ['a header block that goes on and on', Buffer.concat([h2frame(Frame.headers, 0, 1, Buffer.alloc(16_000, 0x82)), h2frame(Frame.continuation, END_HEADERS, 1, Buffer.alloc(16_000, 0x82))])],
])('%s ends it', (_what, frame) => {
  const next = h2headers(3, { ':status': '200' });
  expect(told(frame, next)).toEqual([false, []]);
  expect(told(next)).toEqual([true, ['3 :status=200']]);
});

test('bytes that are missing do no harm in a body, and end it anywhere else', () => {
  const [head, rest] = [h2frame(Frame.data, 0, 1, Buffer.alloc(100)), h2headers(1, { 'grpc-status': '0' })];
  const statuses: string[] = [];
  const direction = new Http2Direction({ headers: (_stream, fields) => void statuses.push(String(fields[0])), reset: () => undefined, goaway: () => undefined }, false);
  expect([direction.take(head, 0, 50), direction.miss(59), direction.take(rest, 0, rest.length), direction.miss(1)]).toEqual([true, true, true, false]);
  expect(statuses).toEqual(['grpc-status,0']);
});
