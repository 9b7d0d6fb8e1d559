/** Makes a snapshot of what people have: files, directories, standard input, dumps, lists, earlier snapshots. */
import { createReadStream, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { Unknown } from '../../core/finding.ts';
import type { Catalogue } from './catalogue.ts';
import type { Chunk } from './chunk.ts';
import { MANIFEST } from './format.ts';
import { hostFactsSchema, type HostFacts } from './host-facts.ts';
import { ignoreRemarks } from './ignore-remark.ts';
import { InputError } from './input-error.ts';
import { MAX_FILES, MAX_HELD_CHARS, MAX_OBJECTS } from './limits.ts';
import { assemble, type Entry, type Snapshot } from './model.ts';
import { objectLine, parseChunk } from './parse.ts';
import { readChunks } from './read-text.ts';
import { readSnapshotArchive, readSnapshotDirectory } from './read.ts';
import { Redactor } from './redact.ts';
import { isRecord } from './shape.ts';
import { isArchiveName } from './write.ts';

export interface LoadOptions {
  catalogue: Catalogue;
  /** Bytes of standard input, for the input `-`. */
  stdin?: AsyncIterable<Uint8Array>;
  tool: string;
  now: Date;
}

/** apiVersion and kind of documents that hold facts of a host. */
const HOST_FACTS = { apiVersion: 'fairlead.dev/v1', kind: 'HostFacts' };

/** Loads all inputs as one snapshot. Errors: InputError with file and line for an input that was named and cannot be used; UsageError when nothing is in them. */
export async function loadSnapshot(inputs: readonly string[], options: LoadOptions): Promise<Snapshot> {
  const loader = new Loader(options);
  for (const input of inputs) await loader.take(input);
  return loader.finish(inputs);
}

class Loader {
  readonly #options: LoadOptions;
  readonly #redactor: Redactor;
  readonly #entries: Entry[] = [];
  readonly #hosts: HostFacts[] = [];
  readonly #unknown: Unknown[] = [];
  readonly #unlisted = new Map<string, Snapshot['unlisted'][number]>();
  readonly #snapshots: Snapshot[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#redactor = new Redactor(options.catalogue);
  }

  async take(input: string): Promise<void> {
    if (input === '-') {
      if (this.#options.stdin === undefined) throw new UsageError('there is no standard input to read');
      return await this.#stream('-', this.#options.stdin, false);
    }
    const found = await stat(input).catch((cause: unknown) => {
      throw new UsageError(`cannot read ${input}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    });
    if (found.isDirectory()) {
      if (existsSync(join(input, MANIFEST))) this.#snapshots.push(await readSnapshotDirectory(input, this.#redactor));
      else await this.#directory(input);
    } else if (isArchiveName(input)) this.#snapshots.push(await readSnapshotArchive(input, this.#redactor));
    else await this.#stream(input, createReadStream(input), false);
  }

  finish(inputs: readonly string[]): Snapshot {
    const [first] = this.#snapshots;
    const entries = [...this.#snapshots.flatMap((one) => one.entries), ...this.#entries];
    const hosts = [...this.#snapshots.flatMap((one) => one.hosts), ...this.#hosts];
    if (entries.length === 0 && hosts.length === 0 && this.#snapshots.length === 0) {
      const why = this.#unknown.slice(0, 3).map((one) => `\n  ${one.what}: ${one.why}`).join('');
      throw new UsageError(`no Kubernetes object that says something about networking is in ${inputs.join(', ')}${why}`, { hint: 'Expected: output of `kubectl get -A -o yaml`, manifests, or a snapshot.' });
    }
    const alone = first !== undefined && inputs.length === 1;
    if (alone) return first;
    return assemble({
      tool: this.#options.tool,
      collectedAt: first?.collectedAt ?? this.#options.now.toISOString(),
      source: this.#snapshots.length > 0 && this.#snapshots.every((one) => one.source === 'live') && this.#entries.length === 0 ? 'live' : 'files',
      from: [...inputs],
      entries, hosts,
      unlisted: [...this.#snapshots.flatMap((one) => one.unlisted), ...this.#unlisted.values()].toSorted((a, b) => a.kind.localeCompare(b.kind, 'en')),
      unknown: [...this.#snapshots.flatMap((one) => one.unknown), ...this.#unknown],
    });
  }

  /** All YAML and JSON below a directory. What cannot be used there is told, and the rest is read: directories hold templates and values, too. */
  async #directory(dir: string): Promise<void> {
    const all = await readdir(dir, { recursive: true, withFileTypes: true });
    if (all.length > MAX_FILES) throw new UsageError(`${dir} has more than ${MAX_FILES} files`, { hint: 'Name a smaller directory.' });
    const paths = all.map((one) => ({ one, path: join(one.parentPath, one.name) })).filter(({ path }) => !/(^|\/)(\.[^/]+|node_modules)\//.test(path.slice(dir.length)));
    for (const { one, path } of paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      if (!/\.(ya?ml|json)$/.test(one.name)) continue;
      if (one.isSymbolicLink()) this.#unknown.push({ what: path, why: 'it is a symbolic link, which may lead anywhere, and is not followed; name its target if it is wanted' });
      if (one.isFile()) await this.#stream(path, createReadStream(path), true);
    }
  }

  async #stream(file: string, bytes: AsyncIterable<Uint8Array>, lenient: boolean): Promise<void> {
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        if (!lenient || !(error instanceof InputError)) throw error;
        this.#unknown.push({ what: `${file}:${error.line}`, why: error.reason });
      }
    };
    let held: Chunk[] = [];
    let heldChars = 0;
    try {
      for await (const chunk of readChunks(file, bytes)) {
        if (chunk.role === 'item') {
          attempt(() => {
            if (this.#value(parseChunk(chunk, file), chunk, file, lenient)) return;
            held.push(chunk);
            heldChars += chunk.text.length;
            if (heldChars > MAX_HELD_CHARS) throw new InputError(file, chunk.line, 'the items of this list have no kind, and the list is too long to wait for its own', { hint: 'Write it with `kubectl get -o yaml`, which names the kind of each item.' });
          });
          continue;
        }
        const items = held;
        [held, heldChars] = [[], 0];
        attempt(() => {
          const value = parseChunk(chunk, file);
          if (chunk.role === 'header') this.#list(value, chunk, items, file, lenient);
          else this.#value(value, chunk, file, lenient);
        });
      }
    } catch (error) {
      if (!lenient || !(error instanceof InputError)) throw error;
      this.#unknown.push({ what: `${file}:${error.line}`, why: error.reason });
    }
    for (const chunk of held) attempt(() => this.#reject(file, chunk.line, 'an item without apiVersion and kind', lenient));
  }

  /** The frame of a list: it names the kind of items that do not. */
  #list(value: unknown, header: Chunk, items: readonly Chunk[], file: string, lenient: boolean): void {
    const kind = isRecord(value) && typeof value['kind'] === 'string' ? value['kind'] : '';
    const apiVersion = isRecord(value) && typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '';
    if (!kind.endsWith('List')) return this.#reject(file, header.line, `a document with items whose kind is ${kind || 'missing'}, not a list`, lenient);
    const itemKind = kind.slice(0, -'List'.length);
    for (const item of items) {
      const one = parseChunk(item, file);
      if (itemKind === '' || !isRecord(one)) this.#reject(file, item.line, 'an item without apiVersion and kind', lenient);
      else this.#value({ ...one, apiVersion, kind: itemKind }, item, file, lenient);
    }
  }

  /** Takes one object; false when it is an item that its list must name the kind of. */
  #value(value: unknown, chunk: Chunk, file: string, lenient: boolean, depth = 0): boolean {
    if (value === null || value === undefined) return true;
    const line = objectLine(chunk);
    if (isRecord(value) && chunk.role === 'item' && value['kind'] === undefined && value['apiVersion'] === undefined && isRecord(value['metadata'])) return false;
    if (isRecord(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']) && depth < 3) {
      for (const item of value['items'] as unknown[]) this.#value(item, { ...chunk, role: 'document' }, file, lenient, depth + 1);
      return true;
    }
    if (isRecord(value) && value['kind'] === HOST_FACTS.kind && value['apiVersion'] === HOST_FACTS.apiVersion) {
      this.#hosts.push(hostFacts(value, file, line));
      return true;
    }
    const kept = this.#redactor.redact(value);
    if ('object' in kept) {
      const ignores = ignoreRemarks(chunk.text, kept.object);
      this.#entries.push({ object: kept.object, place: { file, line }, ...(ignores.length === 0 ? {} : { ignores }) });
      if (this.#entries.length > MAX_OBJECTS) throw new UsageError(`${file}:${line}: more than ${MAX_OBJECTS} objects`);
    } else if (kept.left === 'bad') this.#reject(file, line, kept.why, lenient);
    else if (kept.left !== 'unneeded') {
      const { apiVersion, kind } = value as { apiVersion: string; kind: string };
      const key = `${apiVersion} ${kind}`;
      const known = this.#unlisted.get(key) ?? { apiVersion, kind, count: 0 };
      known.count = (known.count ?? 0) + 1;
      this.#unlisted.set(key, known);
    }
    return true;
  }

  #reject(file: string, line: number, why: string, lenient: boolean): void {
    if (!lenient) throw new InputError(file, line, why);
    this.#unknown.push({ what: `${file}:${line}`, why });
  }
}

/** Facts of a host from a document of kind HostFacts, whose name is the node's. */
function hostFacts(value: Record<string, unknown>, file: string, line: number): HostFacts {
  const { apiVersion: _version, kind: _kind, metadata, ...facts } = value;
  const node = isRecord(metadata) ? metadata['name'] : undefined;
  const result = hostFactsSchema.safeParse({ node, ...facts });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InputError(file, line, `HostFacts ${String(node)}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`, { hint: 'docs/schemas/host-facts.v1.json has its form.' });
}
