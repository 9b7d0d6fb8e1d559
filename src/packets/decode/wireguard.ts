/** Tells WireGuard by its message types and sizes (https://www.wireguard.com/protocol/); what it carries stays opaque. */
import { u8 } from '../read/bytes.ts';

const SIZES: Readonly<Record<number, number>> = { 1: 148, 2: 92, 3: 64 };

/** Whether a UDP payload of `size` bytes at `at`, four of them captured, is one of WireGuard's messages. */
export function isWireguard(bytes: Uint8Array, at: number, size: number): boolean {
  const kind = u8(bytes, at);
  if (u8(bytes, at + 1) !== 0 || u8(bytes, at + 2) !== 0 || u8(bytes, at + 3) !== 0) return false;
  // Data is padded to 16 bytes, with 16 of header and 16 of tag.
  return kind === 4 ? size >= 32 && size % 16 === 0 : SIZES[kind] === size;
}
