/** The one door to a Kubernetes API server: objects in, objects out, errors that name verb, object and permission. */
import { EnvironmentError } from '../core/errors.ts';
import { ApiError, type Call } from './api-error.ts';
import { Discovery, type ResourceType } from './discovery.ts';
import { execInPod, type ExecOptions, type ExecResult, type ExecTarget } from './exec.ts';
import { loadKubeConfig, type ConnectOptions } from './kubeconfig.ts';
import { describeRef, refOf, type KubeObject, type ListQuery, type ObjectRef } from './objects.ts';
import { Transport, type ApiRequest } from './transport.ts';
import { waitUntil, type WaitOptions } from './wait.ts';

/** Objects asked for in one page of a list. */
const pageSize = 500;
/** Owner of the fields that `apply` sets. */
const fieldManager = 'fairlead';

export type PatchType = 'merge' | 'strategic' | 'json';
export type EvictResult = 'evicted' | 'gone' | { blockedBy: string };

export class Cluster {
  readonly #transport: Transport;
  readonly #discovery: Discovery;

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#discovery = new Discovery(transport);
  }

  /** Reads the kubeconfig; does not contact the server. Errors: UsageError for a missing file or context. */
  static async connect(options: ConnectOptions = {}): Promise<Cluster> {
    return new Cluster(new Transport(await loadKubeConfig(options), options.patienceMs));
  }

  /** Base address of the API server. */
  get endpoint(): string {
    return this.#transport.endpoint;
  }

  /** How many requests, or attempts at them, the API server has not answered so far: where it has grown, the server was away meanwhile. */
  get failures(): number {
    return this.#transport.failures;
  }

  /** Drops kept connections. */
  close(): void {
    this.#transport.close();
  }

  /** One object; undefined when it, or its kind, is not there. */
  async get<T extends KubeObject = KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    const type = await this.#discovery.find(ref.apiVersion, ref.kind);
    if (type === undefined) return undefined;
    return await this.#json<T>({ method: 'GET', path: pathOf(type, ref), call: callOf('get', type, ref) }, [404]);
  }

  /** All objects of a kind that match, page by page; empty also when the kind is not served (ask `serves` to tell). Items carry apiVersion and kind. */
  async list<T extends KubeObject = KubeObject>(query: ListQuery): Promise<T[]> {
    const type = await this.#discovery.find(query.apiVersion, query.kind);
    if (type === undefined) return [];
    for (let limit: number | undefined = pageSize; ; limit = undefined) {
      const items = await this.#pages<T>(query, type, limit);
      // An expired continue token (410) is answered by one list without pages.
      if (items !== 'expired') return items;
    }
  }

  /** All objects of a kind page by page, so that a long list is never whole in memory; nothing when the kind is not served. After an expired continue token (410) all of them come again, in one page. */
  async *pages<T extends KubeObject = KubeObject>(query: ListQuery): AsyncGenerator<T[]> {
    const type = await this.#discovery.find(query.apiVersion, query.kind);
    let next = '';
    while (type !== undefined) {
      const page = await this.#page(query, type, pageSize, next);
      if (page === undefined) {
        if (next === '') return;
        const whole = await this.#page(query, type, undefined, '');
        if (whole !== undefined) yield whole.items as T[];
        return;
      }
      yield page.items as T[];
      next = page.next;
      if (next === '') return;
    }
  }

  /** Whether the server serves a kind now. */
  async serves(apiVersion: string, kind: string): Promise<boolean> {
    this.#discovery.forget(apiVersion, kind);
    return (await this.#discovery.find(apiVersion, kind)) !== undefined;
  }

  /** Server-side apply as manager `fairlead`. Errors: ApiError 409 naming the other manager when a field is owned elsewhere and `force` is not set. */
  async apply<T extends KubeObject = KubeObject>(object: KubeObject, options: { force?: boolean } = {}): Promise<T> {
    const ref = refOf(object);
    const type = await this.#typeOf(ref);
    const path = `${pathOf(type, ref)}?fieldManager=${fieldManager}&force=${options.force ?? false}`;
    return (await this.#json<T>({ method: 'PATCH', path, body: object, contentType: 'application/apply-patch+yaml', call: callOf('patch', type, ref) })) as T;
  }

  /** Creates an object; undefined when one of that name exists already. */
  async create<T extends KubeObject = KubeObject>(object: KubeObject): Promise<T | undefined> {
    const ref = refOf(object);
    const type = await this.#typeOf(ref);
    return await this.#json<T>({ method: 'POST', path: collectionOf(type, ref.namespace), body: object, call: callOf('create', type, ref) }, [409]);
  }

  /** Replaces an object as read (its resourceVersion counts); undefined when somebody changed or removed it since. */
  async replace<T extends KubeObject = KubeObject>(object: KubeObject): Promise<T | undefined> {
    const ref = refOf(object);
    const type = await this.#typeOf(ref);
    return await this.#json<T>({ method: 'PUT', path: pathOf(type, ref), body: object, call: callOf('update', type, ref) }, [404, 409]);
  }

  /** Patches an object; undefined when it is not there. `subresource` (for instance `status`) narrows the target. */
  async patch<T extends KubeObject = KubeObject>(ref: ObjectRef, patch: unknown, patchType: PatchType = 'merge', options: { subresource?: string } = {}): Promise<T | undefined> {
    const type = await this.#typeOf(ref);
    const contentType = { merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', json: 'application/json-patch+json' }[patchType];
    const sub = options.subresource === undefined ? '' : `/${options.subresource}`;
    const path = `${pathOf(type, ref)}${sub}?fieldManager=${fieldManager}`;
    return await this.#json<T>({ method: 'PATCH', path, body: patch, contentType, call: callOf('patch', { ...type, plural: type.plural + sub }, ref) }, [404]);
  }

  /** Deletes an object; an absent one is fine. With `uid`, an object of the same name but another uid stays. */
  async delete(ref: ObjectRef, options: { gracePeriodSeconds?: number; propagation?: 'Background' | 'Foreground' | 'Orphan'; uid?: string } = {}): Promise<void> {
    const type = await this.#discovery.find(ref.apiVersion, ref.kind);
    if (type === undefined) return;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: options.propagation ?? 'Background',
      ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    };
    await this.#json({ method: 'DELETE', path: pathOf(type, ref), body, call: callOf('delete', type, ref) }, options.uid === undefined ? [404] : [404, 409]);
  }

  /** Evicts a pod, honouring its disruption budgets; `blockedBy` carries what the server said about the budget. With `dryRun` nothing is evicted. With `uid`, a pod of the same name but another uid stays, so the request is sent again after a cut connection. */
  async evict(namespace: string, name: string, options: { dryRun?: boolean; gracePeriodSeconds?: number; uid?: string } = {}): Promise<EvictResult> {
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: {
        ...(options.dryRun === true ? { dryRun: ['All'] } : {}),
        ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
        ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
      },
    };
    const call: Call = { verb: 'create', object: `eviction of ${describeRef({ kind: 'Pod', namespace, name })}`, resource: { group: '', plural: 'pods/eviction' }, namespace };
    try {
      const done = await this.#json({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body, call, repeatable: options.uid !== undefined }, [404]);
      return done === undefined ? 'gone' : 'evicted';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // A pod of this name with another uid has taken its place (apiserver/pkg/registry/rest, Preconditions).
      if (error.status === 409 && error.message.includes('UID in precondition')) return 'gone';
      // 429 with this cause is a budget; a pod with two budgets is answered with 500 and can never be evicted (registry/core/pod/storage/eviction.go).
      if (error.status === 429 && error.causes.includes('DisruptionBudget')) return { blockedBy: error.said };
      if (error.status === 500 && error.message.includes('more than one PodDisruptionBudget')) return { blockedBy: error.said };
      throw error;
    }
  }

  /** Runs a command in a container. Errors and doubts as `execInPod`. */
  async exec(target: ExecTarget, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return await execInPod(this.#transport.kubeConfig, target, argv, options);
  }

  /** The server's version, for instance `{ gitVersion: 'v1.34.4' }`. */
  async version(): Promise<{ gitVersion: string; major: string; minor: string }> {
    return JSON.parse(await this.raw('/version')) as { gitVersion: string; major: string; minor: string };
  }

  /** GET of any path, as text. Errors: ApiError when the status is not 2xx. */
  async raw(path: string, options: { timeoutMs?: number } = {}): Promise<string> {
    return await this.#text({ method: 'GET', path, call: { verb: 'get', object: path }, ...options });
  }

  /** Waits until `predicate` holds for an object (undefined while it is not there) or for a list, asked for anew each time; resolves what was then seen. An unreachable API server counts as "not yet". Errors: EnvironmentError at the deadline. */
  async waitFor<T extends KubeObject = KubeObject>(target: ObjectRef, predicate: (object: T | undefined) => boolean, options: WaitOptions): Promise<T | undefined>;
  async waitFor<T extends KubeObject = KubeObject>(target: ListQuery, predicate: (objects: T[]) => boolean, options: WaitOptions): Promise<T[]>;
  async waitFor(target: ObjectRef | ListQuery, predicate: (seen: never) => boolean, options: WaitOptions): Promise<unknown> {
    const found = await waitUntil(async () => {
      const seen = 'name' in target ? await this.get(target) : await this.list(target);
      return predicate(seen as never) ? { seen } : undefined;
    }, options);
    return found.seen;
  }

  /** Waits until the server serves a kind, for instance after its CRD was applied. */
  async waitForKind(apiVersion: string, kind: string, options: { timeoutMs: number }): Promise<void> {
    await waitUntil(async () => ((await this.serves(apiVersion, kind)) ? true : undefined), { ...options, what: `kind ${kind} of ${apiVersion} to be served` });
  }

  async #typeOf(ref: ObjectRef): Promise<ResourceType> {
    const type = await this.#discovery.find(ref.apiVersion, ref.kind);
    if (type !== undefined) return type;
    throw new EnvironmentError(`${this.endpoint} serves no kind ${ref.kind} of ${ref.apiVersion}, needed for ${describeRef(ref)}.`, {
      hint: 'Its CustomResourceDefinition must be applied and established first.',
    });
  }

  async #pages<T extends KubeObject>(query: ListQuery, type: ResourceType, limit: number | undefined): Promise<T[] | 'expired'> {
    const items: T[] = [];
    let next = '';
    do {
      const page = await this.#page(query, type, limit, next);
      if (page === undefined) return next === '' ? items : 'expired';
      items.push(...(page.items as T[]));
      next = page.next;
    } while (next !== '');
    return items;
  }

  /** One page; undefined when the kind is no longer served (404), or the continue token has expired (410). */
  async #page(query: ListQuery, type: ResourceType, limit: number | undefined, next: string): Promise<{ items: KubeObject[]; next: string } | undefined> {
    const params = new URLSearchParams();
    if (limit !== undefined) params.set('limit', String(limit));
    if (query.labelSelector !== undefined) params.set('labelSelector', query.labelSelector);
    if (query.fieldSelector !== undefined) params.set('fieldSelector', query.fieldSelector);
    if (next !== '') params.set('continue', next);
    const call = callOf('list', type, { kind: query.kind, ...(query.namespace === undefined ? {} : { namespace: query.namespace }) });
    const request: ApiRequest = { method: 'GET', path: `${collectionOf(type, query.namespace)}?${params.toString()}`, call };
    const page = await this.#json<{ metadata?: { continue?: string }; items: KubeObject[] }>(request, next === '' ? [404] : [410]);
    if (page === undefined) return undefined;
    return { items: page.items.map((item) => ({ ...item, apiVersion: query.apiVersion, kind: query.kind })), next: page.metadata?.continue ?? '' };
  }

  async #json<T>(request: ApiRequest, absent: readonly number[] = []): Promise<T | undefined> {
    const response = await this.#transport.send(request);
    if (absent.includes(response.status)) return undefined;
    if (response.status < 200 || response.status > 299) throw new ApiError(response.status, response.body, request.call, this.endpoint);
    return JSON.parse(response.body) as T;
  }

  async #text(request: ApiRequest): Promise<string> {
    const response = await this.#transport.send(request);
    if (response.status < 200 || response.status > 299) throw new ApiError(response.status, response.body, request.call, this.endpoint);
    return response.body;
  }
}

function collectionOf(type: ResourceType, namespace: string | undefined): string {
  return type.namespaced && namespace !== undefined ? `${type.base}/namespaces/${namespace}/${type.plural}` : `${type.base}/${type.plural}`;
}

function pathOf(type: ResourceType, ref: ObjectRef): string {
  if (type.namespaced && ref.namespace === undefined) throw new Error(`${describeRef(ref)} is namespaced, but no namespace was given`);
  return `${collectionOf(type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

function callOf(verb: string, type: ResourceType, ref: { kind: string; name?: string; namespace?: string }): Call {
  const namespace = type.namespaced ? ref.namespace : undefined;
  return { verb, object: describeRef(ref), resource: { group: type.group, plural: type.plural }, ...(namespace === undefined ? {} : { namespace }) };
}
