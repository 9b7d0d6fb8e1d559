/** The question to a DNS server, asked by a real shell of a real socket. */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localShell } from '../../probe/testing/local-shell.ts';
import { askDns } from './ask-dns.ts';

const here = localShell('here');

const sockets: Socket[] = [];
const asked: Buffer[] = [];
/** The port of a server that answers with what `answer` makes of a question. */
async function server(answer: (question: Buffer) => Buffer | undefined): Promise<number> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (question, { port, address }) => { asked.push(question); const said = answer(question); if (said !== undefined) socket.send(said, port, address); });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return socket.address().port;
}

let [refusing, silent, second] = [0, 0, 0];
beforeAll(async () => {
  // Refused (RFC 1035, §4.1.1: RCODE 5), as CoreDNS answers questions of class CH.
  const refuse = (question: Buffer): Buffer => { const said = Buffer.from(question); said[2] = 0x80; said[3] = 5; return said; };
  let count = 0;
  refusing = await server(refuse);
  silent = await server(() => undefined);
  second = await server((question) => (count++ === 0 ? undefined : refuse(question)));
});
afterAll(() => { for (const socket of sockets) socket.close(); });

it('is one that a server refuses by itself, and any answer is an answer', async () => {
  expect(await askDns(here, undefined, '127.0.0.1', refusing)).toEqual({ value: 'ok', said: 'answered' });
  expect(asked[0]?.toString('latin1')).toBe('FL\0\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03');
}, 20_000);
it('is asked again when one is lost', async () => expect((await askDns(here, undefined, '127.0.0.1', second)).value).toBe('ok'), 20_000);
it('gets no answer', async () => expect((await askDns(here, undefined, '127.0.0.1', silent)).value).toBe('timeout'), 20_000);
it('is refused where nobody listens', async () => {
  const port = await server(() => undefined);
  await new Promise<void>((done) => sockets.pop()?.close(done));
  expect((await askDns(here, undefined, '127.0.0.1', port)).value).toBe('refused');
}, 20_000);
