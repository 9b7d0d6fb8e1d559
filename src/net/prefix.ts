/** Arithmetic of IP prefixes (CIDR): pure, for both address families. */
import ipaddr from 'ipaddr.js';
import { UsageError } from '../core/errors.ts';

/** A prefix: its network address as an integer, its length in bits, and the width of its family's addresses. */
export interface Prefix {
  network: bigint;
  length: number;
  /** 32 for IPv4, 128 for IPv6. */
  width: 32 | 128;
}

function toInteger(bytes: number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function fromInteger(value: bigint, width: number): string {
  const bytes = Array.from({ length: width / 8 }, (_, index) => Number((value >> BigInt(width - 8 * (index + 1))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

/** Parses `ADDRESS/LENGTH`; host bits are cleared. Errors: UsageError naming the text. */
export function parsePrefix(text: string): Prefix {
  try {
    const [address, length] = ipaddr.parseCIDR(text);
    const width = address.kind() === 'ipv4' ? 32 : 128;
    const hostBits = BigInt(width - length);
    return { network: (toInteger(address.toByteArray()) >> hostBits) << hostBits, length, width };
  } catch (cause) {
    throw new UsageError(`\`${text}\` is not an IP prefix: expected ADDRESS/LENGTH, such as 10.42.0.0/16`, { cause });
  }
}

/** The prefix as `ADDRESS/LENGTH` (IPv6 as RFC 5952 writes it). */
export function formatPrefix(prefix: Prefix): string {
  return `${fromInteger(prefix.network, prefix.width)}/${prefix.length}`;
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.width !== inner.width || outer.length > inner.length) return false;
  const hostBits = BigInt(outer.width - outer.length);
  return outer.network >> hostBits === inner.network >> hostBits;
}

/** Whether the prefixes share an address: one then contains the other. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** The n-th address of a prefix, counted from 0, the network address. Errors: UsageError when the prefix is too small. */
export function addressAt(prefix: Prefix, index: number): string {
  if (BigInt(index) >= 1n << BigInt(prefix.width - prefix.length)) throw new UsageError(`${formatPrefix(prefix)} has no address number ${index}: it is too small`);
  return fromInteger(prefix.network + BigInt(index), prefix.width);
}
