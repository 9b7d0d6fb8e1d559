import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLine, encodeLine } from './lines.ts';
import type { AgentLine } from './lines.ts';
import { Recorder } from './recorder.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-recorder-'));
  file = join(dir, 'samples.ndjson');
});
afterEach(() => rmSync(dir, { recursive: true }));

const preamble = (): AgentLine[] => [{ k: 'g', t: 0, revision: 1 }];
const lines = (path: string): (AgentLine | undefined)[] => readFileSync(path, 'utf8').split('\n').filter(Boolean).map(decodeLine);

describe('Recorder', () => {
  it('writes in batches, each segment with its preamble', () => {
    const recorder = new Recorder(file, preamble);
    recorder.write([1, 1, 5, 0.2, 1]);
    expect(readFileSync(file, 'utf8')).toBe('');
    recorder.close();
    expect(lines(file)).toEqual([{ k: 'g', t: 0, revision: 1 }, [1, 1, 5, 0.2, 1]]);
  });

  it('goes on after a torn line of a process that was killed', () => {
    appendFileSync(file, `${encodeLine([1, 1, 5, 0.2, 1])}[1,2,`);
    const recorder = new Recorder(file, preamble);
    recorder.write([1, 3, 5, 0.2, 1]);
    recorder.close();
    expect(lines(file)).toEqual([[1, 1, 5, 0.2, 1], undefined, { k: 'g', t: 0, revision: 1 }, [1, 3, 5, 0.2, 1]]);
  });

  it('cannot fill a disk', () => {
    const recorder = new Recorder(file, preamble, { bytes: 500, segments: 3 });
    for (let seq = 1; seq <= 500; seq += 1) {
      recorder.write([1, seq, 1_700_000_000_000, 0.25, 1]);
      if (seq % 5 === 0) recorder.flush();
    }
    recorder.close();
    const names = readdirSync(dir);
    expect(names.length).toBeLessThanOrEqual(3);
    const all = names.flatMap((name) => lines(join(dir, name)));
    expect(all.filter((line) => line === undefined)).toEqual([]);
    expect(all.filter((line) => line && !Array.isArray(line) && line.k === 'n')).toHaveLength(names.length - 1);
  });

  it('writes ASCII only, so that a reader may count characters as bytes', () => {
    const text = encodeLine({ k: 'x', s: 1, t: 1, why: 'für 日本 \u{1f600}' });
    expect(Buffer.byteLength(text)).toBe(text.length);
    expect(decodeLine(text)).toEqual({ k: 'x', s: 1, t: 1, why: 'für 日本 \u{1f600}' });
  });
});
