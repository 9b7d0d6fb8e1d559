/** Writes captures: pcap and pcapng of either byte order, for tests. */

export interface Frame { /** Nanoseconds since 1970. */ time: bigint; bytes: Uint8Array; /** Length on the wire when the frame was cut. */ length?: number; interface?: number }

export interface PcapOptions { big?: boolean; nano?: boolean; linkType?: number; snap?: number }

class Words {
  readonly #parts: Buffer[] = [];
  readonly #big: boolean;

  constructor(big: boolean) {
    this.#big = big;
  }

  u32(value: number): this {
    const word = Buffer.alloc(4);
    if (this.#big) word.writeUInt32BE(value >>> 0);
    else word.writeUInt32LE(value >>> 0);
    this.#parts.push(word);
    return this;
  }

  u16(value: number): this {
    const word = Buffer.alloc(2);
    if (this.#big) word.writeUInt16BE(value);
    else word.writeUInt16LE(value);
    this.#parts.push(word);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function pcapFile(frames: readonly Frame[], options: PcapOptions = {}): Buffer {
  const out = new Words(options.big === true);
  const nano = options.nano === true;
  out.u32(nano ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(options.snap ?? 262_144).u32(options.linkType ?? 1);
  for (const { time, bytes, length } of frames) {
    out.u32(Number(time / 1_000_000_000n)).u32(Number((time % 1_000_000_000n) / (nano ? 1n : 1000n))).u32(bytes.length).u32(length ?? bytes.length).raw(bytes);
  }
  return out.bytes();
}

export interface PcapngInterface { name?: string; linkType?: number; /** `if_tsresol`; 6 when absent. */ resolution?: number }

const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function block(kind: number, body: Buffer, big: boolean): Buffer {
  const length = body.length + 12;
  return new Words(big).u32(kind).u32(length).raw(body).u32(length).bytes();
}

export function pcapngFile(frames: readonly Frame[], interfaces: readonly PcapngInterface[] = [{}], big = false): Buffer {
  const words = (): Words => new Words(big);
  const parts = [block(0x0a0d0d0a, words().u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).bytes(), big)];
  for (const one of interfaces) {
    const body = words().u16(one.linkType ?? 1).u16(0).u32(262_144);
    if (one.name !== undefined) body.u16(2).u16(Buffer.byteLength(one.name)).raw(padded(Buffer.from(one.name)));
    if (one.resolution !== undefined) body.u16(9).u16(1).raw(padded(Buffer.from([one.resolution])));
    parts.push(block(1, body.u16(0).u16(0).bytes(), big));
  }
  for (const { time, bytes, length, interface: number } of frames) {
    const resolution = interfaces[number ?? 0]?.resolution ?? 6;
    const units = (resolution & 0x80) === 0 ? (time * 10n ** BigInt(resolution)) / 1_000_000_000n : (time * 2n ** BigInt(resolution & 0x7f)) / 1_000_000_000n;
    const body = words().u32(number ?? 0).u32(Number(units >> 32n)).u32(Number(units & 0xffff_ffffn)).u32(bytes.length).u32(length ?? bytes.length).raw(padded(bytes));
    parts.push(block(6, body.bytes(), big));
  }
  return Buffer.concat(parts);
}

/** The frames of a little-endian pcap file with microseconds, as tcpdump writes it. */
export function framesOf(file: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const size = file.readUInt32LE(at + 8);
    frames.push({ time: BigInt(file.readUInt32LE(at)) * 1_000_000_000n + BigInt(file.readUInt32LE(at + 4)) * 1000n, bytes: file.subarray(at + 16, at + 16 + size), length: file.readUInt32LE(at + 12) });
    at += 16 + size;
  }
  return frames;
}
