/** Changes and their undo, when connections break, somebody else is faster, or the program dies between any two requests. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from '../../cluster/api-error.ts';
import type { KubeObject, ObjectRef } from '../../cluster/objects.ts';
import { applyFix } from './apply.ts';
import { merged } from './change.ts';
import type { Door } from './door.ts';
import type { Prepared } from './prepare.ts';
import { fixesDir, readFixes, stands } from './store.ts';
import { undoFix } from './undo.ts';

const root = mkdtempSync(join(tmpdir(), 'fairlead-apply-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;
const dirOf = (): string => join(root, String(++dirs));

const service = (selector: object): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'shop', uid: 'u1', resourceVersion: '1' }, spec: { selector } });
const policy: KubeObject = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'allow', namespace: 'shop' }, spec: { podSelector: {} } };
const refOf = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectRef => ({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
const CALL = { verb: 'patch', object: 'x' };
const DEAD = new Error('the program was killed');

/** A cluster of objects. `step` is called before and after each change, with their number, and may throw. */
function world(objects: KubeObject[], step: (at: number, when: 'before' | 'after') => void = () => undefined): Door & { objects: Map<string, KubeObject> } {
  const all = new Map(objects.map((one) => [one.kind, one]));
  let [version, count] = [10, 0];
  const changing = <T>(change: () => T): Promise<T> => Promise.resolve().then(() => {
    const at = count++;
    step(at, 'before');
    const made = change();
    step(at, 'after');
    return made;
  });
  return {
    endpoint: 'https://x', objects: all,
    get: <T extends KubeObject>(ref: ObjectRef) => Promise.resolve(all.get(ref.kind) as T | undefined),
    create: <T extends KubeObject>(object: KubeObject) => changing(() => {
      if (all.has(object.kind)) return undefined;
      all.set(object.kind, { ...object, metadata: { ...object.metadata, uid: `u${version}`, resourceVersion: String(version++) } });
      return all.get(object.kind) as T;
    }),
    patch: <T extends KubeObject>(ref: ObjectRef, patch: unknown) => changing(() => {
      const [old, wanted] = [all.get(ref.kind), patch as { metadata: { resourceVersion: string } }];
      if (old === undefined) return undefined;
      if (wanted.metadata.resourceVersion !== old.metadata.resourceVersion) throw new ApiError(409, '{}', CALL, 'https://x');
      const after = merged(old, { ...wanted });
      all.set(ref.kind, { ...after, metadata: { ...after.metadata, resourceVersion: String(version++) } });
      return all.get(ref.kind) as T;
    }),
    delete: (ref) => changing(() => void all.delete(ref.kind)),
  };
}

const BEFORE = service({ app: 'bd' });
const BOTH: Prepared = { what: 'both', why: [], diff: '', changes: [{ ref: refOf(BEFORE), before: BEFORE, after: service({ app: 'db' }) }, { ref: refOf(policy), after: policy }] };
const specs = (at: ReturnType<typeof world>): unknown[] => [...at.objects.values()].map(({ spec }) => spec);
const apply = async (door: Door, dir: string): Promise<unknown> => await applyFix(door, dir, 'K1', BOTH, new Date(0));

describe('a fix of two objects', () => {
  it('is made, remembered and taken back', async () => {
    const [at, dir] = [world([BEFORE]), dirOf()];
    await apply(at, dir);
    expect(specs(at)).toEqual([{ selector: { app: 'db' } }, { podSelector: {} }]);
    const [record] = readFixes(dir);
    expect(record?.changes.map(({ state }) => state)).toEqual(['made', 'made']);
    await undoFix(at, dir, record!);
    expect(specs(at)).toEqual([{ selector: { app: 'bd' } }]);
    expect(readFixes(dir).filter(stands)).toEqual([]);
  });

  it.each([0, 1].flatMap((at) => (['before', 'after'] as const).map((when) => [at, when] as const)))('can be taken back when the program dies at request %i, %s it is carried out', async (at, when) => {
    let alive = true;
    const died = (): void => { if (!alive) throw DEAD; };
    const door = world([BEFORE], (count, moment) => { if (count === at && moment === when) alive = false; died(); });
    const dir = dirOf();
    // Whoever is dead asks nothing more.
    const mortal: Door = { ...door, get: async (ref) => { died(); return await door.get(ref); } };
    await expect(apply(mortal, dir)).rejects.toThrow('the program was killed');
    alive = true;
    const [record] = readFixes(dir);
    expect(stands(record!)).toBe(true);
    const left = world([...door.objects.values()]);
    await undoFix(left, dir, record!);
    expect(specs(left)).toEqual([{ selector: { app: 'bd' } }]);
    expect(readFixes(dir).filter(stands)).toEqual([]);
  });

  it('is taken back when its second object is refused', async () => {
    const [at, dir] = [world([BEFORE], (count, when) => { if (count === 1 && when === 'before') throw new ApiError(403, '{"message":"no"}', CALL, 'https://x'); }), dirOf()];
    await expect(apply(at, dir)).rejects.toThrow('refused to patch x: no');
    expect(specs(at)).toEqual([{ selector: { app: 'bd' } }]);
    expect(readFixes(dir).filter(stands)).toEqual([]);
  });

  it('does not delete an object of the same name that somebody else made in this moment', async () => {
    const theirs = { ...policy, metadata: { ...policy.metadata, uid: 'theirs' }, spec: { podSelector: { matchLabels: { app: 'theirs' } } } };
    const [at, dir] = [world([BEFORE, theirs]), dirOf()];
    await expect(apply(at, dir)).rejects.toThrow('NetworkPolicy shop/allow was changed by somebody else meanwhile');
    expect(specs(at)).toEqual([{ selector: { app: 'bd' } }, theirs.spec]);
  });

  it('says how it is taken back when the API server is gone for good', async () => {
    const gone = new UnreachableError('https://x', CALL, 'ECONNREFUSED', 'no answer');
    const at = world([BEFORE], (count) => { if (count > 0) throw gone; });
    await expect(apply(at, dirOf())).rejects.toMatchObject({ exitCode: 5, hint: 'fairlead diagnose undo fix-1' });
  });

  it('is no conflict of its own when the answer to a patch was lost and it is sent again', async () => {
    const at = world([BEFORE]);
    const twice: Door = { ...at, patch: async (ref, patch) => { await at.patch(ref, patch); return await at.patch(ref, patch); } };
    await apply(twice, dirOf());
    expect(specs(at)[0]).toEqual({ selector: { app: 'db' } });
  });
});

describe('the store', () => {
  it('numbers fixes, takes a claimed name for no record, and says which file is unreadable', async () => {
    const dir = dirOf();
    await apply(world([BEFORE]), dir);
    writeFileSync(join(dir, 'fix-2.json'), '');
    await apply(world([BEFORE]), dir);
    expect(readFixes(dir).map(({ id }) => id)).toEqual(['fix-1', 'fix-3']);
    expect(readdirSync(dir).toSorted()).toEqual(['fix-1.json', 'fix-2.json', 'fix-3.json']);
    writeFileSync(join(dir, 'fix-2.json'), '{}');
    expect(() => readFixes(dir)).toThrow(/fix-2\.json is not readable/);
  });

  it('changes nothing where what undoes it cannot be stored', async () => {
    const at = world([BEFORE]);
    writeFileSync(join(root, 'a-file'), '');
    await expect(apply(at, join(root, 'a-file', 'below'))).rejects.toThrow('cannot be stored');
    expect(specs(at)).toEqual([{ selector: { app: 'bd' } }]);
  });

  it('is below the state directory of the user, one directory for each cluster', () => {
    expect(fixesDir('c-1', { XDG_STATE_HOME: '/s' })).toBe('/s/fairlead/fixes/c-1');
    expect(fixesDir('c-1', { XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/state/fairlead/fixes/c-1');
    expect(() => fixesDir('../x', {})).toThrow('is not the UID');
  });
});
