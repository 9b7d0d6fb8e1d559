/** Reads what people name: files, directories of manifests, standard input. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { readDocuments, type Fault, type Found } from './documents.ts';
import { InputError } from './input-error.ts';
import { MAX_FILES, MAX_OBJECTS } from './limits.ts';

/** Standard input, as an input and as the name of a file. */
export const STDIN = '-';

/** `named`: the user named the very file, so that he means it to be read; directories hold templates and values, too. */
export interface TakeInput {
  document(found: Found, named: boolean): void;
  fault(fault: Fault, named: boolean): void;
}

const MANIFEST = /\.(ya?ml|json)$/i;
/** Bytes that are read at once. */
const PIECE = 256 * 1024;

/** What may be a manifest below a directory, by path; symbolic links, which may lead anywhere, are not followed. `walked` takes the directories that were looked into. */
export async function manifestsBelow(dir: string, walked = new Set<string>()): Promise<{ path: string; link: boolean }[]> {
  const found: { path: string; link: boolean }[] = [];
  let looked = 0;
  const walk = async (below: string): Promise<void> => {
    walked.add(below);
    for (const one of await readdir(below, { withFileTypes: true })) {
      if (++looked > MAX_FILES) throw new UsageError(`${dir} has more than ${MAX_FILES} files`, { hint: 'Name a smaller directory.' });
      const path = join(below, one.name);
      if (one.isDirectory() && !one.name.startsWith('.') && one.name !== 'node_modules') await walk(path);
      else if (MANIFEST.test(one.name) && (one.isFile() || one.isSymbolicLink())) found.push({ path, link: one.isSymbolicLink() });
    }
  };
  await walk(dir);
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads one input; returns how many files it came to. Errors: UsageError for an input that is not there, or holds too much. */
export async function readInput(input: string, stdin: AsyncIterable<Uint8Array> | undefined, take: TakeInput): Promise<number> {
  let objects = 0;
  const read = async (file: string, bytes: AsyncIterable<Uint8Array>, named: boolean): Promise<void> => await readDocuments(file, bytes, {
    document: (found) => {
      if (++objects > MAX_OBJECTS) throw new UsageError(`${input}: more than ${MAX_OBJECTS} objects`);
      take.document(found, named);
    },
    fault: (fault) => take.fault(fault, named),
  });
  if (input === STDIN) {
    if (stdin === undefined) throw new UsageError('there is no standard input to read');
    await read(STDIN, stdin, true);
    return 1;
  }
  const found = await stat(input).catch((cause: unknown) => {
    throw new UsageError(`cannot read ${input}: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'Name a file or directory of manifests, a snapshot, or - for standard input.', cause });
  });
  if (!found.isDirectory()) {
    await read(input, createReadStream(input, { highWaterMark: PIECE }), true);
    return 1;
  }
  const files = await manifestsBelow(input);
  for (const { path, link } of files) {
    if (link) take.fault({ error: new InputError(path, undefined, 'it is a symbolic link, which may lead anywhere, and is not followed; name its target if it is wanted'), left: 'link' }, false);
    else await read(path, createReadStream(path, { highWaterMark: PIECE }), false);
  }
  return files.length;
}
