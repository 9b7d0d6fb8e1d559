/** What the first bytes of a connection say that it carries. */
import { u16, u8 } from '../read/bytes.ts';

export interface Application { kind: 'http/1' | 'http/2' | 'tls' | 'ssh'; /** Of TLS the server's name, of HTTP/1 the request or status line's beginning. */ detail: string }

const PREFACE = 'PRI * HTTP/2.0\r\n';
const METHODS = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) \S/;

/** What any of these begins with: one look is enough for most connections. */
const LETTERS: ReadonlySet<number> = new Set(Array.from('GHPDCOTS', (letter) => letter.charCodeAt(0)));

/** Undefined for what is not known. `[at, end)` is the payload of a connection's first segment with data. */
export function applicationOf(bytes: Uint8Array, at: number, end: number): Application | undefined {
  if (end - at < 6) return undefined;
  if (u8(bytes, at) === 22 && u8(bytes, at + 1) === 3) return { kind: 'tls', detail: serverName(bytes, at, end) ?? '' };
  if (!LETTERS.has(u8(bytes, at))) return undefined;
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(end - at, 96)).toString('latin1');
  if (line.startsWith(PREFACE.slice(0, Math.min(PREFACE.length, end - at)))) return { kind: 'http/2', detail: '' };
  if (METHODS.test(line)) return { kind: 'http/1', detail: method(line) };
  if (line.startsWith('HTTP/1.')) return { kind: 'http/1', detail: line.slice(9, 12) };
  return line.startsWith('SSH-') ? { kind: 'ssh', detail: '' } : undefined;
}

/** Method and path: what follows a question mark may hold secrets, and so may user information in an absolute URL. */
const method = (line: string): string => line.split(/[?\r\n]/, 1)[0]?.replace(/ HTTP\/1\..*$/, '').replace(/\/\/[^/@ ]*@/, '//').replace(/[^\x20-\x7e]/g, '.') ?? '';

/** The name in a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3); undefined when there is none or it is not in the first segment. */
export function serverName(bytes: Uint8Array, from: number, end: number): string | undefined {
  // Record header, handshake header of type ClientHello, version and random.
  let at = from + 5 + 4 + 2 + 32;
  if (end <= at || u8(bytes, from + 5) !== 1) return undefined;
  at += 1 + u8(bytes, at);
  if (end - at < 2) return undefined;
  at += 2 + u16(bytes, at);
  if (end - at < 1) return undefined;
  at += 1 + u8(bytes, at);
  if (end - at < 2) return undefined;
  const last = Math.min(end, at + 2 + u16(bytes, at));
  at += 2;
  while (last - at >= 4) {
    const [kind, size] = [u16(bytes, at), u16(bytes, at + 2)];
    if (kind !== 0) {
      at += 4 + size;
      continue;
    }
    if (last - at < 9) return undefined;
    const length = u16(bytes, at + 7);
    if (u8(bytes, at + 6) !== 0 || length > size - 5 || at + 9 + length > last) return undefined;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 9, length).toString('latin1');
    return /^[\w.-]{1,253}$/.test(name) ? name : undefined;
  }
  return undefined;
}
