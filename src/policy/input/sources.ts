/** Reads what the user named: files, directories of manifests, standard input. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { readObjects, type Loaded, type SourceText } from './objects.ts';

const MANIFEST = /\.(?:ya?ml|json)$/i;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Manifests below a directory in the order of their paths; hidden directories are left out. */
function manifestsBelow(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : manifestsBelow(path);
    return MANIFEST.test(entry.name) ? [path] : [];
  });
}

function textsOf(source: string): SourceText[] {
  if (source === '-') return [{ file: '<stdin>', text: readFileSync(0, 'utf8') }];
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`${source} does not exist.`, { hint: 'name a file or directory of manifests, or - for standard input' });
  if (!stat.isDirectory()) return [{ file: source, text: readText(source) }];
  const found = manifestsBelow(source);
  if (found.length === 0) throw new UsageError(`${source} has no manifests: expected files named *.yaml, *.yml or *.json.`);
  return found.map((file) => ({ file, text: readText(file) }));
}

/** All objects of the sources, `-` being standard input. Errors: UsageError for a source that is not there; broken documents become problems. */
export function loadSources(sources: readonly string[]): Loaded {
  if (sources.filter((source) => source === '-').length > 1) throw new UsageError('Standard input (-) can be read only once.');
  return readObjects(sources.flatMap(textsOf));
}
