/** Appends lines to the samples file in batches; goes on in numbered segments and deletes old ones, so that a forgotten agent cannot fill a disk. */
import { closeSync, fstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { encodeLine, segmentPath } from './lines.ts';
import type { AgentLine } from './lines.ts';

export interface RecorderLimits {
  /** A segment that has grown past this is followed by a new one. */
  bytes: number;
  /** Segments kept, the current one included. */
  segments: number;
}

/** 64 MiB altogether: hours of the busiest agent. */
export const DEFAULT_LIMITS: RecorderLimits = { bytes: 16 * 1024 * 1024, segments: 4 };

/** Lines kept in memory while the disk takes none: two to three minutes of the busiest agent, 3 MB. What is dropped leaves gaps in seq and counts as lost. */
const MAX_QUEUED = 30_000;

export class Recorder {
  readonly #file: string;
  readonly #limits: RecorderLimits;
  /** Lines that open every segment, so that each can be read alone. */
  readonly #preamble: () => AgentLine[];
  #batch: string[] = [];
  #fd: number;
  #segment: number;
  #size: number;
  #failed: string | undefined;

  /** Goes on after whatever an earlier process of the same pod has left. */
  constructor(file: string, preamble: () => AgentLine[], limits: RecorderLimits = DEFAULT_LIMITS) {
    this.#file = file;
    this.#limits = limits;
    this.#preamble = preamble;
    this.#segment = lastSegment(file);
    this.#fd = openSync(segmentPath(file, this.#segment), 'a', 0o644);
    this.#size = fstatSync(this.#fd).size;
    // An earlier process may have been killed within a line.
    if (this.#size > 0) this.#batch.push('\n');
    for (const line of preamble()) this.write(line);
  }

  /** Why the last flush did not work (a full disk …); undefined when it did. What is not written is kept. */
  get failed(): string | undefined {
    return this.#failed;
  }

  /** Queues a line for the next flush. */
  write(line: AgentLine): void {
    this.#batch.push(encodeLine(line));
    if (this.#batch.length > MAX_QUEUED) this.#batch.splice(0, MAX_QUEUED / 10);
  }

  /** Writes what is queued; a batch is small (some kilobytes) and the file local, so it is written at once. */
  flush(): void {
    try {
      if (this.#batch.length > 0) this.#append(Buffer.from(this.#batch.join(''), 'latin1'));
      this.#batch = [];
      if (this.#size > this.#limits.bytes) this.#rotate();
      this.#failed = undefined;
    } catch (error) {
      this.#failed = error instanceof Error ? error.message : String(error);
      // A partly written batch is written again after a newline; readers drop the torn line and known samples.
      if (this.#batch[0] !== '\n') this.#batch.unshift('\n');
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #append(bytes: Buffer): void {
    let done = 0;
    while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
    this.#size += bytes.length;
  }

  #rotate(): void {
    const next = this.#segment + 1;
    const fd = openSync(segmentPath(this.#file, next), 'a', 0o644);
    this.#append(Buffer.from(encodeLine({ k: 'n', segment: next }), 'latin1'));
    closeSync(this.#fd);
    this.#fd = fd;
    this.#segment = next;
    this.#size = 0;
    for (const line of this.#preamble()) this.write(line);
    rmSync(segmentPath(this.#file, next - this.#limits.segments), { force: true });
  }
}

/** The highest segment that exists; 0 when there is none. */
function lastSegment(file: string): number {
  const prefix = `${basename(file)}.`;
  let last = 0;
  for (const name of readdirSync(dirname(file))) {
    const suffix = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isSafeInteger(suffix) && suffix > last) last = suffix;
  }
  return last;
}
