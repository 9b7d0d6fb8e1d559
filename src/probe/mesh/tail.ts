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

export type OnLine = (line: AgentLine | undefined, position: Position) => void;

export class Tail {
  readonly #file: string;
  readonly #shell: NodeShell;
  #position: Position = { segment: 0, offset: 0 };

  constructor(shell: NodeShell, file: string) {
    this.#shell = shell;
    this.#file = file;
  }

  get position(): Position {
    return { ...this.#position };
  }

  /** Hands over every complete line written since the last call, going on through segments. Resolves false when there is no file. Rejects when the node cannot be reached. */
  async poll(onLine: OnLine): Promise<boolean> {
    for (;;) {
      const path = segmentPath(this.#file, this.#position.segment);
      const result = await this.#shell.run(['tail', '-c', `+${this.#position.offset + 1}`, path], { timeoutMs: 20_000 });
      if (result.code !== 0) {
        const next = await this.#oldestSegment();
        // A segment that was deleted before it was read shows as gaps in seq.
        if (next === undefined || next <= this.#position.segment) return next !== undefined;
        this.#position = { segment: next, offset: 0 };
      } else if (!this.#read(result.stdout, onLine)) return true;
    }
  }

  /** Returns whether the output goes on in another segment. */
  #read(text: string, onLine: OnLine): boolean {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start)) {
      this.#position.offset += end + 1 - start;
      if (end === start) continue;
      const line = decodeLine(text.slice(start, end));
      if (line !== undefined && !Array.isArray(line) && line.k === 'n') {
        this.#position = { segment: line.segment, offset: 0 };
        return true;
      }
      onLine(line, this.position);
    }
    return false;
  }

  /** The lowest number among the segments that exist beyond the current one, or the current one; undefined when there are none. */
  async #oldestSegment(): Promise<number | undefined> {
    const slash = this.#file.lastIndexOf('/');
    const listed = await this.#shell.run(['ls', '-1', this.#file.slice(0, slash)]);
    if (listed.code !== 0) return undefined;
    const name = this.#file.slice(slash + 1);
    const segments = listed.stdout
      .split('\n')
      .map((entry) => (entry === name ? 0 : entry.startsWith(`${name}.`) ? Number(entry.slice(name.length + 1)) : Number.NaN))
      .filter((segment) => segment >= this.#position.segment);
    return segments.length === 0 ? undefined : Math.min(...segments);
  }
}
