/** Sources that are read again and again: only files that changed, and of these only the documents that did. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { Chunk } from '../../cluster/manifests/chunk.ts';
import { readDocuments, type Fault, type Found } from '../../cluster/manifests/documents.ts';
import { InputError } from '../../cluster/manifests/input-error.ts';
import { manifestsBelow } from '../../cluster/manifests/inputs.ts';
import { MAX_OBJECTS } from '../../cluster/manifests/limits.ts';
import { parseChunk } from '../../cluster/manifests/parse.ts';
import { isSnapshot } from '../../cluster/snapshot/names.ts';
import type { LoadedObject } from '../input/object.ts';
import { Collector, type Loaded } from '../input/objects.ts';

/** A file as it was when it was read. */
interface ReadFile {
  stamp: string;
  found: Found[];
  faults: Fault[];
  /** Values by the text of the piece that they were read from, for each kind of pieces. */
  values: Record<Chunk['role'], Map<string, unknown>>;
}

/** What the sources are at a moment, without a look into files: each file with what changes when it does. */
export interface Look {
  stamps: ReadonlyMap<string, string>;
  /** Directories in which something may appear. */
  directories: ReadonlySet<string>;
  /** Inputs that are not there. */
  missing: readonly string[];
}

/** What tells a file from the same file before; nothing of one that is not there. */
function stampOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

/** Files up to this size are read at once. */
const AT_ONCE = 1 << 28;
/** Bytes that are cut into documents together; what is kept of a document keeps the whole piece. */
const PIECE = 1 << 16;

/** A file's bytes in pieces. A wait for each of them would take longer than reading, where other work waits, too. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > AT_ONCE) {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
    return;
  }
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

const LINK = 'link';

/** Whether the same documents stand in the same lines. */
function sameContent(a: ReadFile, b: ReadFile): boolean {
  return a.faults.length + b.faults.length === 0 && a.found.length === b.found.length && a.found.every(({ value, origin }, index) => value === b.found[index]!.value && origin.line === b.found[index]!.origin.line);
}

export class Sources {
  readonly #inputs: readonly string[];
  /** Of inputs that are snapshots, which do not change. */
  readonly #fixed = new Map<string, Loaded>();
  readonly #files = new Map<string, ReadFile>();
  /** Objects by their bodies, so that what did not change is the same object as before. */
  readonly #objects = new WeakMap<object, LoadedObject>();

  /** @param inputs files, directories and snapshots */
  constructor(inputs: readonly string[]) {
    this.#inputs = inputs;
  }

  /** Looks at what there is. Errors: UsageError for a directory with too many files. */
  async look(): Promise<Look> {
    const [stamps, directories, missing] = [new Map<string, string>(), new Set<string>(), [] as string[]];
    for (const input of this.#inputs.filter((one) => !isSnapshot(one))) {
      const found = statSync(input, { throwIfNoEntry: false });
      if (found === undefined) missing.push(input);
      if (found?.isDirectory() !== true) directories.add(dirname(input));
      for (const { path, link } of found?.isDirectory() === true ? await manifestsBelow(input, directories) : [{ path: input, link: false }]) {
        const stamp = link ? LINK : stampOf(path);
        if (stamp !== undefined) stamps.set(path, stamp);
      }
    }
    return { stamps, directories, missing };
  }

  /** Reads what is otherwise than it was when it was read before; names these files. Errors: UsageError for inputs that are not there or have nothing to read. */
  async read(look: Look): Promise<{ loaded: Loaded; changed: string[] }> {
    if (look.missing.length > 0) throw new UsageError(`${look.missing.join(', ')} cannot be read, because there is no such file or directory.`, { hint: 'Name files or directories of manifests, or snapshots.' });
    const gone = [...this.#files.keys()].filter((path) => !look.stamps.has(path));
    for (const path of gone) this.#files.delete(path);
    const changed = gone;
    for (const [path, stamp] of look.stamps) {
      const before = this.#files.get(path);
      if (before?.stamp === stamp) continue;
      const now = await this.#readFile(path, stamp);
      this.#files.set(path, now);
      if (before === undefined || !sameContent(before, now)) changed.push(path);
    }
    return { loaded: await this.#collect(look), changed };
  }

  async #readFile(path: string, stamp: string): Promise<ReadFile> {
    const before = this.#files.get(path)?.values;
    const made: ReadFile = { stamp, found: [], faults: [], values: { document: new Map(), item: new Map(), header: new Map() } };
    if (stamp === LINK) {
      made.faults.push({ error: new InputError(path, undefined, 'it is a symbolic link, which may lead anywhere, and is not followed; name its target if it is wanted'), left: 'link' });
      return made;
    }
    const parse = (chunk: Chunk, file: string): unknown => {
      const value = before?.[chunk.role].get(chunk.text) ?? parseChunk(chunk, file);
      made.values[chunk.role].set(chunk.text, value);
      return value;
    };
    await readDocuments(path, bytesOf(path), { document: (one) => void made.found.push(one), fault: (one) => void made.faults.push(one) }, parse);
    return made;
  }

  async #collect({ stamps }: Look): Promise<Loaded> {
    const collector = new Collector();
    for (const input of this.#inputs.filter(isSnapshot)) {
      const fixed = await this.#snapshot(input);
      for (const object of fixed.objects) collector.take(object);
      for (const problem of fixed.problems) collector.problem(problem);
    }
    let objects = 0;
    for (const path of stamps.keys()) {
      const { found, faults } = this.#files.get(path)!;
      objects += found.length;
      if (objects > MAX_OBJECTS) throw new UsageError(`The sources have more than ${MAX_OBJECTS} objects.`);
      for (const one of found) {
        // What an object is hangs on its value alone, where it stands on the file.
        const known = this.#objects.get(one.value as object);
        if (known === undefined) collector.document(one);
        else collector.take({ ...known, origin: one.origin });
      }
      for (const one of faults) collector.fault(one);
    }
    const made = collector.finish();
    return { objects: made.objects.map((object) => this.#same(object)), problems: made.problems };
  }

  /** The object that this one was before, at its place of now. */
  #same(object: LoadedObject): LoadedObject {
    const known = this.#objects.get(object.body);
    if (known === undefined) this.#objects.set(object.body, object);
    else Object.assign(known.origin, object.origin);
    return known ?? object;
  }

  async #snapshot(input: string): Promise<Loaded> {
    const known = this.#fixed.get(input);
    if (known !== undefined) return known;
    const collector = new Collector();
    const { readSnapshotInput } = await import('../input/from-snapshot.ts');
    await readSnapshotInput(input, collector);
    const made = collector.finish();
    this.#fixed.set(input, made);
    return made;
  }
}
