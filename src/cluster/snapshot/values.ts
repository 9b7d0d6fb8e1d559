/** Which texts are plainly an address, a port or a size, and which look like a secret: pure. */
import ipaddr from 'ipaddr.js';

/** A number with the units of Kubernetes quantities, bytes or times. */
const SIZE = /^-?\d{1,18}(\.\d{1,9})?(m|k|K|M|G|T|P|Ki|Mi|Gi|Ti|Pi|ms|s|h|B|KB|MB|GB)?$/;
/** Names of Services inside a cluster: nothing else that is a word is taken for an address. */
const SERVICE_NAME = /^[a-z0-9-]+(\.[a-z0-9-]+){0,3}\.svc(\.cluster\.local)?$/;

/** `ADDRESS` or `ADDRESS/LENGTH`. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text) && !text.includes('%')) || isPrefix(text);
}

function isPrefix(text: string): boolean {
  const slash = text.indexOf('/');
  return slash > 0 && /^\d{1,3}$/.test(text.slice(slash + 1)) && ipaddr.isValidCIDR(text);
}

/** A port, with or without the colon that Go programs write before it. */
export function isPort(text: string): boolean {
  return /^:?\d{1,5}$/.test(text) && Number(text.replace(':', '')) <= 65535;
}

/** An address or a Service's name, with a port or without, with a scheme or without; no path, no user. */
function isEndpoint(text: string): boolean {
  const match = /^(?:(?:https?|grpc|tcp|udp):\/\/)?(\[[0-9a-fA-F:]+\]|[^/:@\s]+)(?::(\d{1,5}))?\/?$/.exec(text);
  const host = match?.[1]?.replace(/^\[|\]$/g, '') ?? '';
  return isAddress(host) || SERVICE_NAME.test(host);
}

/** Whether a text is an address, a prefix, a range, an endpoint, a port, a size or a list of such. */
export function isPlainValue(text: string): boolean {
  const parts = text.split(',').map((part) => part.trim());
  return text.length <= 1024 && parts.every((part) => part.split('-').every(isAddress) || isAddress(part) || isPort(part) || SIZE.test(part) || isEndpoint(part));
}

/** What secrets look like wherever they stand: keys, tokens of well-known makers, credentials in addresses and in assignments. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*(PRIVATE KEY|CERTIFICATE)/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\b(gh[pousr]|glpat|xox[abprs]|sk|pk|hf|npm)[_-][A-Za-z0-9_-]{16,}/,
  /\bK10[0-9a-f]{20,}/,
  /[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@/i,
  /(pass(word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth)["']?\s*[=:]\s*\S/i,
  /\b(bearer|basic)\s+[A-Za-z0-9+/_=.-]{8,}/i,
];

/** Whether a text has the form of a secret. What it misses is why everything else goes by allow-lists. */
export function looksSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text));
}

/** Names of fields and flags behind which secrets stand. */
export function namesSecret(name: string): boolean {
  return /pass(word|wd|phrase)?$|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|bearer|cookie|\bauth\b/i.test(name);
}
