import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sample } from '../types.ts';
import { SampleSink, readSamples } from './sink.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-sink-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const sample = (seq: number): Sample => ({ t: seq, class: 'dns', probe: 'dns', from: 'pod/a', to: 'dns/x', seq, ok: true, rttMs: 1 });
async function seqs(path: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq } of readSamples(path)) found.push(seq);
  return found;
}

describe('SampleSink', () => {
  it('can be read at any time', async () => {
    const sink = new SampleSink(dir);
    expect(await seqs(sink.path)).toEqual([]);
    for (const seq of [1, 2, 3]) {
      sink.add(sample(seq));
      sink.flush({ since: null, agents: {} });
      expect(await seqs(sink.path)).toHaveLength(seq);
    }
    sink.close();
  });

  it('after a crash forgets exactly what it had not recorded as collected', async () => {
    const sink = new SampleSink(dir);
    sink.add(sample(1));
    sink.flush({ since: 7, agents: { uid: { name: 'pod/a', segment: 0, offset: 17 } } });
    sink.add(sample(2));
    sink.close();
    appendFileSync(sink.path, 'half a gzip member');
    const again = new SampleSink(dir);
    expect(again.resumed).toEqual({ since: 7, agents: { uid: { name: 'pod/a', segment: 0, offset: 17 } } });
    again.add(sample(3));
    again.flush({ since: 7, agents: {} });
    again.close();
    expect(await seqs(again.path)).toEqual([1, 3]);
  });
});
