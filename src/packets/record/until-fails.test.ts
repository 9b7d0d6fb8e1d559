import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runProcess } from '../../core/process.ts';
import { attemptText, parseAttempt, parseFailure, tryArgv, type Attempt } from './until-fails.ts';

describe('--until-fails', () => {
  test.each([
    ['shop/web-0 → 10.43.0.10:53/udp', { from: 'shop/web-0', address: '10.43.0.10', port: 53, protocol: 'udp' }],
    ['agent-1->[fd00::1]:443', { from: 'agent-1', address: 'fd00::1', port: 443, protocol: 'tcp' }],
  ] satisfies [string, Attempt][])('%s', (text, attempt) => {
    expect(parseAttempt(text)).toEqual(attempt);
    expect(parseAttempt(attemptText(attempt))).toEqual(attempt);
  });

  test.each(['', 'web → ', '→ 10.0.0.1:80', 'a → 10.0.0.1', 'a → 10.0.0.1:0', 'a → 10.0.0.1:70000', 'a → web.shop:80', 'a → 10.0.0.1:80/sctp', 'a → b → 10.0.0.1:80', 'a → fd00::1:80'])('%j is refused', (text) => {
    expect(() => parseAttempt(text)).toThrow(/^--until-fails is .*; expected 'NAMESPACE\/POD → ADDRESS:PORT'/);
  });
});

/** What trying says for one attempt, with this machine's own programs. */
async function tried(port: number, protocol: 'tcp' | 'udp'): Promise<ReturnType<typeof parseFailure>> {
  const argv = tryArgv({ from: 'here', address: '127.0.0.1', port, protocol }, undefined);
  const { code, stdout } = await runProcess([...argv.slice(0, -1), '0']);
  expect(code).toBe(0);
  return parseFailure(Buffer.from(stdout).toString());
}

describe('trying', () => {
  test('TCP: a server that listens, then one that does not', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await tried(port, 'tcp')).toBeUndefined();
    server.close();
    await once(server, 'close');
    const began = Date.now() / 1000;
    const failure = await tried(port, 'tcp');
    expect(failure?.why).toBe('Connection refused');
    expect(Math.abs((failure?.at ?? 0) - began)).toBeLessThan(10);
  });

  test('UDP: the question is DNS; an answer is enough, silence is a failure', async () => {
    const server = createSocket('udp4');
    const questions: string[] = [];
    server.on('message', (message, { port }) => {
      questions.push(message.toString('hex'));
      if (questions.length === 1) server.send(message, port);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    expect(await tried(port, 'udp')).toBeUndefined();
    expect(await tried(port, 'udp')).toMatchObject({ why: 'no answer within 2 s' });
    server.close();
    expect(new Set(questions)).toEqual(new Set(['1234010000010000000000000000020001']));
  });
});
