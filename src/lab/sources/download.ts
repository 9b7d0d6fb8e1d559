/** Downloads a file over HTTP(S) into a `.partial` file, going on where an earlier attempt stopped. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EnvironmentError } from '../../core/errors.ts';

/** The file could not be had from there (refused, unreachable, missing, too slow); another source may serve. */
export class UnavailableError extends Error {
  readonly url: string;
  /** Whether the host itself did not answer, so that asking it for other files is pointless. */
  readonly hostDown: boolean;

  constructor(url: string, reason: string, options: { hostDown?: boolean; cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.name = 'UnavailableError';
    this.url = url;
    this.hostDown = options.hostDown ?? false;
  }
}

export interface DownloadOptions {
  /** Deadline for the answer's headers; short, so that a machine without internet gets on. */
  answerWithinMs: number;
  /** Longest silence in the middle of a file. */
  stallMs: number;
  /** How often a cut connection is taken up again while each attempt brings something. */
  attempts: number;
  signal?: AbortSignal | undefined;
  onBytes?: (receivedBytes: number, totalBytes: number | undefined) => void;
  onResume?: (fromByte: number, reason: string) => void;
}

export const DOWNLOAD_DEFAULTS = { answerWithinMs: 8_000, stallMs: 30_000, attempts: 6 } as const;

/** A small text file, for instance checksums. Throws UnavailableError. */
export async function fetchText(url: string, options: DownloadOptions): Promise<string> {
  const { response, stop } = await request(url, {}, options);
  try {
    if (!response.ok) throw new UnavailableError(url, `the server answered ${response.status}`);
    return await response.text();
  } catch (error) {
    throw asUnavailable(url, error, options.signal);
  } finally {
    stop();
  }
}

/**
 * Downloads `url` to `partial`, appending to what is there when the server can (Range), and
 * returns when the file is complete. A cut connection is resumed; what was received stays on disk.
 * Throws UnavailableError when it cannot be had, and the signal's reason when aborted.
 */
export async function downloadTo(url: string, partial: string, options: DownloadOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(partial);
    if (before > 0) options.onResume?.(before, attempt === 1 ? 'an earlier download was interrupted' : 'the connection was cut');
    try {
      if (await receive(url, partial, before, options)) return;
    } catch (error) {
      const gained = (await sizeOf(partial)) > before;
      if (!(error instanceof UnavailableError) || !gained || attempt >= options.attempts) throw error;
      continue;
    }
    // The partial file was no beginning of this one: once more, from nothing.
    await rm(partial, { force: true });
  }
}

/** One attempt; false when the server refuses to go on from where the partial file ends. */
async function receive(url: string, partial: string, from: number, options: DownloadOptions): Promise<boolean> {
  const { response, stop, heard } = await request(url, from > 0 ? { Range: `bytes=${from}-` } : {}, options);
  const file = await open(partial, 'a');
  try {
    if (response.status === 416) {
      // Nothing is left to send when the partial file is whole already: `bytes */SIZE`.
      return response.headers.get('content-range')?.split('/').at(-1) === String(from);
    }
    if (!response.ok) throw new UnavailableError(url, `the server answered ${response.status}`);
    const resumed = response.status === 206;
    if (!resumed) await file.truncate(0);
    const length = response.headers.get('content-length');
    // With a content encoding the length is that of the encoded bytes.
    const encoded = response.headers.get('content-encoding') !== null;
    let received = resumed ? from : 0;
    const total = length === null || encoded ? undefined : received + Number(length);
    for await (const chunk of response.body ?? []) {
      heard();
      await file.write(chunk as Uint8Array);
      received += (chunk as Uint8Array).byteLength;
      options.onBytes?.(received, total);
    }
    if (total !== undefined && received !== total) {
      throw new UnavailableError(url, `the connection was cut after ${received} of ${total} bytes`);
    }
    return true;
  } catch (error) {
    throw asUnavailable(url, error, options.signal);
  } finally {
    stop();
    await file.close();
  }
}

/** Sends a request that is given up without an answer in time, and later when nothing more is heard. */
async function request(
  url: string,
  headers: Record<string, string>,
  options: DownloadOptions,
): Promise<{ response: Response; heard: () => void; stop: () => void }> {
  options.signal?.throwIfAborted();
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(new Error(`no answer within ${options.answerWithinMs} ms`)), options.answerWithinMs);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`nothing received for ${options.stallMs} ms`)), options.stallMs);
  };
  const stop = () => clearTimeout(timer);
  const signal = options.signal ? AbortSignal.any([silence.signal, options.signal]) : silence.signal;
  try {
    const response = await fetch(url, { headers: { 'Accept-Encoding': 'identity', ...headers }, signal });
    heard();
    return { response, heard, stop };
  } catch (error) {
    stop();
    options.signal?.throwIfAborted();
    throw new UnavailableError(url, reasonOf(error), { hostDown: true, cause: error });
  }
}

function asUnavailable(url: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof UnavailableError) return error;
  if (isDiskError(error)) {
    return new EnvironmentError(`What ${url} sends cannot be stored: ${(error as Error).message}`, {
      hint: 'Make room in the cache (FAIRLEAD_CACHE names another place); what was received is kept.',
      cause: error,
    });
  }
  return new UnavailableError(url, reasonOf(error), { cause: error });
}

/** A full or broken disk is our side's trouble: no other server would help. */
function isDiskError(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** fetch wraps what really happened into "fetch failed" or "terminated". */
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause;
  const inner = cause instanceof Error ? cause : (error as Error);
  const code = (inner as NodeJS.ErrnoException).code;
  return inner.message || (code ?? String(error));
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

/** SHA-256 of a file as 64 hex digits. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
