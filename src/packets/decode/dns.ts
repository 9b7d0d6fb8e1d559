/** Reads DNS messages (RFC 1035 §4) as far as a diagnosis needs: identity, kind, result, the first question. */
import { u16, u8 } from '../read/bytes.ts';

/** One message, in an object that the next call overwrites; `dnsName` reads its name while it lasts. */
export interface DnsMessage { id: number; response: boolean; result: number; type: number; truncated: boolean; nameAt: number; nameEnd: number }

/** Names have at most 255 bytes and 127 labels (§2.3.4). */
const LONGEST = 255;

const message: DnsMessage = { id: 0, response: false, result: 0, type: 0, truncated: false, nameAt: 0, nameEnd: 0 };

/** The message in [at, end); undefined when it is none. Questions only: answers are not walked. */
export function readDns(bytes: Uint8Array, at: number, end: number): Readonly<DnsMessage> | undefined {
  if (end - at < 12) return undefined;
  const flags = u16(bytes, at + 2);
  // Standard queries with one question: all that resolvers send.
  if (((flags >> 11) & 15) !== 0 || u16(bytes, at + 4) !== 1) return undefined;
  let from = at + 12;
  for (;;) {
    if (from >= end) return undefined;
    const size = u8(bytes, from);
    if (size === 0) break;
    // No pointers: nothing stands before the first question.
    if (size > 63 || from + 1 + size > end || from - at - 12 + size >= LONGEST) return undefined;
    from += 1 + size;
  }
  if (end - from < 5) return undefined;
  message.id = u16(bytes, at);
  message.response = (flags & 0x8000) !== 0;
  message.result = flags & 15;
  message.type = u16(bytes, from + 1);
  message.truncated = (flags & 0x0200) !== 0;
  message.nameAt = at + 12;
  message.nameEnd = from;
  return message;
}

const scratch = Buffer.alloc(LONGEST + 1);

/** The name of labels in [at, end), in small letters, with what is not printable as RFC 1035 §5.1 writes it. */
export function dnsName(bytes: Uint8Array, at: number, end: number): string {
  if (at === end) return '.';
  let odd = false;
  for (let label = at; label < end; label += 1 + u8(bytes, label)) {
    if (label > at) scratch[label - at - 1] = 0x2e;
    for (let byte = label + 1; byte <= label + u8(bytes, label); byte++) {
      const value = u8(bytes, byte);
      odd ||= value <= 0x20 || value >= 0x7f || value === 0x2e || value === 0x5c;
      scratch[byte - at - 1] = value >= 0x41 && value <= 0x5a ? value | 0x20 : value;
    }
  }
  if (!odd) return scratch.toString('latin1', 0, end - at - 1);
  const labels: string[] = [];
  for (let label = at; label < end; label += 1 + u8(bytes, label)) labels.push(Array.from(bytes.subarray(label + 1, label + 1 + u8(bytes, label)), printable).join(''));
  return labels.join('.').toLowerCase();
}

function printable(byte: number): string {
  return byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA', 33: 'SRV', 64: 'SVCB', 65: 'HTTPS', 255: 'ANY' };
/** `AAAA`, or `TYPE99` as RFC 3597 writes it. */
export const dnsType = (type: number): string => TYPES[type] ?? `TYPE${type}`;
const RESULTS: readonly string[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
export const dnsResult = (result: number): string => RESULTS[result] ?? `RCODE${result}`;
