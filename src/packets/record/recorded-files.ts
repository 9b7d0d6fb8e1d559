/** The captures of a recording, as the analysis takes them: with their clocks and the names of their devices. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { CaptureFile } from '../analyse.ts';
import { correction } from './clock.ts';

/** Replaces directories of recordings by their captures; anything else stays. `remarks` says what a recording lacks. Errors: UsageError for another directory. */
export async function withRecordings(paths: readonly string[]): Promise<{ files: CaptureFile[]; remarks: string[] }> {
  const remarks: string[] = [];
  const isDirectory = (path: string): boolean => path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!paths.some(isDirectory)) return { files: paths.map((path) => ({ path })), remarks };
  const { readManifest } = await import('./manifest.ts');
  const files = paths.flatMap((path): CaptureFile[] => {
    if (!isDirectory(path)) return [{ path }];
    const manifest = readManifest(path);
    if (manifest === undefined) throw new UsageError(`${path} is a directory without recording.json; expected capture files, or what \`fairlead capture record\` made`, { hint: 'Name the files in it, such as DIR/*.pcap.' });
    const { points, failure, headersOnly } = manifest;
    if (failure !== undefined) remarks.push(`${failure.attempt} failed at ${failure.at}: ${failure.why}.`);
    if (headersOnly) remarks.push('Only headers were recorded: nothing is said of DNS, HTTP, gRPC and names in TLS. `fairlead capture record --snap 512` keeps enough for them.');
    for (const { place, incomplete } of points) if (incomplete !== undefined) remarks.push(`The recording at ${place} is not complete: ${incomplete}.`);
    const recorded = points.flatMap(({ file, clock, interfaces, place }) => (file === undefined ? [] : [{ path: join(path, file), label: place, aheadNs: Math.round(correction(clock) * 1e9), interfaces }]));
    if (recorded.length === 0) throw new UsageError(`${path} is a recording without a capture: ${points.map(({ place, incomplete }) => `${place}: ${incomplete ?? 'nothing came'}`).join('; ')}`);
    return recorded;
  });
  return { files, remarks };
}
