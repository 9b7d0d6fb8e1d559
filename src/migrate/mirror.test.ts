import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from '../cluster/api-error.ts';
import type { KubeObject, ListQuery, ObjectRef } from '../cluster/objects.ts';
import { EnvironmentError } from '../core/errors.ts';
import { entryLine, sealEntry } from './journal/chain.ts';
import type { JournalEntry } from './journal/entries.ts';
import { createMirror } from './mirror.ts';
import type { MirrorLease } from './mirror.ts';

/** An API server that holds objects by name and can be away. */
class FakeKube {
  readonly objects = new Map<string, KubeObject>();
  away = false;
  applied = 0;
  async list<T>({ kind, labelSelector }: ListQuery): Promise<T[]> {
    this.#reach();
    const [key = '', value] = labelSelector?.split('=') ?? [];
    return [...this.objects.values()].filter((object) => object.kind === kind && object.metadata.labels?.[key] === value) as T[];
  }
  async apply<T>(object: KubeObject): Promise<T> {
    this.#reach();
    this.applied++;
    this.objects.set(object.metadata.name, structuredClone(object));
    return object as T;
  }
  async delete({ name }: ObjectRef): Promise<void> {
    this.#reach();
    this.objects.delete(name);
  }
  text(): string {
    const parts: string[] = [];
    for (let index = 0; this.objects.has(`fairlead-journal-${index}`); index++) {
      const data = this.objects.get(`fairlead-journal-${index}`)?.['data'] as Record<string, string> | undefined;
      parts.push(data?.['journal.ndjson'] ?? '');
    }
    return parts.join('');
  }
  #reach(): void {
    if (this.away) throw new UnreachableError('https://192.0.2.1:6443', { verb: 'get', object: 'it' }, 'ECONNREFUSED', 'refused');
  }
}
const lease = (over: Partial<MirrorLease> = {}): MirrorLease => ({ acquire: async () => ({ held: true }), renew: async () => undefined, release: async () => undefined, ...over });

/** A journal of `count` entries whose captured data are about `size` characters each. */
function journalLines(plan: string, count: number, size: number): string[] {
  let entry: JournalEntry = sealEntry({ type: 'header', plan: plan.repeat(64), tool: 'test', pid: 1, started: '2026-01-01T00:00:00.000Z', command: 'migrate' }, undefined, 1);
  const lines = [entryLine(entry)];
  for (let index = 1; index < count; index++) {
    entry = sealEntry({ type: 'step-intent', step: `s${index}`, group: 'prepare', captured: '🛞ü'.repeat(size / 3), already: false }, entry, index);
    lines.push(entryLine(entry));
  }
  return lines;
}

describe('createMirror', () => {
  it('holds the same bytes as the journal, in pieces that fit a ConfigMap, whatever the size of a line', async () => {
    const kube = new FakeKube();
    const mirror = createMirror(kube, lease());
    const lines = journalLines('a', 12, 100_000);
    await mirror.acquire();
    for (const line of lines) await mirror.append([line]);
    await mirror.release();
    expect(kube.text()).toBe(lines.join(''));
    for (const object of kube.objects.values()) expect(Buffer.byteLength(JSON.stringify(object['data'] ?? ''))).toBeLessThanOrEqual(256 * 1024);
  });

  it('goes on where a killed run stopped and writes nothing twice', async () => {
    const kube = new FakeKube();
    const lines = journalLines('a', 8, 30_000);
    const killed = createMirror(kube, lease());
    await killed.acquire();
    await killed.append(lines.slice(0, 5));
    const before = kube.applied;
    const resumed = createMirror(kube, lease());
    await resumed.acquire();
    await resumed.append(lines.slice(0, 3));
    await resumed.append(lines.slice(3, 5));
    expect(kube.applied - before).toBe(1); // the namespace
    await resumed.append(lines.slice(4));
    expect(kube.text()).toBe(lines.join(''));
  });

  it('makes the journal of an earlier migration give way', async () => {
    const kube = new FakeKube();
    const first = createMirror(kube, lease());
    await first.acquire();
    await first.append(journalLines('a', 8, 30_000));
    const second = createMirror(kube, lease());
    await second.acquire();
    const lines = journalLines('b', 2, 30);
    await second.append(lines);
    expect(kube.text()).toBe(lines.join(''));
    expect([...kube.objects.keys()]).toEqual(['fairlead-system', 'fairlead-journal-0']);
  });

  it('can be tried again after the API server was away', async () => {
    const kube = new FakeKube();
    const mirror = createMirror(kube, lease());
    const lines = journalLines('a', 4, 30);
    await mirror.acquire();
    kube.away = true;
    await expect(mirror.append(lines)).rejects.toThrow('cannot reach');
    kube.away = false;
    await mirror.append(lines);
    expect(kube.text()).toBe(lines.join(''));
  });

  it('names the other operator', async () => {
    const mirror = createMirror(new FakeKube(), lease({ acquire: async () => ({ held: false, holder: 'eve@laptop', renewTime: '2026-01-01T00:00:00Z' }) }));
    await expect(mirror.acquire()).rejects.toThrow('eve@laptop is migrating this cluster');
  });

  it('is lost when somebody else holds the Lease, but not while the API server is away or starting', async () => {
    const call = { verb: 'get', object: 'Lease' };
    const answers: Error[] = [
      new UnreachableError('https://192.0.2.1:6443', call, 'ECONNREFUSED', 'refused'),
      new ApiError(403, '{}', call, 'https://192.0.2.1:6443'),
      new EnvironmentError('it is held by eve'),
    ];
    let renewals = 0;
    const mirror = createMirror(new FakeKube(), lease({
      renew: async () => {
        renewals++;
        const answer = answers.shift();
        if (answer !== undefined) throw answer;
      },
    }), 1);
    await mirror.acquire();
    await new Promise<void>((resolve) => mirror.lost.addEventListener('abort', () => resolve()));
    expect(renewals).toBe(3);
    expect(mirror.lost.reason).toMatchObject({ message: 'it is held by eve' });
  });
});
