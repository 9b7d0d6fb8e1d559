/** Makes a snapshot of what people have: files, directories, standard input, dumps, lists, earlier snapshots. */
import { UsageError } from '../../core/errors.ts';
import type { Unknown } from '../../core/finding.ts';
import { isRecord } from '../fields.ts';
import type { Found } from '../manifests/documents.ts';
import { InputError } from '../manifests/input-error.ts';
import { readInput } from '../manifests/inputs.ts';
import { placeText } from '../manifests/origin.ts';
import type { Catalogue } from './catalogue.ts';
import { hostFactsSchema, type HostFacts } from './host-facts.ts';
import { ignoreRemarks } from './ignore-remark.ts';
import { assemble, type Entry, type Snapshot } from './model.ts';
import { isArchiveName, isSnapshot } from './names.ts';
import { readSnapshotArchive, readSnapshotDirectory } from './read.ts';
import { Redactor } from './redact.ts';

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
    if (isArchiveName(input)) this.#snapshots.push(await readSnapshotArchive(input, this.#redactor));
    else if (isSnapshot(input)) this.#snapshots.push(await readSnapshotDirectory(input, this.#redactor));
    else {
      await readInput(input, this.#options.stdin, {
        document: (found, named) => this.#document(found, named),
        fault: ({ error }, named) => this.#reject(error, named),
      });
    }
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

  #document({ value, text, origin }: Found, named: boolean): void {
    const { file, line = 1 } = origin;
    if (isRecord(value) && value['kind'] === HOST_FACTS.kind && value['apiVersion'] === HOST_FACTS.apiVersion) {
      this.#hosts.push(hostFacts(value, file, line));
      return;
    }
    const kept = this.#redactor.redact(value);
    if ('object' in kept) {
      const ignores = ignoreRemarks(text, kept.object);
      this.#entries.push({ object: kept.object, place: { file, line }, ...(ignores.length === 0 ? {} : { ignores }) });
    } else if (kept.left === 'bad') this.#reject(new InputError(file, line, kept.why), named);
    else if (kept.left !== 'unneeded') {
      const { apiVersion, kind } = value as { apiVersion: string; kind: string };
      const key = `${apiVersion} ${kind}`;
      const known = this.#unlisted.get(key) ?? { apiVersion, kind, count: 0 };
      known.count = (known.count ?? 0) + 1;
      this.#unlisted.set(key, known);
    }
  }

  /** What cannot be used ends the work where the user named it; in a directory it is told, and the rest is read. */
  #reject(error: InputError, named: boolean): void {
    if (named) throw error;
    this.#unknown.push({ what: placeText(error.file, error.line), why: error.reason });
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
