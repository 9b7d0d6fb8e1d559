/** The examples of RFC 7541, Appendix C, and header blocks that a real encoder makes. */
import { connect as connectTcp, createServer as createTcp, type AddressInfo } from 'node:net';
import { connect, createServer } from 'node:http2';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder, type Field } from './hpack.ts';
import { huffmanText } from './huffman.ts';
import { Http2Direction } from './http2.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const decode = (decoder: HpackDecoder, hex: string): Field[] | undefined => decoder.decode(bytes(hex), 0, bytes(hex).length);

const REQUESTS: Field[][] = [
  [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'www.example.com']],
  [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'www.example.com'], ['cache-control', 'no-cache']],
  [[':method', 'GET'], [':scheme', 'https'], [':path', '/index.html'], [':authority', 'www.example.com'], ['custom-key', 'custom-value']],
];
const answer = (status: string, second: string): Field[] => [[':status', status], ['cache-control', 'private'], ['date', `Mon, 21 Oct 2013 20:13:${second} GMT`], ['location', 'https://www.example.com']];
const ANSWERS: Field[][] = [answer('302', '21'), answer('307', '21'), [...answer('200', '22'), ['content-encoding', 'gzip'], ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1']]];

describe('RFC 7541, Appendix C', () => {
  test.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', [['custom-key', 'custom-header']]],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [[':path', '/sample/path']]],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']]],
    ['C.2.4', '82', [[':method', 'GET']]],
  ])('%s', (_name, hex, fields) => {
    expect(decode(new HpackDecoder(), hex)).toEqual(fields);
  });

  test.each([
    ['C.3: requests', REQUESTS, ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', '8286 84be 5808 6e6f 2d63 6163 6865', '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65']],
    ['C.4: requests with Huffman', REQUESTS, ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', '8286 84be 5886 a8eb 1064 9cbf', '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf']],
    ['C.5: answers with eviction', ANSWERS, [
      '3fe1 01 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31']],
    ['C.6: answers with Huffman and eviction', ANSWERS, [
      '3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3', '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07']],
  ])('%s', (_name, fields, blocks) => {
    // The examples of answers have a table of 256 bytes: here the encoder says so (§6.3).
    const decoder = new HpackDecoder();
    expect(blocks.map((hex) => decode(decoder, hex)).map((found) => new Set(found))).toEqual(fields.map((list) => new Set(list)));
  });
});

test('what is no header block is told from one', () => {
  for (const hex of ['80', '7f', '40', '400a63', '0085ffffffffff', '82868441 8cf1 e3c2 e5f2 3a6b a0ab 90f4', '3fffffffff0f']) expect(decode(new HpackDecoder(), hex), hex).toBeUndefined();
  expect([huffmanText(bytes('ffffffff'), 0, 4), huffmanText(bytes('1c'), 0, 1), huffmanText(bytes('1f'), 0, 1)]).toEqual([undefined, undefined, 'a']);
});

test('a table of no size, an entry that is larger than the table, and a table that is larger than what is followed', () => {
  const decoder = new HpackDecoder();
  // `a: b` enters the table; the table of 34 bytes has room for one of its kind, and for nothing longer (§4.4).
  expect(decode(decoder, '3f03 400161 0162 be')).toEqual([['a', 'b'], ['a', 'b']]);
  expect(decode(decoder, '400161 026262 be 88')).toEqual([['a', 'bb'], [':status', '200']]);
  expect(decode(decoder, '20 400161 0162 be 88')).toEqual([['a', 'b'], [':status', '200']]);
  // 16,384 bytes are followed, one more is not.
  expect([decode(new HpackDecoder(), '3fe17f 88'), decode(new HpackDecoder(), '3fe27f 88')]).toEqual([[[':status', '200']], undefined]);
});

test('an entry from before the capture is left out; what comes later is right', () => {
  const decoder = new HpackDecoder();
  expect(decode(decoder, 'be 82')).toEqual([[':method', 'GET']]);
  expect(decode(decoder, '400161 0162 be c0')).toEqual([['a', 'b'], ['a', 'b']]);
});

test('nothing is thrown, whatever comes', () => {
  const decoder = new HpackDecoder();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (block) => void decoder.decode(block, 0, block.length)), { numRuns: 2000 });
});

test("Node's own encoder: every header arrives as it was sent", { timeout: 20_000 }, async () => {
  const server = createServer();
  server.on('stream', (stream, headers) => stream.respond({ ':status': 200, 'x-echo': String(headers['x-value']), 'x-more': ['one', 'two'] }, { endStream: true }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const said: [Buffer[], Buffer[]] = [[], []];
  const proxy = createTcp((client) => {
    const upstream = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('data', (piece: Buffer) => said[0].push(piece)).pipe(upstream);
    upstream.on('data', (piece: Buffer) => said[1].push(piece)).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const session = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const values = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 'the same' : String.fromCharCode(...Array.from({ length: at * 2 + 1 }, (_letter, index) => 0x21 + ((at * 7 + index) % 94)))));
  for (const value of values) {
    const stream = session.request({ ':path': `/${value.length}`, 'x-value': value });
    stream.resume();
    await once(stream, 'close');
  }
  session.close();
  await once(session, 'close');
  server.close();
  proxy.close();
  const [asked, answered] = said.map((pieces, side) => {
    const seen: Field[][] = [];
    const direction = new Http2Direction({ headers: (_stream, fields) => void seen.push([...fields]), reset: () => undefined, goaway: () => undefined }, side === 0);
    for (const piece of pieces) for (let at = 0; at < piece.length; at += 7) expect(direction.take(piece, at, Math.min(piece.length, at + 7))).toBe(true);
    return seen;
  });
  const valueOf = (fields: Field[], name: string): string | undefined => fields.find(([field]) => field === name)?.[1];
  expect(asked?.map((fields) => valueOf(fields, 'x-value'))).toEqual(values);
  expect(answered?.map((fields) => [valueOf(fields, ':status'), valueOf(fields, 'x-echo')])).toEqual(values.map((value) => ['200', value]));
});
