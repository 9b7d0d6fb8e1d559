/** HTTP probes: the API server proves itself by its certificate and by echoing `Audit-ID`; Services of the user by echoing a nonce. */
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Outcome, Prober } from './prober.ts';
import { errorText } from './prober.ts';

/** No more of a Service's answer is searched for the nonce. */
const MAX_BODY = 64 * 1024;

export interface ApiTarget {
  address: string;
  port: number;
  /** Name that its certificate must carry. */
  serverName: string;
  /** PEM. */
  ca: string;
}

type Report = (outcome: Outcome) => void;

/**
 * GET /version on a new connection each time. kube-apiserver echoes the request's Audit-ID before
 * it authenticates (k8s.io/apiserver, WithAuditInit), so that 401 proves as much as 200 and no
 * token is needed.
 */
export function apiProber(target: ApiTarget): Prober {
  return requestProber((report) => {
    const nonce = randomUUID();
    const request = httpsRequest({
      host: target.address,
      port: target.port,
      servername: target.serverName,
      ca: target.ca,
      agent: false,
      path: '/version',
      headers: { 'Audit-ID': nonce, Accept: 'application/json' },
    });
    request.on('response', (response) => {
      const ok = response.headers['audit-id'] === nonce;
      response.resume();
      report(ok ? { ok, at: performance.now() } : { ok, at: performance.now(), error: `status ${response.statusCode ?? 0} without our Audit-ID` });
    });
    return request;
  });
}

/** GET of a URL with `nonce` added to its query, on a new connection each time. */
export function httpProber(url: string): Prober {
  return requestProber((report) => {
    const nonce = randomUUID();
    const address = new URL(url);
    address.searchParams.set('nonce', nonce);
    const request = httpRequest(address, { agent: false });
    request.on('response', (response) => searchBody(response, nonce, report));
    return request;
  });
}

function searchBody(response: IncomingMessage, nonce: string, report: Report): void {
  let body = '';
  response.setEncoding('latin1');
  response.on('data', (chunk: string) => {
    if (body.length < MAX_BODY) body += chunk;
  });
  response.on('end', () => {
    const ok = body.includes(nonce);
    report(ok ? { ok, at: performance.now() } : { ok, at: performance.now(), error: `status ${response.statusCode ?? 0} without our nonce` });
  });
}

/** A prober of single requests: bookkeeping and errors. */
function requestProber(start: (report: Report) => ClientRequest): Prober {
  const requests = new Map<number, ClientRequest>();
  return {
    send: (seq, report) => {
      const request = start(report);
      requests.set(seq, request);
      request.on('error', (error) => report({ ok: false, at: performance.now(), error: errorText(error) }));
      request.end();
    },
    cancel: (seq) => {
      requests.get(seq)?.destroy();
      requests.delete(seq);
    },
    close: () => {
      for (const request of requests.values()) request.destroy();
    },
  };
}
