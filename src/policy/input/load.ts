/** Reads what the user named: files, directories of manifests, standard input, snapshots. */
import { UsageError } from '../../core/errors.ts';
import { readInput } from '../../cluster/manifests/inputs.ts';
import { isSnapshot } from '../../cluster/snapshot/names.ts';
import { Collector, type Loaded } from './objects.ts';

/** All objects of the inputs as one state. Errors: UsageError for an input that is not there or has nothing to read; what is wrong within becomes problems. */
export async function loadInputs(inputs: readonly string[], stdin: AsyncIterable<Uint8Array> | undefined): Promise<Loaded> {
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('Standard input (-) can be read only once.');
  const collector = new Collector();
  for (const input of inputs) {
    if (isSnapshot(input)) {
      // Loaded only here: it brings the catalogue and the schemas, which a look at two manifests need not wait for.
      const { readSnapshotInput } = await import('./from-snapshot.ts');
      await readSnapshotInput(input, collector);
      continue;
    }
    const files = await readInput(input, stdin, { document: (found) => collector.document(found), fault: (fault) => collector.fault(fault) });
    if (files === 0) throw new UsageError(`${input} has no manifests: expected files named *.yaml, *.yml or *.json, or a snapshot.`);
  }
  return collector.finish();
}
