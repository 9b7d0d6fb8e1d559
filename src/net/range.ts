/** Ranges of addresses, as prefixes or as FIRST-LAST: pure, for both families. */
import ipaddr from 'ipaddr.js';
import { parsePrefix } from './prefix.ts';

export interface AddressRange {
  first: bigint;
  last: bigint;
  /** 32 for IPv4, 128 for IPv6. */
  width: 32 | 128;
}

function parseAddress(text: string): { value: bigint; width: 32 | 128 } | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !(text.includes(':') && ipaddr.isValid(text))) return undefined;
  const address = ipaddr.parse(text);
  return { value: address.toByteArray().reduce((value, byte) => (value << 8n) | BigInt(byte), 0n), width: address.kind() === 'ipv4' ? 32 : 128 };
}

/** Parses `ADDRESS`, `ADDRESS/LENGTH` or `FIRST-LAST`; undefined for anything else, and for ranges that end before they begin. */
export function parseRange(text: string | undefined): AddressRange | undefined {
  if (text === undefined) return undefined;
  const [from = '', to] = text.split('-').map((part) => part.trim());
  if (to !== undefined) {
    const [first, last] = [parseAddress(from), parseAddress(to)];
    return first === undefined || last === undefined || first.width !== last.width || first.value > last.value ? undefined : { first: first.value, last: last.value, width: first.width };
  }
  const single = parseAddress(from);
  if (single !== undefined) return { first: single.value, last: single.value, width: single.width };
  try {
    const { network, length, width } = parsePrefix(from);
    return { first: network, last: network + (1n << BigInt(width - length)) - 1n, width };
  } catch {
    return undefined;
  }
}

/** Whether the ranges share an address. */
export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.width === b.width && a.first <= b.last && b.first <= a.last;
}

/** Whether every address of `inner` is one of `outer`. */
export function rangeContains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.width === inner.width && outer.first <= inner.first && inner.last <= outer.last;
}

/** How many addresses it has. */
export function rangeSize({ first, last }: AddressRange): bigint {
  return last - first + 1n;
}

/** Whether the texts' ranges share an address; false when one is no range. */
export function textsOverlap(a: string | undefined, b: string | undefined): boolean {
  const [one, other] = [parseRange(a), parseRange(b)];
  return one !== undefined && other !== undefined && rangesOverlap(one, other);
}

/** Whether the first text's range has all addresses of the second's; false when one is no range. */
export function textContains(outer: string | undefined, inner: string | undefined): boolean {
  const [one, other] = [parseRange(outer), parseRange(inner)];
  return one !== undefined && other !== undefined && rangeContains(one, other);
}
