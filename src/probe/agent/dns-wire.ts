/** DNS messages as far as a probe needs them: one question, A records in the answer (RFC 1035 §4). */

export const RecordType = { A: 1 } as const;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
/** RFC 1035 §2.3.4. */
const MAX_LABEL = 63;
const MAX_NAME = 255;

export interface DnsAnswer {
  id: number;
  response: boolean;
  truncated: boolean;
  /** 0 no error, 2 server failure, 3 no such name … */
  rcode: number;
  question: string;
  /** Addresses of all A records, whatever name they stand under: a resolver follows the CNAMEs before. */
  addresses: string[];
}

/** A recursive query for A records of `name`. Errors: RangeError when it is no DNS name. */
export function encodeQuery(id: number, name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.').map((label) => Buffer.from(label, 'latin1'));
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  if (length > MAX_NAME || labels.some((label) => label.length === 0 || label.length > MAX_LABEL)) throw new RangeError(`not a DNS name: ${name}`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2); // recursion desired
  header.writeUInt16BE(1, 4);
  const parts = labels.flatMap((label) => [Buffer.of(label.length), label]);
  return Buffer.concat([header, ...parts, Buffer.of(0, 0, RecordType.A, 0, CLASS_IN)]);
}

/** Reads an answer; undefined when it is malformed. Never throws, whatever the bytes. */
export function decodeAnswer(bytes: Buffer): DnsAnswer | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(4) !== 1) return undefined;
  const flags = bytes.readUInt16BE(2);
  const question = readName(bytes, HEADER_BYTES);
  if (!question) return undefined;
  let at = question.end + 4;
  const addresses: string[] = [];
  for (let left = bytes.readUInt16BE(6); left > 0; left -= 1) {
    const owner = readName(bytes, at);
    if (!owner || owner.end + 10 > bytes.length) return undefined;
    const type = bytes.readUInt16BE(owner.end);
    const recordClass = bytes.readUInt16BE(owner.end + 2);
    const length = bytes.readUInt16BE(owner.end + 8);
    const data = owner.end + 10;
    at = data + length;
    if (at > bytes.length) return undefined;
    if (type === RecordType.A && recordClass === CLASS_IN && length === 4) addresses.push(bytes.subarray(data, at).join('.'));
  }
  return { id: bytes.readUInt16BE(0), response: (flags & 0x8000) !== 0, truncated: (flags & 0x0200) !== 0, rcode: flags & 0x000f, question: question.name, addresses };
}

/** A name and where it ends; pointers may only lead backwards, so it ends. */
function readName(bytes: Buffer, start: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let total = 0;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[at + 1];
      const target = low === undefined ? at : ((length & 0x3f) << 8) | low;
      if (target >= at) return undefined;
      end ??= at + 2;
      at = target;
      continue;
    }
    total += length + 1;
    if (length > MAX_LABEL || total > MAX_NAME || at + 1 + length > bytes.length) return undefined;
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}
