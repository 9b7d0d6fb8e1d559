/** Agents answer their own mesh only, and leave in good order. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootstrapConfig } from '../mesh/bring-up.ts';
import { Agent } from './agent.ts';
import { frame } from './framing.ts';
import { decodeLine } from './lines.ts';
import { Codec, FLAG_DRAINING, MessageType } from './wire.ts';
import type { Message } from './wire.ts';

const address = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}.240`;
const key = randomBytes(32);
const config = bootstrapConfig('m');
const { ports } = config;
let dir: string;
let agent: Agent;
let draining: Promise<void> | undefined;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-agent-'));
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  draining = undefined;
  agent = await Agent.start({
    self: { name: 'pod/a', kind: 'pod', node: 'a', address },
    configFiles: [join(dir, 'absent.json'), join(dir, 'config.json')],
    key,
    samplesFile: join(dir, 'samples.ndjson'),
    drainMs: 1_500,
  });
});
afterEach(async () => {
  await (draining ?? agent.drain());
  rmSync(dir, { recursive: true });
});

const request = (type: Message['type'], arg = 1): Message => ({ type, flags: 0, nonce: randomBytes(8), arg, lag: 0, digest: new Uint8Array(0), name: 'pod/b' });

/** The answers to some datagrams, until `count` have come. */
async function udp(datagrams: readonly Uint8Array[], count: number): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const answers: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (bytes) => {
      answers.push(bytes);
      if (answers.length === count) resolve();
    });
    for (const datagram of datagrams) socket.send(datagram, ports.udp, address);
  });
  socket.close();
  return answers;
}

/** Everything a TCP server says to some bytes, until it closes. */
function tcp(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: address, port }, () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

describe('an agent', () => {
  it('answers an authentic datagram with its nonce, and a forged one never', async () => {
    const codec = new Codec('m', key);
    const good = request(MessageType.ping);
    const forged = new Codec('m', randomBytes(32)).seal(request(MessageType.ping));
    const foreign = new Codec('other', key).seal(request(MessageType.ping));
    const reflected = codec.seal(request(MessageType.pong));
    // They arrive in order: had one of the first been answered, that answer would be the first.
    const [answer] = await udp([forged, foreign, reflected, randomBytes(80), codec.seal(good)], 1);
    const opened = answer && codec.open(answer);
    expect(opened).toMatchObject({ type: MessageType.pong, flags: 0, name: 'pod/a' });
    expect(Buffer.from(opened?.nonce ?? [])).toEqual(Buffer.from(good.nonce));
  });

  it('proves itself on TCP to its own mesh only', async () => {
    const codec = new Codec('m', key);
    const hello = request(MessageType.hello);
    const answer = await tcp(ports.tcp, frame(codec.seal(hello)));
    expect(codec.open(answer.subarray(2))).toMatchObject({ type: MessageType.proof, name: 'pod/a' });
    expect(await tcp(ports.tcp, frame(new Codec('m', randomBytes(32)).seal(hello)))).toHaveLength(0);
    expect(await tcp(ports.tcp, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toHaveLength(0);
  });

  it('offers no bulk or stream on its canary port, and no more bulk than agreed', async () => {
    const codec = new Codec('m', key);
    expect(await tcp(ports.canary, frame(codec.seal(request(MessageType.bulk, 16))))).toHaveLength(0);
    expect(await tcp(ports.canary, frame(codec.seal(request(MessageType.stream))))).toHaveLength(0);
    expect(await tcp(ports.tcp, frame(codec.seal(request(MessageType.bulk, 1_000_000_000))))).toHaveLength(0);
    expect(codec.open((await tcp(ports.canary, frame(codec.seal(request(MessageType.hello))))).subarray(2))).toBeDefined();
  });

  it('drains: unready at once, answers on with a mark, writes its end', async () => {
    const codec = new Codec('m', key);
    const ready = (): Promise<number> => fetch(`http://${address}:${ports.control}/ready`).then((response) => response.status);
    expect(await ready()).toBe(200);
    draining = agent.drain();
    expect(await ready()).toBe(503);
    const [answer] = await udp([codec.seal(request(MessageType.ping))], 1);
    expect(answer && codec.open(answer)?.flags).toBe(FLAG_DRAINING);
    await draining;
    const lines = readFileSync(join(dir, 'samples.ndjson'), 'utf8').trim().split('\n').map(decodeLine);
    expect(lines[0]).toMatchObject({ k: 'h', self: 'pod/a', keeps: { segments: 4 } });
    expect(lines.at(-1)).toMatchObject({ k: 'z' });
  });

  it('does not start without a valid configuration, and says what is wrong', async () => {
    writeFileSync(join(dir, 'bad.json'), JSON.stringify({ ...config, version: 3 }));
    const options = { self: { name: 'host/a', kind: 'host' as const, address }, configFiles: [join(dir, 'bad.json')], key, samplesFile: join(dir, 's'), drainMs: 0 };
    await expect(Agent.start(options)).rejects.toThrow('$.version: expected 1');
  });
});
