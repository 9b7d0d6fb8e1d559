/** Follows one agent's samples file from outside, by its node's shell: independent of the network that is measured. */
import type { NodeShell } from '../../node/shell.ts';
import { decodeLine, segmentPath } from '../agent/lines.ts';
import type { AgentLine } from '../agent/lines.ts';

/** Up to where a file is accounted for. */
export interface Position {
  segment: number;
  /** Bytes of that segment; always the end of a line. */
  offset: number;
}

export interface TailEvents {
  /** The next line; undefined for one that a crash tore. */
  line(line: AgentLine | undefined): void;
  /** What follows is not what came right after the last line: that was deleted before it was read. */
  skipped(): void;
}

export class Tail {
  readonly #file: string;
  readonly #shell: NodeShell;
  readonly #events: TailEvents;
  #position: Position;

  /** `from`: where an earlier tail left off. */
  constructor(shell: NodeShell, file: string, events: TailEvents, from: Position = { segment: 0, offset: 0 }) {
    this.#shell = shell;
    this.#file = file;
    this.#events = events;
    this.#position = { segment: from.segment, offset: from.offset };
  }

  get position(): Position {
    return { ...this.#position };
  }

  /** Hands over every complete line written since the last call, going on through segments. Resolves false when there is no file. Rejects when the node cannot be reached. */
  async poll(): Promise<boolean> {
    for (;;) {
      const { segment, offset } = this.#position;
      // From the newline that ended the last line: where there is none, this is another file than that one.
      const result = await this.#shell.run(['tail', '-c', `+${Math.max(1, offset)}`, segmentPath(this.#file, segment)], { timeoutMs: 20_000 });
      if (result.code !== 0) {
        const next = await this.#oldestSegment();
        if (next === undefined || next === segment) return next !== undefined;
        this.#skipTo(next);
      } else if (offset > 0 && !result.stdout.startsWith('\n')) {
        this.#skipTo(0);
      } else if (!this.#read(offset > 0 ? result.stdout.slice(1) : result.stdout)) {
        return true;
      }
    }
  }

  #skipTo(segment: number): void {
    this.#position = { segment, offset: 0 };
    this.#events.skipped();
  }

  /** Returns whether the output goes on in another segment. */
  #read(text: string): boolean {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start)) {
      this.#position.offset += end + 1 - start;
      if (end === start) continue;
      const line = decodeLine(text.slice(start, end));
      if (line !== undefined && !Array.isArray(line) && line.k === 'n') {
        this.#position = { segment: line.segment, offset: 0 };
        return true;
      }
      this.#events.line(line);
    }
    return false;
  }

  /** The lowest number among the segments that exist from the current one on, or among all when another agent has begun anew; undefined when there are none. */
  async #oldestSegment(): Promise<number | undefined> {
    const slash = this.#file.lastIndexOf('/');
    const listed = await this.#shell.run(['ls', '-1', this.#file.slice(0, slash)]);
    if (listed.code !== 0) return undefined;
    const name = this.#file.slice(slash + 1);
    const segments = listed.stdout
      .split('\n')
      .map((entry) => (entry === name ? 0 : entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN))
      .filter((segment) => !Number.isNaN(segment));
    if (segments.length === 0) return undefined;
    const later = segments.filter((segment) => segment >= this.#position.segment);
    return Math.min(...(later.length > 0 ? later : segments));
  }
}
