/** The objects of snapshots: of files that `fairlead snapshot` made, or of a cluster that was just read. */
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { loadSnapshot } from '../../cluster/snapshot/load.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import type { Catalogue, KindSpec } from '../../cluster/snapshot/catalogue.ts';
import { CATALOGUE } from '../../cni/catalogue.ts';
import { packageVersion } from '../../core/package-root.ts';
import { importanceOf } from './kinds.ts';
import { Collector, type Loaded } from './objects.ts';

/** The part of the catalogue that answers about policies rest on: what is asked of a live cluster, and nothing else. */
export const POLICY_CATALOGUE: Catalogue = { ...CATALOGUE, kinds: CATALOGUE.kinds.filter(({ group, kind }) => importanceOf(group, kind) !== undefined) };

const shown = ({ group, kind }: KindSpec): string => `${kind}${group === '' ? '' : ` of ${group}`}`;

/** The kinds that could not be read and are looked at, with the reasons. */
function unread(snapshot: Snapshot): { spec: KindSpec; why: string }[] {
  return POLICY_CATALOGUE.kinds.flatMap((spec) => {
    const found = snapshot.unknown.find(({ what }) => what === `objects of kind ${shown(spec)}`);
    return found === undefined ? [] : [{ spec, why: found.why }];
  });
}

/**
 * Takes the objects of a snapshot. `name` stands for it in messages. Errors: UsageError, or EnvironmentError of a live
 * cluster, where kinds could not be read without which every answer would be a guess.
 */
export function takeSnapshotObjects(snapshot: Snapshot, name: string, live: boolean, collector: Collector): void {
  const missing = unread(snapshot);
  const needed = missing.filter(({ spec }) => importanceOf(spec.group, spec.kind) === 'needed');
  if (needed.length > 0) {
    const message = `${name}: the objects of kind ${needed.map(({ spec }) => shown(spec)).join(', ')} ${live ? 'cannot' : 'could not'} be read, and without them no answer about policies can be right:${needed.map(({ why }) => `\n  ${why}`).join('')}`;
    const hint = '`fairlead rbac policy` prints a role with all that is needed, and nothing else.';
    throw live ? new EnvironmentError(message, { hint }) : new UsageError(message, { hint: `Make the snapshot with these permissions. ${hint}` });
  }
  for (const { spec, why } of missing) collector.problem({ severity: 'warning', file: name, line: undefined, message: `the objects of kind ${shown(spec)} ${live ? 'cannot' : 'could not'} be read: ${why}` });
  const origin = { file: name, line: undefined, written: undefined };
  for (const { object } of snapshot.entries) collector.object(object.apiVersion, object.kind, object.metadata.name, object.metadata.namespace, object, origin);
}

/** Reads a snapshot, directory or archive. Errors: InputError for one that is damaged. */
export async function readSnapshotInput(input: string, collector: Collector): Promise<void> {
  takeSnapshotObjects(await loadSnapshot([input], { catalogue: CATALOGUE, tool: packageVersion(), now: new Date() }), input, false, collector);
}

/** The objects of a cluster that was just read. */
export function objectsOfCluster(snapshot: Snapshot): Loaded {
  const collector = new Collector();
  takeSnapshotObjects(snapshot, snapshot.from[0] ?? 'the cluster', true, collector);
  return collector.finish();
}
