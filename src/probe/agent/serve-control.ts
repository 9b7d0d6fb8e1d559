/** The kubelet's readiness probe: `GET /ready` is 200 while the agent takes part, 503 from the moment it drains. */
import { createServer } from 'node:http';
import type { Server } from './serve-udp.ts';

/** Listens until closed. Rejects when the port cannot be bound. */
export async function serveControl(ready: () => boolean, address: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/ready';
    response.writeHead(found ? (ready() ? 200 : 503) : 404, { 'content-type': 'text/plain' });
    response.end(found ? (ready() ? 'ready\n' : 'not ready\n') : 'not found\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
