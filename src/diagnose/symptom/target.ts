/** Whom a client wanted, from its error text: the forms in which programs write addresses, names and ports. */
import type { Symptom } from './symptom.ts';

type Target = Pick<Symptom, 'address' | 'name' | 'port' | 'protocol' | 'source' | 'server'>;

const HOST = String.raw`(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)`;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** `[::1]` without brackets; an address, or a name. */
function hostOf(text: string | undefined): Pick<Target, 'address' | 'name'> {
  if (text === undefined || text === '') return {};
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (IPV4.test(bare)) return bare.split('.').every((part) => Number(part) <= 255) ? { address: bare } : {};
  return bare.includes(':') ? { address: bare.toLowerCase() } : { name: bare.replace(/\.$/, '') };
}

function portOf(text: string | undefined): Pick<Target, 'port'> {
  const port = Number(text);
  return text === undefined || !Number.isInteger(port) || port < 1 || port > 65_535 ? {} : { port };
}

const at = (host: string | undefined, port: string | undefined, protocol?: string): Target => ({
  ...hostOf(host), ...portOf(port), ...(protocol === undefined ? {} : { protocol: protocol.toLowerCase().startsWith('udp') ? 'UDP' as const : 'TCP' as const }),
});

const serverOf = (text: string | undefined): Pick<Target, 'server'> => { const { address } = hostOf(text); return address === undefined ? {} : { server: address }; };
const sourceOf = (text: string | undefined): Pick<Target, 'source'> => { const { address } = hostOf(text); return address === undefined ? {} : { source: address }; };

/** What stands in texts beside the other end: who asked a proxy, who answered a ping, what a certificate is for, where to read more, ranges, groups of servers. */
const BESIDE = /\bclient: [^\s,]+|\bFrom \S+(?= icmp_seq)|\bis valid for [^"\n]*, (?=not )|\bsee https?:\/\/\S+|(?<![/\d.])\d+\.\d+\.\d+\.\d+(?:\/\d{1,2}\b|-\d+\.\d+\.\d+\.\d+)|no live upstreams.*|\bLoop \([^)]*\)/g;

/** Each form of text with how it is read; the first that matches counts. */
const FORMS: readonly { pattern: RegExp; read(match: RegExpExecArray): Target }[] = [
  // Go: lookup NAME on SERVER:53. What was wanted is the name; whom it did not reach may be the server.
  { pattern: new RegExp(String.raw`lookup (${HOST})\.? on (${HOST}):(\d+)`), read: ([, name, server, port]) => ({ ...hostOf(name), ...serverOf(server), ...portOf(port), protocol: 'UDP' }) },
  { pattern: new RegExp(String.raw`lookup (${HOST})\.?:`), read: ([, name]) => hostOf(name) },
  // CoreDNS: what it was asked and whom it asked; whose question it answered. dig: the server.
  { pattern: new RegExp(String.raw`plugin/errors: \d (${HOST})\.? \w+: (?:read|write|dial) (udp|tcp) (?:\S+->)?(${HOST}):(\d+)`), read: ([, name, protocol, server, port]) => ({ ...at(name, port, protocol), ...serverOf(server) }) },
  { pattern: new RegExp(String.raw`(?<![\w.-])(${HOST}):\d+ - \d+ "\w+ IN (${HOST})\.? (?:udp|tcp) `), read: ([, source, name]) => ({ ...hostOf(name), ...sourceOf(source) }) },
  { pattern: new RegExp(String.raw`communications error to (${HOST})#(\d+)`), read: ([, server, port]) => ({ ...at(server, port, 'udp'), ...serverOf(server) }) },
  // Go: what a server says of its client.
  { pattern: new RegExp(String.raw`TLS handshake error from (${HOST}):\d+`), read: ([, source]) => sourceOf(source) },
  // Certificates: what they are not for is what was wanted.
  { pattern: new RegExp(String.raw`certificate not (${HOST})`), read: ([, name]) => hostOf(name) },
  // nginx: upstream: "http://ADDRESS:PORT/…".
  { pattern: new RegExp(String.raw`upstream: "\w+://(${HOST}):(\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  // Go: read tcp SOURCE->TARGET.
  { pattern: new RegExp(String.raw`(?:read|write|dial|connect) (tcp|udp)\S* (${HOST}):\d+->(${HOST}):(\d+)`), read: ([, protocol, source, host, port]) => ({ ...at(host, port, protocol), ...sourceOf(source) }) },
  { pattern: new RegExp(String.raw`dial (tcp|udp)\S* (${HOST}):(\d+)`), read: ([, protocol, host, port]) => at(host, port, protocol) },
  // curl: Failed to connect to HOST port N; (ADDRESS) port N.
  { pattern: new RegExp(String.raw`connect to (${HOST}) (?:\(${HOST}\) )?port (\d+)`, 'i'), read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`\((${HOST})\) port (\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  // psql: connection to server at "HOST" (ADDRESS), port N failed.
  { pattern: new RegExp(String.raw`server at "(${HOST})"(?: \((${HOST})\))?, port (\d+)`), read: ([, host, address, port]) => at(address ?? host, port, 'tcp') },
  // Before PostgreSQL 14: on host "HOST" (ADDRESS) and accepting TCP/IP connections on port N. MySQL: server on 'HOST:PORT'. rclone's remote control: host:HOST port:N.
  { pattern: new RegExp(String.raw`on host "(${HOST})"(?: \((${HOST})\))? and accepting\s+TCP/IP connections on port (\d+)`), read: ([, host, address, port]) => at(address ?? host, port, 'tcp') },
  { pattern: new RegExp(String.raw`MySQL server (?:on|host) '(${HOST})(?::(\d+))?'`), read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`\bhost:(${HOST}) port:(\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  // Python: HTTPConnectionPool(host='…', port=N), ('10.0.0.1', 80).
  { pattern: /host='([^']+)',? port=(\d+)/, read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`\('(${HOST})', (\d+)\)`), read: ([, host, port]) => at(host, port) },
  // gRPC C core: ipv4:10.0.0.1:50051, ipv6:%5B::1%5D:50051; DNS resolution failed for NAME:PORT.
  { pattern: /ipv6:(?:%5B|\[)([0-9a-fA-F:.]+)(?:%25\w+)?(?:%5D|\]):(\d+)/, read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`DNS resolution failed for (${HOST}):(\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: /ipv4:(\d+\.\d+\.\d+\.\d+):(\d+)/, read: ([, host, port]) => at(host, port, 'tcp') },
  // Java: Connect to host:port [host/10.0.0.1] failed; host/10.0.0.1:80.
  { pattern: new RegExp(String.raw`(?:${HOST})?/(\d+\.\d+\.\d+\.\d+):(\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  // Resolvers, before URLs: the name is all they have.
  { pattern: new RegExp(String.raw`(?:could not resolve host:? |getaddrinfo (?:ENOTFOUND|EAI_AGAIN) |UnknownHostException: |bad address '|failed to resolve '|can't (?:find|resolve) |unable to resolve host (?:address )?['"‘\`]?|could not translate host name "|host not found in upstream "|\bquery[A-Z]\w* E[A-Z]+ )(${HOST})`, 'i'), read: ([, name]) => hostOf(name) },
  { pattern: new RegExp(String.raw`(?<![\w.-])(${HOST}) could not be resolved`), read: ([, name]) => hostOf(name) },
  // Node: connect ECONNREFUSED 10.0.0.1:80.
  { pattern: new RegExp(String.raw`connect E[A-Z]+ (\S+):(\d+)(?:\s|$|,)`), read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`https?://(${HOST}):(\d+)`), read: ([, host, port]) => at(host, port, 'tcp') },
  { pattern: new RegExp(String.raw`http(s?)://(${HOST})(?:[/"'\s]|$)`), read: ([, secure, host]) => at(host, secure === 's' ? '443' : '80', 'tcp') },
  // Anything of the form address:port, then name:port, but for words that have a number behind them; then a lone address.
  { pattern: /(?:^|[\s"'(=])(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):(\d{1,5})(?![\d.])/, read: ([, host, port]) => at(host, port) },
  { pattern: new RegExp(String.raw`(?:^|[\s"'(=])(?!(?:port|code|status|line|errno|error|exit|pid|id|took|size)\b)([A-Za-z][A-Za-z0-9-]*(?:\.(?!(?:go|py|ts|js|java|rs|cc?|rb)\b)[A-Za-z0-9-]+)*):(\d{2,5})(?![\d:]|\.\w)`), read: ([, host, port]) => at(host, port) },
  { pattern: /(?:^|[\s"'(=])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])/, read: ([, host]) => at(host, undefined) },
];

/** What the text says of the other end; empty when nothing. Never throws. */
export function targetOf(whole: string): Target {
  const text = whole.replace(BESIDE, '');
  for (const { pattern, read } of FORMS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const target = read(match);
    if (target.address !== undefined || target.name !== undefined || target.source !== undefined) return target;
  }
  return {};
}
