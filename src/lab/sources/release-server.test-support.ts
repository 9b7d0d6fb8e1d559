/** A release mirror on loopback for tests: serves files with Range, and misbehaves when asked to. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReleaseServer {
  base: string;
  /** Path (without a leading slash) → content. */
  files: Map<string, Buffer>;
  /** The next answer for that path is cut after so many bytes, as soon as `when` resolves. */
  cutOnce: Map<string, { bytes: number; when: Promise<unknown> }>;
  /** Paths that are never answered. */
  silent: Set<string>;
  /** When false, Range is ignored as simple servers do. */
  ranges: boolean;
  /** `path` or `path range` of every request, in order. */
  requests: string[];
  close(): Promise<void>;
}

export async function startReleaseServer(): Promise<ReleaseServer> {
  const server = createServer((request, response) => answer(state, request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const state: ReleaseServer = {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(),
    cutOnce: new Map(),
    silent: new Set(),
    ranges: true,
    requests: [],
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return state;
}

function answer(state: ReleaseServer, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url!.slice(1);
  const range = request.headers.range;
  state.requests.push(range === undefined ? path : `${path} ${range}`);
  if (state.silent.has(path)) return;
  const content = state.files.get(path);
  if (!content) {
    response.writeHead(404).end('not here');
    return;
  }
  const from = state.ranges && range !== undefined ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
  if (from > 0 && from >= content.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(from);
  const partial = from > 0 ? { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'Content-Length': body.length, ...partial });
  const cut = state.cutOnce.get(path);
  if (cut === undefined) {
    response.end(body);
    return;
  }
  state.cutOnce.delete(path);
  response.flushHeaders();
  response.write(body.subarray(0, cut.bytes));
  void cut.when.then(() => response.socket!.destroy());
}

/** The line a project publishes for a file. */
export function checksumLine(name: string, content: Buffer): string {
  return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
}
