/** Reads pcap: both byte orders, microseconds and nanoseconds, and the records with four more fields that Kuznetsov's patch wrote (draft-ietf-opsawg-pcap). */
import { u32, u32le } from './bytes.ts';
import { LARGEST_RECORD, type Cut, type PacketSink } from './sink.ts';
import type { Window } from './window.ts';

interface Variant { little: boolean; /** Nanoseconds per unit of the second field. */ unit: number; header: number }

const [MICRO, NANO, PATCHED] = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34];

/** The variant that a file of these first four bytes is of; undefined when it is no pcap. */
export function pcapVariant(magic: Uint8Array): Variant | undefined {
  for (const little of [true, false]) {
    const value = little ? u32le(magic, 0) : u32(magic, 0);
    if (value === MICRO) return { little, unit: 1000, header: 16 };
    if (value === NANO) return { little, unit: 1, header: 16 };
    if (value === PATCHED) return { little, unit: 1000, header: 24 };
  }
  return undefined;
}

/** Reads from behind the magic number to the end, or to where the file is cut or damaged. */
export async function readPcap(window: Window, variant: Variant, sink: PacketSink): Promise<Cut | undefined> {
  const { little, unit, header } = variant;
  const { bytes } = window;
  const word = (at: number): number => (little ? u32le(bytes, at) : u32(bytes, at));
  if (!(await window.have(24))) return { at: window.position, why: 'the file ends within its header' };
  // The upper bits of the link type say how frames end (FCS), which is in no packet's length here.
  const point = sink.point({ linkType: word(window.at + 20) & 0x0fff_ffff & 0xffff, name: undefined });
  window.at += 24;
  for (;;) {
    while (window.end - window.at >= header) {
      const { at } = window;
      const captured = word(at + 8);
      if (captured > LARGEST_RECORD) return { at: window.position, why: `a record says that it has ${captured} bytes, more than any packet` };
      if (window.end - at < header + captured) break;
      window.at = at + header + captured;
      sink.packet(point, bytes, at + header, captured, word(at + 12), word(at), word(at + 4) * unit);
    }
    const waiting = window.end - window.at;
    if (await window.have(waiting < header ? header : header + word(window.at + 8))) continue;
    if (window.end === window.at && window.broken === undefined) return undefined;
    return { at: window.position, why: window.broken ?? 'the file ends within a packet' };
  }
}
