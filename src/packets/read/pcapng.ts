/** Reads pcapng: several sections of either byte order, several interfaces with their own clocks (draft-ietf-opsawg-pcapng). Blocks that are no packets are passed over. */
import { i32, u16, u16le, u32, u32le } from './bytes.ts';
import { ClockUnit } from './clock.ts';
import { LARGEST_RECORD, type Cut, type PacketSink } from './sink.ts';
import type { Window } from './window.ts';

export const SECTION = 0x0a0d0d0a;
const [INTERFACE, OLD_PACKET, SIMPLE, ENHANCED] = [1, 2, 3, 6];
const ORDER = 0x1a2b3c4d;
/** Longest block of an interface's description that is read; names and resolutions come first in all that write them. */
const DESCRIPTION = 1 << 20;

interface Interface { point: number; clock: ClockUnit; snap: number }

export class PcapngReader {
  readonly #window: Window;
  readonly #sink: PacketSink;
  #little = true;
  #interfaces: Interface[] = [];

  constructor(window: Window, sink: PacketSink) {
    this.#window = window;
    this.#sink = sink;
  }

  /** Reads from the first block to the end, or to where the file is cut or damaged. */
  async read(): Promise<Cut | undefined> {
    const window = this.#window;
    for (;;) {
      const cut = this.#packetsInWindow();
      if (cut !== undefined) return cut;
      if (!(await window.have(12))) {
        const rest = window.end - window.at;
        return rest === 0 && window.broken === undefined ? undefined : { at: window.position, why: window.broken ?? 'the file ends within a block' };
      }
      const failed = await this.#block();
      if (failed !== undefined) return { at: window.position, why: failed };
    }
  }

  #word(at: number): number {
    return this.#little ? u32le(this.#window.bytes, at) : u32(this.#window.bytes, at);
  }

  /** The hot path: enhanced packets that are wholly in the window. Stops before anything else. */
  #packetsInWindow(): Cut | undefined {
    const window = this.#window;
    const { bytes } = window;
    const sink = this.#sink;
    while (window.end - window.at >= 32) {
      const { at } = window;
      if (this.#word(at) !== ENHANCED) return undefined;
      const length = this.#word(at + 4);
      if (length < 32 || length % 4 !== 0) return { at: window.position, why: `a packet's block says that it has ${length} bytes` };
      if (window.end - at < length) return undefined;
      const captured = this.#word(at + 20);
      if (captured > length - 32) return { at: window.position, why: `a packet says that it has ${captured} bytes, more than its block` };
      const from = this.#interfaces[this.#word(at + 8)];
      if (from === undefined) return { at: window.position, why: `a packet is of interface ${this.#word(at + 8)}, which is not described` };
      const { clock } = from;
      clock.set(this.#word(at + 12), this.#word(at + 16));
      window.at = at + length;
      sink.packet(from.point, bytes, at + 28, captured, this.#word(at + 24), clock.seconds, clock.nanoseconds);
    }
    return undefined;
  }

  /** One block of any kind. The answer says what is wrong with it. */
  async #block(): Promise<string | undefined> {
    const window = this.#window;
    const kind = this.#word(window.at);
    if (kind === SECTION) return await this.#section();
    const length = this.#word(window.at + 4);
    if (length < 12 || length % 4 !== 0) return `a block says that it has ${length} bytes`;
    if (kind === ENHANCED || kind === OLD_PACKET || kind === SIMPLE) {
      if (length > LARGEST_RECORD + 65_536) return `a packet's block says that it has ${length} bytes, more than any packet`;
      if (!(await window.have(length))) return window.broken ?? 'the file ends within a packet';
      return kind === ENHANCED ? (length < 32 ? `a packet's block says that it has ${length} bytes` : undefined) : this.#otherPacket(kind, length);
    }
    if (kind === INTERFACE && length <= DESCRIPTION) {
      if (!(await window.have(length))) return window.broken ?? 'the file ends within the description of an interface';
      const wrong = this.#describe(length);
      window.at += length;
      return wrong;
    }
    return (await window.skip(length)) ? undefined : (window.broken ?? 'the file ends within a block');
  }

  async #section(): Promise<string | undefined> {
    const window = this.#window;
    if (!(await window.have(28))) return window.broken ?? 'the file ends within the header of a section';
    const order = [u32le(window.bytes, window.at + 8), u32(window.bytes, window.at + 8)].indexOf(ORDER);
    if (order < 0) return 'a section has no byte-order mark';
    this.#little = order === 0;
    const length = this.#word(window.at + 4);
    if (length < 28 || length % 4 !== 0) return `the header of a section says that it has ${length} bytes`;
    this.#interfaces = [];
    return (await window.skip(length)) ? undefined : (window.broken ?? 'the file ends within the header of a section');
  }

  /** Simple packets have no time; the obsolete packet block has a 16-bit interface and a count of drops. */
  #otherPacket(kind: number, length: number): string | undefined {
    const window = this.#window;
    const { at, bytes } = window;
    const simple = kind === SIMPLE;
    const head = simple ? 12 : 28;
    if (length < head + 4) return `a packet's block says that it has ${length} bytes`;
    const number = simple ? 0 : this.#little ? u16le(bytes, at + 8) : u16(bytes, at + 8);
    const from = this.#interfaces[number];
    if (from === undefined) return `a packet is of interface ${number}, which is not described`;
    const size = simple ? this.#word(at + 8) : this.#word(at + 24);
    const captured = simple ? Math.min(size, length - 16, from.snap === 0 ? size : from.snap) : this.#word(at + 20);
    if (captured > length - head - 4) return `a packet says that it has ${captured} bytes, more than its block`;
    if (simple) from.clock.set(0, 0);
    else from.clock.set(this.#word(at + 12), this.#word(at + 16));
    window.at += length;
    this.#sink.packet(from.point, bytes, at + head, captured, size, from.clock.seconds, from.clock.nanoseconds);
    return undefined;
  }

  #describe(length: number): string | undefined {
    const { at, bytes } = this.#window;
    if (length < 20) return `the description of an interface says that it has ${length} bytes`;
    const half = (where: number): number => (this.#little ? u16le(bytes, where) : u16(bytes, where));
    let [name, resolution, offset] = [undefined as string | undefined, 6, 0];
    const end = at + length - 4;
    for (let option = at + 16; option + 4 <= end; ) {
      const [code, size] = [half(option), half(option + 2)];
      const value = option + 4;
      if (code === 0 || value + size > end) break;
      if (code === 2) name = bytes.toString('utf8', value, value + size);
      if (code === 9 && size >= 1) resolution = bytes[value] as number;
      // 64 bits of seconds; those that are used fit into the lower 53.
      if (code === 14 && size >= 8) offset = this.#little ? i32le(bytes, value + 4) * 2 ** 32 + u32le(bytes, value) : i32(bytes, value) * 2 ** 32 + u32(bytes, value + 4);
      option = value + ((size + 3) & ~3);
    }
    const clock = ClockUnit.of(resolution, offset);
    if (clock === undefined) return `an interface counts time in units of ${resolution & 0x80 ? 2 : 10}^-${resolution & 0x7f} s, which is not known`;
    this.#interfaces.push({ point: this.#sink.point({ linkType: half(at + 8), name }), clock, snap: this.#word(at + 12) });
    return undefined;
  }
}

const i32le = (bytes: Uint8Array, at: number): number => u32le(bytes, at) | 0;
