import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localPorts } from './local-ports.ts';
import { tcpProber } from './probe-tcp.ts';
import type { Outcome } from './prober.ts';
import { Codec } from './wire.ts';

const context = { codec: new Codec('m', randomBytes(32)), name: 'outside', draining: () => undefined } as unknown as Parameters<typeof tcpProber>[0];

describe('source ports', () => {
  it('come in turn, above those that the kernel takes, and begin again at the first', () => {
    const next = localPorts(200);
    const ports = Array.from({ length: 2 * 4536 }, next);
    expect([Math.min(...ports), Math.max(...ports), new Set(ports).size]).toEqual([61_000, 65_535, 4536]);
    expect(ports.slice(0, 4536)).toEqual(ports.slice(4536));
  });

  it('go on where an earlier prober has stopped', () => {
    const [first, second] = [localPorts(200, 1_000_000), localPorts(200, 1_000_600)];
    expect([first(), first(), first(), first()].at(-1)).toBe(second());
  });
});

describe('tcpProber', () => {
  let server: Server;
  let seen: number[];
  beforeEach(async () => {
    seen = [];
    server = createServer((socket) => {
      seen.push(socket.remotePort ?? 0);
      socket.on('error', () => undefined).end('no proof');
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => void server.close());
  const target = () => ({ address: '127.0.0.1', port: (server.address() as AddressInfo).port, expectName: null });
  const once = (nextPort?: () => number): Promise<Outcome> => new Promise((resolve) => {
    tcpProber(context, target(), 'tcp', nextPort).send(1, resolve);
  });

  it('connects from the port that it is given, and passes over one that somebody else has', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => void holder.listen(0, '0.0.0.0', resolve));
    const taken = (holder.address() as AddressInfo).port;
    const free = localPorts(200)();
    const ports = [taken, free];
    // No proof is what it then says of this server: it was reached.
    expect((await once(() => ports.shift() ?? 0)).error).toBe('answer without proof');
    expect(seen).toEqual([free]);
    expect((await once(() => taken)).ok).toBe(false);
    expect(seen).toHaveLength(2);
    holder.close();
  });
});
