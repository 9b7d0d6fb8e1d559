/** Patches, their inverses, and diffs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../cluster/objects.ts';
import { diffOf, fingerprintOf, keeperOf, merged, mergePatch, patchOf, undoOf } from './change.ts';

const object = (spec: unknown, metadata: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'shop', ...metadata }, spec });

/** Maps as objects of the API have them: null stands for nothing there, so that no value is null. */
const specs = fc.letrec<{ value: unknown; map: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 }), tie('map')),
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { noNullPrototype: true }),
})).map;

describe('a patch', () => {
  it('makes one of the other, and its inverse brings it back', () => {
    fc.assert(fc.property(specs, specs, (one, other) => {
      const [before, after] = [object(one), object(other)];
      expect(merged(before, patchOf({ ref: { apiVersion: 'v1', kind: 'Service', name: 'db' }, before, after }))['spec']).toEqual(other);
      expect(merged(after, undoOf(before, after))['spec']).toEqual(one);
    }));
  });

  it('names only what changes', () => {
    expect(mergePatch({ a: 1, b: { c: 2, d: [3] } }, { a: 1, b: { c: 4, d: [3] } })).toEqual({ b: { c: 4 } });
    expect(mergePatch({ a: 1, b: 2 }, { b: 2 })).toEqual({ a: null });
  });
});

describe('a fingerprint', () => {
  it('is of the spec alone, in whatever order', () => {
    expect(fingerprintOf(object({ a: 1, b: { c: 2, d: 3 } }))).toBe(fingerprintOf({ ...object({ b: { d: 3, c: 2 }, a: 1 }, { resourceVersion: '7', annotations: { x: 'y' } }), status: { x: 1 } }));
    expect(fingerprintOf(object({ a: 1 }))).not.toBe(fingerprintOf(object({ a: 2 })));
  });
});

describe('a diff', () => {
  it('shows what changes, what is made and what is deleted, and nothing that servers noted', () => {
    const noted = { uid: 'u', resourceVersion: '7', managedFields: [{ manager: 'kubectl' }] };
    expect(diffOf(object({ selector: { app: 'bd' } }, noted), object({ selector: { app: 'db' } }, noted))).toBe('--- Service shop/db\n+++ Service shop/db\n@@ -5,4 +5,4 @@\n   namespace: shop\n spec:\n   selector:\n-    app: bd\n+    app: db\n');
    expect(diffOf(undefined, object({}))).toMatch(/^--- \/dev\/null\n\+\+\+ Service shop\/db\n/);
    expect(diffOf(object({}), undefined)).toMatch(/^--- Service shop\/db\n\+\+\+ \/dev\/null\n/);
  });
});

describe('who keeps an object', () => {
  it.each<[object, ReturnType<typeof keeperOf>]>([
    [{}, undefined],
    [{ ownerReferences: [{ kind: 'ReplicaSet', name: 'x', controller: true }] }, { name: 'ReplicaSet x', takesBack: true }],
    [{ ownerReferences: [{ kind: 'Release', name: 'x' }] }, undefined],
    [{ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }, { name: 'Helm', takesBack: false }],
    [{ annotations: { 'argocd.argoproj.io/tracking-id': 'a' } }, { name: 'Argo CD', takesBack: false }],
    [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'a' } }, { name: 'Flux', takesBack: false }],
    [{ annotations: { 'objectset.rio.cattle.io/owner-name': 'coredns' } }, { name: 'the K3s add-on coredns', takesBack: false }],
  ])('%j', (metadata, keeper) => expect(keeperOf(object({}, metadata))).toEqual(keeper));
});
