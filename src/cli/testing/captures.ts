/** `fairlead capture` over frames that a test makes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CaptureReport } from '../../packets/report/schema.ts';
import { runMain } from './run-main.ts';

/** Loading a verb takes seconds on a busy machine. */
export const PATIENCE = 60_000;

export interface Captures { /** Removed at the end of the file. */ dir: string; /** Writes one, and says where. */ write(bytes: Uint8Array): string; report(bytes: Uint8Array | readonly Uint8Array[], ...argv: string[]): Promise<CaptureReport> }

/** A directory for the captures of one test file, and how they are reported on. */
export function capturesOf(): Captures {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-capture-'));
  let files = 0;
  beforeAll(async () => void (await runMain('capture', '--help')), 3 * PATIENCE);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const write = (bytes: Uint8Array): string => {
    const path = join(dir, `${files++}.pcap`);
    writeFileSync(path, bytes);
    return path;
  };
  return {
    dir, write,
    async report(bytes, ...argv) {
      const paths = (bytes instanceof Uint8Array ? [bytes] : bytes).map(write);
      const { stdout, stderr } = await runMain('capture', ...paths, '-o', 'json', ...argv);
      expect(stderr).toBe('');
      return JSON.parse(stdout) as CaptureReport;
    },
  };
}

/** Counts by signature. */
export const seen = ({ signatures }: CaptureReport): Record<string, number> => Object.fromEntries(signatures.map(({ id, count }) => [id, count]));
/** The example of one signature; empty without it. */
export const example = ({ signatures }: CaptureReport, id: string): string => signatures.find((one) => one.id === id)?.example ?? '';

/** Payload of so many bytes. */
export const data = (size: number): Uint8Array => new Uint8Array(size);
