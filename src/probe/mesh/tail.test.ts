import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLine, segmentPath } from '../agent/lines.ts';
import { Recorder } from '../agent/recorder.ts';
import { localShell } from '../testing/local-shell.ts';
import { Tail } from './tail.ts';
import type { Position } from './tail.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-tail-'));
  file = join(dir, 'samples.ndjson');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const line = (seq: number): string => encodeLine([1, seq, 1_000, 0.5, 1]);
/** A tail with what it has read since it was asked last; -1 stands for a gap. */
function tailOf(path: string, from?: Position): { tail: Tail; poll(): Promise<{ there: boolean; seqs: (number | undefined)[] }> } {
  let seqs: (number | undefined)[] = [];
  const tail = new Tail(localShell('n'), path, { line: (read) => seqs.push(Array.isArray(read) ? read[1] : undefined), skipped: () => seqs.push(-1) }, from);
  return {
    tail,
    async poll() {
      seqs = [];
      const there = await tail.poll();
      return { there, seqs };
    },
  };
}

describe('Tail', () => {
  it('hands over what is new, and torn lines only when they are whole', async () => {
    const { tail, poll } = tailOf(file);
    expect(await poll()).toEqual({ there: false, seqs: [] });
    writeFileSync(file, line(1) + line(2).slice(0, 7));
    expect(await poll()).toEqual({ there: true, seqs: [1] });
    appendFileSync(file, line(2).slice(7) + line(3));
    expect(await poll()).toEqual({ there: true, seqs: [2, 3] });
    expect(await poll()).toEqual({ there: true, seqs: [] });
    expect(tail.position).toEqual({ segment: 0, offset: line(1).length * 3 });
  });

  it('follows a recorder through its segments', async () => {
    const recorder = new Recorder(file, () => [], { bytes: 300, segments: 100 });
    const { poll } = tailOf(file);
    const seen: (number | undefined)[] = [];
    for (let seq = 1; seq <= 200; seq += 1) {
      recorder.write([1, seq, 1_000, 0.5, 1]);
      if (seq % 7 === 0) recorder.flush();
      if (seq % 60 === 0) seen.push(...(await poll()).seqs);
    }
    recorder.close();
    seen.push(...(await poll()).seqs);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it('goes on with the oldest segment there is when it was overtaken', async () => {
    writeFileSync(file, line(1));
    const { poll } = tailOf(file);
    await poll();
    rmSync(file);
    writeFileSync(segmentPath(file, 10), line(11));
    writeFileSync(segmentPath(file, 9), line(10) + encodeLine({ k: 'n', segment: 10 }));
    expect(await poll()).toEqual({ there: true, seqs: [-1, 10, 11] });
  });

  it('goes on where another left off', async () => {
    writeFileSync(file, line(1) + line(2));
    expect(await tailOf(file, { segment: 0, offset: line(1).length }).poll()).toEqual({ there: true, seqs: [2] });
  });

  it.each(['', line(7), line(7) + line(8) + line(9)])('begins anew when another file is in its place: %j', async (text) => {
    writeFileSync(file, text);
    const { poll } = tailOf(file, { segment: 0, offset: line(1).length + 5 });
    const seqs = text.split('\n').filter((one) => one !== '').map((_, i) => 7 + i);
    expect(await poll()).toEqual({ there: true, seqs: [-1, ...seqs] });
    appendFileSync(file, line(20));
    expect(await poll()).toEqual({ there: true, seqs: [20] });
    expect(await tailOf(file, { segment: 3, offset: 10 }).poll()).toEqual({ there: true, seqs: [-1, ...seqs, 20] });
  });

  it('says when the files are gone', async () => {
    writeFileSync(file, line(1));
    const { poll } = tailOf(file);
    await poll();
    rmSync(dir, { recursive: true });
    expect(await poll()).toEqual({ there: false, seqs: [] });
  });
});
