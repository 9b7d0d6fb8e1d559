/** Checksums of TCP and UDP. One that was left to the network card is recognised: it holds the sum of the pseudo header alone. */
import { addressSum, checksum } from '../decode/checksum.ts';
import { Protocol } from '../decode/decoder.ts';
import type { Packet } from '../decode/packet.ts';
import { u16 } from '../read/bytes.ts';
import type { Findings } from './findings.ts';
import type { Words } from './words.ts';

/** Inside tunnels small packets are all checked, larger ones one in 16; outside one in 16. */
const [SMALL, SAMPLE] = [256, 15];

export class Checksums {
  checked = 0;
  /** Left to the network card to fill in. */
  offloaded = 0;
  readonly #findings: Findings;
  readonly #words: Words;
  #turn = 0;

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  /** A TCP segment or UDP datagram, with its IP header still in place. */
  check(packet: Packet): void {
    const { at, size } = packet;
    if (packet.captured - at < size || packet.fragment || packet.quoted || packet.ipAt > at) return;
    if ((this.#turn++ & SAMPLE) !== 0 && (packet.depth === 0 || size > SMALL)) return;
    const { bytes } = packet;
    const udp = packet.protocol === Protocol.udp;
    const found = u16(bytes, at + (udp ? 6 : 16));
    if (udp ? found === 0 && packet.family === 4 : size < 20) return;
    this.checked++;
    const pseudo = (packet.family === 4 ? addressSum(bytes, packet.ipAt + 12, 8) : addressSum(bytes, packet.ipAt + 8, 32)) + packet.protocol + size;
    if (checksum(bytes, at, at + size, pseudo) === 0) return;
    if (found === (checksum(bytes, 0, 0, pseudo) ^ 0xffff)) {
      this.offloaded++;
      return;
    }
    // 0 and 0xffff are one number (RFC 1624); UDP sends the latter.
    const id = packet.depth > 0 ? 'bad-inner-checksum' : 'bad-checksum';
    this.#findings.note(id, packet.time, packet.frame, packet.source, () =>
      `${udp ? 'UDP' : 'TCP'} ${this.#words.ends(packet)}: 0x${found.toString(16).padStart(4, '0')}${packet.depth > 0 ? `, in a tunnel from ${this.#words.address(packet.outerFamily, packet.outerSource)} to ${this.#words.address(packet.outerFamily, packet.outerDestination)}` : ''}`);
  }
}
