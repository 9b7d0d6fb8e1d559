/**
 * `samples.ndjson.gz`, one sample a line. Every batch is a gzip member of its own, so the file can be
 * read at any time and a crash costs at most the member being written. With it goes a state file that
 * says up to where each agent's output is in it, and how far each stream was: after a crash the rest is
 * collected, nothing twice, and what cannot be collected any more is known to be missing.
 */
import { closeSync, createReadStream, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip, gzipSync } from 'node:zlib';
import type { Sample } from '../types.ts';
import type { SavedAgent } from './agent-handle.ts';

export const SAMPLES_GZ = 'samples.ndjson.gz';
const STATE_FILE = 'collected.json';

/** How far a collector is. */
export interface Collected {
  /** What was sent before (epoch milliseconds) is in no figure; null while traffic settles. */
  since: number | null;
  /** By pod uid, or `outside`. */
  agents: Record<string, SavedAgent>;
}

interface State extends Collected {
  bytes: number;
}

export class SampleSink {
  readonly path: string;
  readonly #statePath: string;
  readonly #fd: number;
  #batch: string[] = [];
  #bytes: number;
  /** How far the collector was that wrote this directory before. */
  readonly resumed: Collected;

  /** Opens or goes on with the file in `dir`; what was written but not yet recorded as collected is cut off. */
  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.path = join(dir, SAMPLES_GZ);
    this.#statePath = join(dir, STATE_FILE);
    const state = readState(this.#statePath);
    this.resumed = { since: state.since, agents: state.agents };
    this.#fd = openSync(this.path, existsSync(this.path) ? 'r+' : 'w+');
    this.#bytes = Math.min(state.bytes, fstatSync(this.#fd).size);
    ftruncateSync(this.#fd, this.#bytes);
  }

  add(sample: Sample): void {
    this.#batch.push(JSON.stringify(sample));
  }

  /** Writes the batch, then records what it accounts for. */
  flush(collected: Collected): void {
    if (this.#batch.length > 0) {
      const member = gzipSync(`${this.#batch.join('\n')}\n`);
      for (let done = 0; done < member.length; ) done += writeSync(this.#fd, member, done, member.length - done, this.#bytes + done);
      this.#bytes += member.length;
      this.#batch = [];
    }
    const temporary = `${this.#statePath}.tmp`;
    writeFileSync(temporary, JSON.stringify({ bytes: this.#bytes, ...collected } satisfies State));
    renameSync(temporary, this.#statePath);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Forgets up to where agents' output is in the samples of `dir`: they are complete, and the next sink there starts anew. */
export function forgetPositions(dir: string): void {
  rmSync(join(dir, STATE_FILE), { force: true });
}

/** The samples in a file that a sink wrote, in the order of collection. */
export async function* readSamples(path: string): AsyncGenerator<Sample> {
  if ((await stat(path)).size === 0) return;
  const input = createReadStream(path).pipe(createGunzip());
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line !== '') yield JSON.parse(line) as Sample;
  }
}

function readState(path: string): State {
  if (!existsSync(path)) return { bytes: 0, since: null, agents: {} };
  return JSON.parse(readFileSync(path, 'utf8')) as State;
}
