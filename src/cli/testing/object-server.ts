/** An API server that answers discovery and lists from objects, and changes single ones as the API does; refuses what it is told to refuse, and notes every request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { merged } from '../../diagnose/fix/change.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { pluralOf } from '../../cluster/snapshot/rbac.ts';

export interface ObjectServer {
  kubeconfig: string;
  address: string;
  /** `METHOD path?query` of every request. */
  requests: string[];
  /** Plurals of resources that may not be asked for. */
  forbidden: Set<string>;
  /** The objects as they are now. */
  objects: KubeObject[];
  /** Called before an object is changed: somebody else may be faster, or a status is answered instead. */
  beforeChange?: (method: string, path: string) => number | undefined;
  /** One object by kind and name. Errors: one where it is not there. */
  find(kind: string, name: string): KubeObject & { spec: Record<string, unknown> };
  close(): Promise<void>;
}

const PATH = /^\/(?:api|apis)\/(v1|[^/]+\/[^/]+?)(?:\/namespaces\/([^/]+)(?=\/[^/]))?(?:\/([^/]+)(?:\/([^/]+))?)?$/;

/** Serves the objects; writes the kubeconfig to the file. */
export async function serveObjects(given: readonly KubeObject[], kubeconfig: string): Promise<ObjectServer> {
  let version = 1;
  const marked = (one: KubeObject): KubeObject => ({ ...one, metadata: { ...one.metadata, uid: one.metadata.uid ?? `uid-${version}`, resourceVersion: String(version++) } });
  const [requests, forbidden] = [[] as string[], new Set<string>()];
  const self: ObjectServer = {
    kubeconfig, address: '', requests, forbidden, objects: given.map(marked),
    find: (kind, name) => {
      const found = self.objects.find((one) => one.kind === kind && one.metadata.name === name);
      if (found === undefined) throw new Error(`the API server has no ${kind} ${name}`);
      return found as ReturnType<ObjectServer['find']>;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const put = (old: KubeObject | undefined, fresh: KubeObject | undefined): [number, object] => {
    const after = fresh === undefined ? undefined : marked(fresh);
    self.objects = [...self.objects.filter((one) => one !== old), ...(after === undefined ? [] : [after])];
    return [old === undefined ? 201 : 200, after ?? {}];
  };
  const change = (method: string, path: string, body: string, current: () => KubeObject | undefined): [number, object] => {
    const refused = self.beforeChange?.(method, path);
    if (refused !== undefined) return [refused, { kind: 'Status', message: `${method} ${path} is refused` }];
    const old = current();
    if (method === 'POST') return old === undefined ? put(undefined, JSON.parse(body) as KubeObject) : [409, { reason: 'AlreadyExists' }];
    if (old === undefined) return [404, {}];
    const wanted = JSON.parse(body) as { metadata?: { resourceVersion?: string }; preconditions?: { uid?: string } };
    if (method === 'DELETE') return wanted.preconditions?.uid === undefined || wanted.preconditions.uid === old.metadata.uid ? put(old, undefined) : [409, { reason: 'Conflict' }];
    if (wanted.metadata?.resourceVersion !== undefined && wanted.metadata.resourceVersion !== old.metadata.resourceVersion) return [409, { reason: 'Conflict' }];
    return put(old, merged(old, wanted));
  };
  const answer = (method: string, url: URL, body: string): [number, object] => {
    const [, apiVersion = '', namespace, plural, name] = PATH.exec(url.pathname) ?? [];
    const served = self.objects.filter((one) => one.apiVersion === apiVersion);
    if (served.length === 0) return [404, {}];
    if (plural === undefined) return [200, { resources: [...Map.groupBy(served, ({ kind }) => kind)].map(([kind, own]) => ({ name: pluralOf(kind), kind, namespaced: own.some(({ metadata }) => metadata.namespace !== undefined) })) }];
    if (forbidden.has(plural)) return [403, { kind: 'Status', reason: 'Forbidden', message: `${plural} is forbidden: User "u" cannot list resource "${plural}"` }];
    const one = (wanted: string): KubeObject | undefined => self.objects.find(({ apiVersion: own, kind, metadata }) => own === apiVersion && pluralOf(kind) === plural && metadata.name === wanted && metadata.namespace === namespace);
    if (method !== 'GET') return change(method, url.pathname, body, () => one(name ?? (JSON.parse(body) as KubeObject).metadata.name));
    if (name !== undefined) return one(name) === undefined ? [404, {}] : [200, one(name) ?? {}];
    const only = /^metadata\.name=(.*)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1];
    const items = served.filter(({ kind, metadata }) => pluralOf(kind) === plural && (only === undefined || metadata.name === only));
    // As the API answers: items of a list carry no kind of their own.
    return [200, { items: items.map(({ apiVersion: _version, kind: _kind, ...rest }) => rest) }];
  };
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void text(request).then((body) => {
      const [status, said] = answer(request.method ?? '', new URL(request.url ?? '', 'http://x'), body);
      response.writeHead(status).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [{ name: 'c', cluster: { server: self.address, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }));
  return self;
}
