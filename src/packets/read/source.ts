/** Where a capture's bytes come from: a file, standard input, and either of them compressed with gzip or zstd. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { UsageError } from '../../core/errors.ts';

export interface ByteSource {
  /** Fills `into` from `at` with what there is, at least one byte; 0 at the end. */
  read(into: Buffer, at: number): Promise<number>;
  /** Set once the end came too early. */
  readonly broken: string | undefined;
  close(): Promise<void>;
}

class FileSource implements ByteSource {
  readonly broken = undefined;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async read(into: Buffer, at: number): Promise<number> {
    return (await this.#file.read(into, at, into.length - at)).bytesRead;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Anything that comes in pieces. `begun` is what was already taken from it. */
class StreamSource implements ByteSource {
  broken: string | undefined;
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #onClose: () => Promise<void>;
  #rest: Uint8Array;

  constructor(pieces: AsyncIterator<Uint8Array>, begun: Uint8Array, onClose: () => Promise<void> = () => Promise.resolve()) {
    this.#pieces = pieces;
    this.#rest = begun;
    this.#onClose = onClose;
  }

  async read(into: Buffer, at: number): Promise<number> {
    while (this.#rest.length === 0) {
      try {
        const next = await this.#pieces.next();
        if (next.done === true) return 0;
        this.#rest = next.value;
      } catch (cause) {
        // A compressed file that was cut or damaged: what came before it is good.
        this.broken = cause instanceof Error ? cause.message : String(cause);
        return 0;
      }
    }
    const taken = Math.min(this.#rest.length, into.length - at);
    into.set(this.#rest.subarray(0, taken), at);
    this.#rest = this.#rest.subarray(taken);
    return taken;
  }

  async close(): Promise<void> {
    await this.#onClose();
  }
}

const GZIP = [0x1f, 0x8b];
/** RFC 8878 §3.1.1. */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

const starts = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, at) => bytes[at] === byte);

/** Bytes that decompressors need to tell; every capture file has more. */
const SNIFFED = 4;

function decompressed(bytes: AsyncIterable<Uint8Array>, engine: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>, close: () => Promise<void>): ByteSource {
  // The iterator reports errors, but only once it is asked.
  engine.on('error', () => undefined);
  void (async () => {
    try {
      for await (const piece of bytes) {
        if (engine.destroyed) return;
        if (!engine.write(piece)) await new Promise<void>((resolve) => void engine.once('drain', resolve).once('close', resolve));
      }
      engine.end();
    } catch (cause) {
      engine.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    }
  })();
  return new StreamSource(engine[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>, new Uint8Array(0), async () => {
    engine.destroy();
    await close();
  });
}

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = Buffer.allocUnsafe(1 << 18);
    const read = await source.read(piece, 0);
    if (read === 0) return;
    yield piece.subarray(0, read);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (cause) {
    throw new UsageError(`cannot read the capture ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new UsageError(`${path} is a directory; expected a capture file`, { hint: 'Name the files in it, such as DIR/*.pcap.' });
  }
  return file;
}

/** Opens a capture; `-` is `stdin`. Compression is told by the first bytes, not by the name. Errors: UsageError when it cannot be read. */
export async function openSource(path: string, stdin: Readable | undefined): Promise<ByteSource> {
  let source: ByteSource;
  let first: Buffer;
  if (path === '-') {
    if (stdin === undefined) throw new UsageError('standard input is not open, but the capture is to be read from it (-)');
    const iterator = (stdin as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    first = Buffer.alloc(0);
    while (first.length < SNIFFED) {
      const next = await iterator.next();
      if (next.done === true) break;
      first = Buffer.concat([first, next.value]);
    }
    source = new StreamSource(iterator, first);
    if (starts(first, GZIP) || starts(first, ZSTD)) {
      const bytes = prepend(first, iterator);
      return decompressed(bytes, starts(first, GZIP) ? createGunzip() : createZstdDecompress(), () => Promise.resolve());
    }
    return source;
  }
  const file = await openFile(path);
  first = Buffer.alloc(SNIFFED);
  const { bytesRead } = await file.read(first, 0, SNIFFED).catch(async (cause: unknown) => {
    await file.close();
    throw new UsageError(`cannot read the capture ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  first = first.subarray(0, bytesRead);
  const rest = new FileSource(file);
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    yield* piecesOf(rest);
  };
  if (starts(first, GZIP)) return decompressed(whole(), createGunzip(), () => rest.close());
  if (starts(first, ZSTD)) return decompressed(whole(), createZstdDecompress(), () => rest.close());
  return new HeadedFile(first, rest);
}

/** A file of which the first bytes were read already. */
class HeadedFile implements ByteSource {
  readonly broken = undefined;
  #head: Buffer;
  readonly #rest: FileSource;

  constructor(head: Buffer, rest: FileSource) {
    this.#head = head;
    this.#rest = rest;
  }

  async read(into: Buffer, at: number): Promise<number> {
    if (this.#head.length === 0) return await this.#rest.read(into, at);
    const taken = this.#head.copy(into, at);
    this.#head = this.#head.subarray(taken);
    return taken;
  }

  async close(): Promise<void> {
    await this.#rest.close();
  }
}
