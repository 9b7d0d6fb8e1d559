/** A long-lived connection tells a break, however it comes, and goes on measuring. */
import { randomBytes } from 'node:crypto';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StallLog } from './clock.ts';
import { streamProber } from './probe-stream.ts';
import type { Outcome, Prober } from './prober.ts';
import { serveTcp } from './serve-tcp.ts';
import type { TcpServer } from './serve-tcp.ts';
import { Codec } from './wire.ts';

const codec = new Codec('m', randomBytes(32));
const host = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}.241`;
let agent: TcpServer;
/** Between client and agent: can cut and hold. */
let relay: Server;
let links: { client: Socket; server: Socket }[];
let breaks: string[];
let drained: number;
let prober: Prober;

beforeEach(async () => {
  [links, breaks, drained] = [[], [], 0];
  agent = await serveTcp({ codec, name: 'pod/b', flags: () => 0, stalls: new StallLog(performance.now()) }, host, 31_772, 'all');
  relay = createServer((client) => {
    const server = connect({ host, port: 31_772 });
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.pipe(server).pipe(client);
    links.push({ client, server });
  });
  await new Promise<void>((resolve) => relay.listen(0, host, resolve));
  const { port } = relay.address() as AddressInfo;
  prober = streamProber({ codec, name: 'pod/a', draining: () => void (drained += 1) }, { address: host, port, expectName: 'pod/b' }, (why) => breaks.push(why));
});
afterEach(() => {
  prober.close();
  agent.close();
  relay.close();
  for (const { client, server } of links) {
    client.destroy();
    server.destroy();
  }
});

/** Sends a frame; settled frames are forgotten, as the runner does. */
async function send(seq: number): Promise<Outcome> {
  const outcome = await new Promise<Outcome>((resolve) => prober.send(seq, resolve));
  prober.cancel(seq);
  return outcome;
}

describe('a stream', () => {
  it('echoes frames, also those sent before it is established', async () => {
    const outcomes = await Promise.all([send(1), send(2)]);
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true]);
    expect((await send(3)).ok).toBe(true);
    expect(breaks).toEqual([]);
  });

  it('charges a reset to the frames under way', async () => {
    await send(1);
    const link = links[0];
    link?.client.unpipe();
    const outcome = send(2);
    link?.client.resetAndDestroy();
    expect(await outcome).toMatchObject({ ok: false, error: 'broken: ECONNRESET' });
    expect((await send(3)).ok).toBe(true);
    expect(breaks).toEqual(['ECONNRESET']);
  });

  it('charges a reset between two frames to the next one', async () => {
    await send(1);
    const gone = new Promise((resolve) => links[0]?.client.once('close', resolve));
    links[0]?.client.resetAndDestroy();
    await gone;
    while (breaks.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await send(2)).toMatchObject({ ok: false, error: 'broken: ECONNRESET' });
    expect((await send(3)).ok).toBe(true);
    expect(breaks).toHaveLength(1);
  });

  it('tells a stall once, and still takes the late echo', async () => {
    await send(1);
    const link = links[0];
    link?.client.unpipe(link.server);
    const outcome = send(2);
    expect([prober.expire?.(2, false), prober.expire?.(2, false)]).toEqual([undefined, undefined]);
    expect(breaks).toEqual(['stalled']);
    if (link) link.client.pipe(link.server);
    expect((await outcome).ok).toBe(true);
    expect(prober.lostAs).toBe('broken: stalled');
  });

  it('takes a goodbye for no break', async () => {
    await send(1);
    agent.drain();
    while (drained === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await send(2)).ok).toBe(true);
    expect(breaks).toEqual([]);
  });
});
