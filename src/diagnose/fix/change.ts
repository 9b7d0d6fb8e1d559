/** A change of one object: as a patch, as its inverse, as a diff that people read, and how it is seen whether somebody changed the object since. Pure. */
import { createHash } from 'node:crypto';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { dump } from 'js-yaml';
import { describeRef, refOf, type KubeObject, type ObjectRef } from '../../cluster/objects.ts';

export interface Change {
  ref: ObjectRef;
  /** Undefined: it is made. */
  before?: KubeObject;
  after: KubeObject;
}

type Value = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Value => typeof value === 'object' && value !== null && !Array.isArray(value);
const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** With the keys of maps in order, so that equal values are equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  return isMap(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)])) : value;
}

/** The JSON Merge Patch (RFC 7386) that makes one map of another: lists are replaced whole. */
export function mergePatch(before: Value, after: Value): Value {
  const gone = Object.keys(before).filter((key) => after[key] === undefined && before[key] !== undefined).map((key) => [key, null] as const);
  const changed = Object.entries(after).filter(([key, value]) => value !== undefined && !same(before[key], value)).map(([key, value]) => { const was = before[key]; return [key, isMap(value) && isMap(was) ? mergePatch(was, value) : value] as const; });
  return Object.fromEntries([...gone, ...changed]);
}

const specOf = (object: KubeObject): Value => (object['spec'] ?? {}) as Value;

/** What a change does to the object's spec, as a patch. */
export function patchOf({ before, after }: Change): Value {
  return { spec: mergePatch(before === undefined ? {} : specOf(before), specOf(after)) };
}

/** The patch that takes a change of an object back. */
export function undoOf(before: KubeObject, after: KubeObject): Value {
  return { spec: mergePatch(specOf(after), specOf(before)) };
}

/** A name for what an object is meant to be: its spec, without its status and what servers note on it. Equal when nobody changed it between. */
export function fingerprintOf(object: KubeObject): string {
  return createHash('sha256').update(JSON.stringify(sorted(specOf(object)))).digest('hex');
}

/** The object with a merge patch applied. */
export function merged(object: KubeObject, patch: Value): KubeObject {
  return withPatch(object, patch) as KubeObject;
}

function withPatch(value: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const base = isMap(value) ? value : {};
  const kept = Object.entries(base).filter(([key]) => patch[key] !== null);
  return Object.fromEntries([...kept, ...Object.entries(patch).filter(([, one]) => one !== null).map(([key, one]) => [key, withPatch(base[key], one)] as const)]);
}

const shown = ({ apiVersion, kind, metadata: { name, namespace }, spec }: KubeObject): string => dump({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec }, { lineWidth: 120, noRefs: true });

/** A unified diff of two states of an object, with three lines around each change. `before` is undefined for one that is made, `after` for one that is deleted. */
export function diffOf(before: KubeObject | undefined, after: KubeObject | undefined): string {
  const one = after ?? before;
  const name = one === undefined ? '' : describeRef(refOf(one));
  return createTwoFilesPatch(before === undefined ? '/dev/null' : name, after === undefined ? '/dev/null' : name, before === undefined ? '' : shown(before), after === undefined ? '' : shown(after), undefined, undefined, { context: 3, headerOptions: FILE_HEADERS_ONLY });
}

/** Who else keeps this object, so that he must be told, too; undefined where nobody is seen to. `takesBack`: he puts it back at once. */
export function keeperOf({ metadata: { ownerReferences = [], labels = {}, annotations = {} } }: KubeObject): { name: string; takesBack: boolean } | undefined {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner !== undefined) return { name: `${owner.kind} ${owner.name}`, takesBack: true };
  if (annotations['argocd.argoproj.io/tracking-id'] !== undefined || labels['argocd.argoproj.io/instance'] !== undefined) return { name: 'Argo CD', takesBack: false };
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined || labels['helm.toolkit.fluxcd.io/name'] !== undefined) return { name: 'Flux', takesBack: false };
  if (annotations['objectset.rio.cattle.io/owner-name'] !== undefined) return { name: `the K3s add-on ${annotations['objectset.rio.cattle.io/owner-name']}`, takesBack: false };
  return labels['app.kubernetes.io/managed-by'] === 'Helm' ? { name: 'Helm', takesBack: false } : undefined;
}
