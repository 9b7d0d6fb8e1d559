/** A Kubernetes Lease that only one process holds: it keeps two operators from working on one cluster at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import type { Cluster } from './client.ts';
import { UnreachableError } from './api-error.ts';
import type { KubeObject, ObjectRef } from './objects.ts';

export interface LeaseOptions {
  namespace: string;
  name: string;
  /** Who holds it. A process that comes back under the same name (a resumed run) gets the lease at once, so it must guard against its own double by other means. */
  holder: string;
  /** How long an unrenewed lease stays valid. Default 15 s, as client-go's leader election. */
  durationSeconds?: number;
}

interface LeaseObject extends KubeObject {
  spec?: { holderIdentity?: string | null; leaseDurationSeconds?: number; acquireTime?: string | null; renewTime?: string | null; leaseTransitions?: number };
}

export type Acquired = { held: true } | { held: false; holder: string; renewTime: string };

export class Lease {
  readonly #cluster: Cluster;
  readonly #ref: ObjectRef;
  readonly #holder: string;
  readonly #durationSeconds: number;

  constructor(cluster: Cluster, options: LeaseOptions) {
    this.#cluster = cluster;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: options.namespace, name: options.name };
    this.#holder = options.holder;
    this.#durationSeconds = options.durationSeconds ?? 15;
  }

  /**
   * Takes the lease when it is free, ours, or was not renewed for its duration as observed here: clocks of
   * different machines are never compared, so finding a dead holder takes that long. Resolves `held: false` as
   * soon as the other holder is seen to renew.
   */
  async acquire(): Promise<Acquired> {
    const first = await this.#cluster.get<LeaseObject>(this.#ref);
    const holder = first?.spec?.holderIdentity;
    if (first !== undefined && holder && holder !== this.#holder) {
      const until = performance.now() + (first.spec?.leaseDurationSeconds ?? this.#durationSeconds) * 1000;
      while (performance.now() < until) {
        await sleep(250);
        const now = await this.#cluster.get<LeaseObject>(this.#ref);
        if (now === undefined || !now.spec?.holderIdentity) break;
        if (now.metadata.resourceVersion !== first.metadata.resourceVersion) return heldBy(now);
      }
    }
    const current = await this.#cluster.get<LeaseObject>(this.#ref);
    if (current?.spec?.holderIdentity && current.spec.holderIdentity !== this.#holder && current.metadata.resourceVersion !== first?.metadata.resourceVersion) return heldBy(current);
    const time = microTime();
    const spec = {
      holderIdentity: this.#holder,
      leaseDurationSeconds: this.#durationSeconds,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: (current?.spec?.leaseTransitions ?? 0) + (current === undefined ? 0 : 1),
    };
    const { namespace = '', name } = this.#ref;
    const written =
      current === undefined
        ? await this.#cluster.create({ apiVersion: this.#ref.apiVersion, kind: 'Lease', metadata: { name, namespace }, spec })
        : await this.#cluster.replace({ ...current, spec });
    if (written !== undefined) return { held: true };
    const winner = await this.#cluster.get<LeaseObject>(this.#ref);
    return winner === undefined ? { held: false, holder: 'somebody else', renewTime: '' } : heldBy(winner);
  }

  /** Renews the lease. Errors: EnvironmentError when somebody else holds it by now, or it is gone. */
  async renew(): Promise<void> {
    const current = await this.#cluster.get<LeaseObject>(this.#ref);
    const holder = current?.spec?.holderIdentity;
    if (current === undefined || holder !== this.#holder) throw this.#lost(holder ?? undefined);
    const written = await this.#cluster.replace({ ...current, spec: { ...current.spec, renewTime: microTime() } });
    if (written === undefined) throw this.#lost('somebody else');
  }

  /** Gives the lease up, so that the next holder need not wait. Nothing happens when it is not ours. */
  async release(): Promise<void> {
    const current = await this.#cluster.get<LeaseObject>(this.#ref);
    if (current === undefined || current.spec?.holderIdentity !== this.#holder) return;
    await this.#cluster.replace({ ...current, spec: { ...current.spec, holderIdentity: null, renewTime: null } });
  }

  /** Renews three times per duration until stopped; an unreachable API server is waited for. Calls `onLost` once, when somebody else took the lease. Returns the function that stops. */
  keep(onLost: (reason: Error) => void): () => void {
    const stop = new AbortController();
    const pauseMs = (this.#durationSeconds * 1000) / 3;
    const loop = async () => {
      while (!stop.signal.aborted) {
        await sleep(pauseMs, undefined, { signal: stop.signal, ref: false });
        try {
          await this.renew();
        } catch (error) {
          if (!(error instanceof UnreachableError)) throw error;
        }
      }
    };
    loop().catch((error: unknown) => {
      if (!stop.signal.aborted) onLost(error instanceof Error ? error : new Error(String(error)));
    });
    return () => stop.abort();
  }

  #lost(holder: string | undefined): EnvironmentError {
    const now = holder === undefined ? 'nobody holds it now' : `it is held by ${holder}`;
    return new EnvironmentError(`Lease ${this.#ref.namespace}/${this.#ref.name} is no longer held by ${this.#holder}: ${now}.`, {
      hint: 'Another run of Fairlead may be at work on this cluster: `fairlead migrate status` shows it.',
    });
  }
}

function heldBy(lease: LeaseObject): Acquired {
  return { held: false, holder: lease.spec?.holderIdentity ?? 'somebody else', renewTime: lease.spec?.renewTime ?? '' };
}

/** Now, in the API's MicroTime form. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
