/** The question for a name, asked by a real shell of a real socket. */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, expect, it } from 'vitest';
import { localShell } from '../../probe/testing/local-shell.ts';
import { askName, questionOf } from './ask-name.ts';

const here = localShell('here');

const sockets: Socket[] = [];
/** A server that answers with this RCODE, and what it was asked. */
async function server(rcode: number | undefined): Promise<{ port: number; asked: Buffer[] }> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const asked: Buffer[] = [];
  socket.on('message', (question, { port, address }) => {
    asked.push(question);
    const said = Buffer.from(question);
    said[2] = 0x81;
    said[3] = 0x80 | (rcode ?? 0);
    if (rcode !== undefined) socket.send(said, port, address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return { port: socket.address().port, asked };
}
afterAll(() => { for (const socket of sockets) socket.close(); });

it.each([[0, 'answered'], [3, 'no-such-name'], [2, 'server-failure'], [5, 'refused'], [undefined, 'silent']] as const)('RCODE %s is %s', async (rcode, value) => {
  const { port, asked } = await server(rcode);
  expect((await askName(here, undefined, { host: '127.0.0.1', port }, 'registry.example.org')).value).toBe(value);
  expect(asked[0]?.toString('latin1')).toBe('FN\x01\0\0\x01\0\0\0\0\0\0\x08registry\x07example\x03org\0\0\x01\0\x01');
}, 20_000);
it('is not understood with another code, or without a beginning', async () => {
  const { port } = await server(9);
  expect(await askName(here, undefined, { host: '127.0.0.1', port }, 'a.example')).toEqual({ value: undefined, said: expect.stringContaining('not understood') as string });
}, 20_000);
it('has the same question with and without the dot of the root', () => expect(questionOf('a.example.')).toBe(questionOf('a.example')));
