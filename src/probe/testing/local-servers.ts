/** Stand-ins for what agents probe beside each other: a DNS server, and an HTTPS server that echoes Audit-ID. */
import { webcrypto } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

export interface LocalServer {
  port: number;
  close(): void;
}

/** Answers every A query with one address. */
export async function startDns(host: string, address: string): Promise<LocalServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const head = Buffer.from(query);
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 6);
    socket.send(Buffer.concat([head, Buffer.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number))]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return { port: socket.address().port, close: () => socket.close() };
}

/** Answers 401 like an API server without anonymous access, with the request's Audit-ID. */
export async function startApi(host: string): Promise<LocalServer & { ca: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes.default.svc' }])],
  });
  const ca = certificate.toString('pem');
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const server = createServer({ cert: ca, key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` }, (request, response) => {
    response.writeHead(401, { 'Audit-Id': request.headers['audit-id'] ?? '' });
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    ca,
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
