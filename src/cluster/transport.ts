/** One HTTP request to the API server with the kubeconfig's credentials, a deadline, and retries where repeating is harmless. */
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { UnreachableError, type Call } from './api-error.ts';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with query. */
  path: string;
  body?: unknown;
  /** Media type of the body. Default `application/json`. */
  contentType?: string;
  /** Milliseconds for one attempt. Default 10 000. */
  timeoutMs?: number;
  /** Whether it may be sent again after a connection that was cut before the answer. Default: all but POST. */
  repeatable?: boolean;
  call: Call;
}

export interface ApiResponse {
  status: number;
  body: string;
}

/** Pauses before the second, third and further attempts, in milliseconds; the last one repeats. */
const retryPausesMs = [100, 400, 1000];
/** How long an API server that cannot be reached is asked again when nobody says otherwise, in milliseconds: three more attempts. */
const DEFAULT_PATIENCE_MS = 1500;

/** Error codes of a connection that was never made: nothing was sent, so any request may be repeated. */
const neverSent = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

export class Transport {
  readonly kubeConfig: KubeConfig;
  /** Base address of the API server, without a slash at the end. */
  readonly endpoint: string;
  readonly #agent: http.Agent | undefined;
  readonly #patienceMs: number;
  #failures = 0;

  /** `kubeConfig` must have a current cluster. `patienceMs`: how long an unreachable server is asked again where repeating is harmless. */
  constructor(kubeConfig: KubeConfig, patienceMs: number = DEFAULT_PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) throw new Error('kubeconfig without a current cluster');
    this.kubeConfig = kubeConfig;
    this.endpoint = cluster.server.replace(/\/$/, '');
    // With a proxy the kubeconfig's own agent is needed; without one, connections are kept for the many polls.
    const Agent = this.endpoint.startsWith('https:') ? https.Agent : http.Agent;
    this.#agent = cluster.proxyUrl === undefined ? new Agent({ keepAlive: true }) : undefined;
  }

  /** How many attempts got no answer so far, those included that a later one made good. */
  get failures(): number {
    return this.#failures;
  }

  /** Sends a request and resolves whatever status is answered. Errors: UnreachableError. */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const repeatable = request.repeatable ?? request.method !== 'POST';
    let patienceMs = this.#patienceMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request);
      } catch (error) {
        this.#failures++;
        const pause = retryPausesMs[Math.min(attempt, retryPausesMs.length - 1)] as number;
        const retriable = error instanceof UnreachableError && error.code !== 'TIMEOUT' && (repeatable || neverSent.has(error.code));
        patienceMs -= pause;
        if (!retriable || patienceMs < 0) throw error;
        await sleep(pause);
      }
    }
  }

  /** Drops kept connections. */
  close(): void {
    this.#agent?.destroy();
  }

  async #once(request: ApiRequest): Promise<ApiResponse> {
    const url = new URL(this.endpoint + request.path);
    const options: https.RequestOptions = {};
    await this.kubeConfig.applyToHTTPSOptions(options);
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers: http.OutgoingHttpHeaders = { ...(options.headers as http.OutgoingHttpHeaders), Accept: 'application/json', 'User-Agent': 'fairlead' };
    if (body !== undefined) {
      headers['Content-Type'] = request.contentType ?? 'application/json';
      headers['Content-Length'] = body.length;
    }
    if (this.#agent !== undefined) options.agent = this.#agent;
    const timeoutMs = request.timeoutMs ?? 10_000;
    const client = url.protocol === 'https:' ? https : http;
    return await new Promise<ApiResponse>((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const fail = (error: Error & { code?: string }) => {
        if (signal.aborted) reject(new UnreachableError(this.endpoint, request.call, 'TIMEOUT', `no answer within ${timeoutMs / 1000} s`, error));
        else reject(new UnreachableError(this.endpoint, request.call, error.code ?? '', error.message || (error.code ?? 'unknown error'), error));
      };
      const sent = client.request(url, { ...options, method: request.method, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      });
      sent.on('error', fail);
      sent.end(body);
    });
  }
}
