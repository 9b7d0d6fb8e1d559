/** Finds the path of a kind by asking the API server, and asks again when a kind is new (CRDs appear while we work). */
import { ApiError } from './api-error.ts';
import type { Transport } from './transport.ts';

/** A kind as the server knows it. */
export interface ResourceType {
  group: string;
  plural: string;
  namespaced: boolean;
  /** `/api/v1` or `/apis/<group>/<version>`. */
  base: string;
}

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[];
}

export class Discovery {
  readonly #transport: Transport;
  readonly #known = new Map<string, ResourceType>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The resource that serves a kind; undefined when the server has none. A kind not seen before costs one request. Errors: ApiError, UnreachableError. */
  async find(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const key = `${apiVersion} ${kind}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const base = slash < 0 ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
    const call = { verb: 'get', object: base };
    const response = await this.#transport.send({ method: 'GET', path: base, call });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new ApiError(response.status, response.body, call, this.#transport.endpoint);
    const list = JSON.parse(response.body) as ApiResourceList;
    for (const resource of list.resources ?? []) {
      if (resource.name.includes('/')) continue;
      this.#known.set(`${apiVersion} ${resource.kind}`, { group, plural: resource.name, namespaced: resource.namespaced, base });
    }
    return this.#known.get(key);
  }

  /** Forgets a kind, so that the next `find` asks the server (its CRD may have been deleted). */
  forget(apiVersion: string, kind: string): void {
    this.#known.delete(`${apiVersion} ${kind}`);
  }
}
