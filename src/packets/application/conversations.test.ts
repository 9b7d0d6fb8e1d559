/** Conversations through the whole analysis: which are followed, until when, and what is told of their calls. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { analyseCaptures } from '../analyse.ts';
import type { CaptureReport } from '../report/schema.ts';
import { Tcp } from '../tcp/flags.ts';
import { Frame, grpcAnswer, grpcCall, h2block, h2frame, h2headers, PREFACE } from '../testing/http2.ts';
import { POD, Scene, WEB } from '../testing/scenes.ts';

const report = async (scene: Scene): Promise<CaptureReport> => await analyseCaptures({ files: [{ path: '-' }], stdin: Readable.from([scene.pcap()]) });
const example = ({ signatures }: CaptureReport, id: string): string => signatures.find((one) => one.id === id)?.example ?? '';

/** For thousands of connections, on a machine that is busy. */
const PATIENCE = { timeout: 120_000 };
const hello = Buffer.concat([PREFACE, grpcCall(1, '/a.B/C')]);
/** One call on a connection of its own. */
const answer = Buffer.concat([h2frame(Frame.settings, 0, 0, new Uint8Array(6)), grpcAnswer(1, 0)]);
const calls = (scene: Scene, port: number): Scene => scene.talks(POD, port, WEB, 9004, [hello, answer]);

test('connections that are closed make room for others, whether by FIN or by RST, and what their last segment says counts', PATIENCE, async () => {
  const scene = new Scene();
  for (let at = 0; at < 1100; at++) {
    const [port, seq, ack] = [20_000 + at, 101 + hello.length, 501 + answer.length];
    if (at % 2 === 0) calls(scene, port).tcp(WEB, 9004, POD, port, { seq: ack, ack: seq, flags: Tcp.rst | Tcp.ack });
    else {
      scene.talks(POD, port, WEB, 9004, [hello]).tcp(POD, port, WEB, 9004, { seq, ack: 501, flags: Tcp.fin | Tcp.ack })
        .tcp(WEB, 9004, POD, port, { seq: 501, ack: seq + 1, flags: Tcp.fin | Tcp.ack, payload: answer });
    }
  }
  const { grpc, remarks } = await report(scene);
  expect([grpc, remarks]).toEqual([[{ status: 'OK', count: 1100 }], []]);
});

test('connections that are not followed, because there are too many, count once each', PATIENCE, async () => {
  const scene = new Scene();
  for (let at = 0; at < 1030; at++) calls(scene, 20_000 + at);
  const { grpc, remarks } = await report(scene);
  expect([grpc, remarks]).toEqual([[{ status: 'OK', count: 1024 }], [expect.stringMatching(/^HTTP\/2 and DNS of 6 connections was not followed: there were too many at a time/)]]);
});

test('paths are known of the newest calls, also where bodies end without trailers', PATIENCE, async () => {
  const turns: Buffer[] = [Buffer.concat([PREFACE, h2headers(1, { ':path': '/1' }, true)])];
  for (let call = 1; call < 1500; call++) {
    turns.push(Buffer.concat([h2headers(call * 2 - 1, { ':status': '200' }), h2frame(Frame.data, 1, call * 2 - 1, Buffer.from('body'))]));
    turns.push(h2headers(call * 2 + 1, { ':path': `/${call + 1}` }, true));
  }
  turns.push(h2headers(2999, { ':status': '500' }, true));
  expect(example(await report(new Scene().talks(POD, 40_000, WEB, 80, turns)), 'http-server-error')).toMatch(/answers \/1500 of /);
});

test('what a server promises changes the table of its header compression', async () => {
  const promise = h2frame(Frame.promise, 4, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), h2block({ ':path': '/style.css' })]));
  const split = h2block({ 'x-a': 'b' });
  const [first, rest] = [h2frame(Frame.promise, 8, 1, Buffer.concat([Buffer.from([3, 0, 0, 0, 4]), split.subarray(0, 3), Buffer.alloc(3)])), h2frame(Frame.continuation, 4, 1, split.subarray(3))];
  // `:status: 503` enters the table (62), then two fields of promises: it is 64 now.
  const answers = Buffer.concat([h2frame(Frame.settings, 0, 0, new Uint8Array(0)), h2headers(1, { ':status': '503' }), promise, first, rest, h2frame(Frame.headers, 5, 2, Buffer.from([0x80 | 64]))]);
  const { http, remarks } = await report(new Scene().talks(POD, 40_000, WEB, 80, [Buffer.concat([PREFACE, h2headers(1, { ':path': '/' }, true)]), answers]));
  expect([http, remarks]).toEqual([[{ status: '503', count: 2 }], []]);
});

test('a CONTINUATION of another stream is none', async () => {
  const block = h2block({ ':status': '503' });
  const answers = Buffer.concat([h2frame(Frame.headers, 0, 1, block.subarray(0, 4)), h2frame(Frame.continuation, 4, 3, block.subarray(4))]);
  const { http, remarks } = await report(new Scene().talks(POD, 40_000, WEB, 80, [Buffer.concat([PREFACE, h2headers(1, { ':path': '/' }, true)]), answers]));
  expect([http, remarks]).toEqual([[], [expect.stringMatching(/^HTTP or DNS of 1 connection was followed up to a hole in the capture, or to bytes that cannot be read/)]]);
});

test('data in a SYN begins behind its number (RFC 7413)', async () => {
  const scene = new Scene().tcp(POD, 40_000, WEB, 9004, { seq: 100, flags: Tcp.syn, payload: hello }).tcp(WEB, 9004, POD, 40_000, { seq: 500, ack: 101 + hello.length, flags: Tcp.syn | Tcp.ack })
    .tcp(POD, 40_000, WEB, 9004, { seq: 101 + hello.length, ack: 501, flags: Tcp.ack, payload: grpcCall(3, '/a.B/D') })
    .tcp(WEB, 9004, POD, 40_000, { seq: 501, ack: 101 + hello.length, flags: Tcp.ack, payload: Buffer.concat([grpcAnswer(1, 0), grpcAnswer(3, 14)]) });
  const result = await report(scene);
  expect([example(result, 'grpc-unavailable'), result.grpc.length]).toEqual([expect.stringMatching(/answers \/a.B\/D of /), 2]);
});

test('who loses interest, and who shuts down, complains of nothing', async () => {
  const over = (kind: number, payload: readonly number[]): Scene => calls(new Scene(), 40_000).tcp(POD, 40_000, WEB, 9004, { seq: 101 + hello.length, ack: 501 + answer.length, flags: Tcp.ack, payload: h2frame(kind, 0, kind === Frame.reset ? 3 : 0, Buffer.from(payload)) });
  const found = async (scene: Scene): Promise<string[]> => (await report(scene)).signatures.map(({ id }) => id);
  expect([await found(over(Frame.reset, [0, 0, 0, 8])), await found(over(Frame.goaway, [0, 0, 0, 3, 0, 0, 0, 0]))]).toEqual([[], []]);
  expect([await found(over(Frame.reset, [0, 0, 0, 7])), await found(over(Frame.goaway, [0, 0, 0, 3, 0, 0, 0, 8]))]).toEqual([['http2-error'], ['http2-error']]);
});

test('an answer that passes two capture points counts once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-conversations-'));
  try {
    const scene = calls(new Scene(), 40_000).talks(POD, 40_001, WEB, 80, [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from('HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n')]);
    const files = ['client.pcap', 'server.pcap'].map((name) => ({ path: join(dir, name) }));
    for (const { path } of files) writeFileSync(path, scene.pcap());
    const { http, grpc, packets } = await analyseCaptures({ files });
    expect([packets, http, grpc]).toEqual([scene.frames.length * 2, [{ status: '200', count: 1 }, { status: '503', count: 1 }], [{ status: 'OK', count: 1 }]]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('of HTTP/1 the directions that are followed longest give way, and what is lost behind a hole is told', PATIENCE, async () => {
  const ask = Buffer.from('GET / HTTP/1.1\r\n\r\n');
  const half = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
  const rest = Buffer.from('cdeHTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n');
  const scene = new Scene();
  for (let at = 0; at < 1030; at++) scene.talks(POD, 20_000 + at, WEB, 80, [ask, half]);
  const more = (port: number, behind = 0): Scene => scene.tcp(WEB, 80, POD, port, { seq: 501 + half.length + behind, ack: 101 + ask.length, flags: Tcp.ack, payload: rest });
  // The first one is not followed any more, the last one is; of another one bytes are missing.
  more(20_000);
  more(21_029);
  more(21_028, 1000);
  const { http, remarks } = await report(scene);
  expect([http, remarks]).toEqual([[{ status: '200', count: 1030 }, { status: '503', count: 1 }], [expect.stringMatching(/^HTTP or DNS of 1 connection was followed up to a hole/)]]);
});
