/** Reads a capture of any supported format into a sink. */
import { UsageError } from '../../core/errors.ts';
import { u32 } from './bytes.ts';
import { pcapVariant, readPcap } from './pcap.ts';
import { PcapngReader, SECTION } from './pcapng.ts';
import type { Cut, PacketSink } from './sink.ts';
import type { ByteSource } from './source.ts';
import { Window } from './window.ts';

/** File formats that people hand over instead, by their first bytes. */
const OTHERS: readonly [magic: number, name: string][] = [
  [0x736e6f6f, 'a Solaris snoop file'], [0x58435000, 'a file of NetXRay or Windows Sniffer'], [0x504b0304, 'a zip archive'], [0x425a6839, 'compressed with bzip2'], [0xfd377a58, 'compressed with xz'], [0x7f454c46, 'a program'],
];

/** Reads all of a capture. `name` is for messages. The answer says where and why it stopped early. Errors: UsageError for what is no capture. */
export async function readCapture(name: string, source: ByteSource, sink: PacketSink, options: { windowSize?: number; signal?: AbortSignal } = {}): Promise<Cut | undefined> {
  const window = new Window(source, options.windowSize, options.signal);
  if (!(await window.have(4))) {
    throw new UsageError(window.end === 0 && window.broken === undefined ? `${name} is empty; expected a capture (pcap or pcapng)` : `${name} is no capture: ${window.broken ?? `it has only ${window.end} bytes`}`);
  }
  const magic = u32(window.bytes, 0);
  if (magic === SECTION) return await new PcapngReader(window, sink).read();
  const variant = pcapVariant(window.bytes);
  if (variant !== undefined) return await readPcap(window, variant, sink);
  const other = OTHERS.find(([known]) => known === magic)?.[1];
  throw new UsageError(`${name} is no capture: it begins with ${window.bytes.subarray(0, 4).toString('hex')}${other === undefined ? '' : ` (${other})`}; expected pcap or pcapng, plain or compressed with gzip or zstd`, {
    hint: 'tcpdump -w FILE writes such a capture; text that tcpdump prints cannot be analysed.',
  });
}
