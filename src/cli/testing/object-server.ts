/** An API server that answers discovery and lists from objects, refuses what it is told to refuse, and notes every request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { pluralOf } from '../../cluster/snapshot/rbac.ts';

interface Served {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

export interface ObjectServer {
  kubeconfig: string;
  address: string;
  /** `METHOD path?query` of every request. */
  requests: string[];
  /** Plurals of resources that may not be listed. */
  forbidden: Set<string>;
  close(): Promise<void>;
}

/** Serves the objects; writes the kubeconfig to the file. */
export async function serveObjects(objects: readonly Served[], kubeconfig: string): Promise<ObjectServer> {
  const byVersion = Map.groupBy(objects, ({ apiVersion }) => apiVersion);
  const [requests, forbidden] = [[] as string[], new Set<string>()];
  const answer = (url: URL): [number, object] => {
    const [, version = '', plural] = /^\/(?:api|apis)\/(v1|[^/]+\/[^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const served = byVersion.get(version);
    if (served === undefined) return [404, {}];
    if (plural === undefined) return [200, { resources: [...new Set(served.map(({ kind }) => kind))].map((kind) => ({ name: pluralOf(kind), kind, namespaced: true })) }];
    if (forbidden.has(plural)) return [403, { kind: 'Status', reason: 'Forbidden', message: `${plural} is forbidden: User "u" cannot list resource "${plural}"` }];
    const name = /^metadata\.name=(.*)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1];
    const items = served.filter((one) => pluralOf(one.kind) === plural && (name === undefined || one.metadata.name === name));
    // As the API answers: items of a list carry no kind of their own.
    return [200, { items: items.map(({ apiVersion: _version, kind: _kind, ...rest }) => rest) }];
  };
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const [status, body] = answer(new URL(request.url ?? '', 'http://x'));
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }));
  return {
    kubeconfig, address, requests, forbidden,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
