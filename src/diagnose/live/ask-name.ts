/** Asks a DNS server for the address of a name over UDP, from a host's own network namespace or from that of a pod on it. */
import { randomBytes } from 'node:crypto';
import type { NodeShell } from '../../node/shell.ts';
import { FIND_NAMESPACE } from './find-namespace.ts';

/** What a server said of a name (RFC 1035, §4.1.1: RCODE 0, 3, 2, 5), `silent` where it said nothing; undefined where it could not be asked, with the reason. */
export interface NameAnswer { value: 'answered' | 'no-such-name' | 'server-failure' | 'refused' | 'silent' | undefined; said: string }

const RCODES: Readonly<Record<number, readonly [Exclude<NameAnswer['value'], undefined>, string]>> = { 0: ['answered', 'NOERROR'], 2: ['server-failure', 'SERVFAIL'], 3: ['no-such-name', 'NXDOMAIN'], 5: ['refused', 'REFUSED'] };

/** Seconds that an answer has: CoreDNS' forward gives its upstreams 5 s, and then says that it failed (coredns: plugin/forward, defaultTimeout). */
const SECONDS = 8;
const TIMEOUT_MS = 40_000;

/** Constant; marker, pod address (empty: the host itself), server, port, seconds and the question as printf's words are its arguments. Prints `MARKER BYTES`, those with which the answer begins, or `MARKER none REASON`. */
const SCRIPT = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; m=$1 ip=$2 host=$3 port=$4 s=$5 question=$6
enter=
if [ -n "$ip" ]; then
${FIND_NAMESPACE}fi
command -v bash >/dev/null && command -v od >/dev/null || { printf '\\n%s none bash or od is not there\\n' "$m"; exit 0; }
said=$($enter bash -c 'exec 3<>"/dev/udp/$0/$1" && printf "$3" >&3 && timeout "$2" head -c 4 <&3 | od -An -tx1' "$host" "$port" "$s" "$question" 2>/dev/null)
printf '\\n%s %s\\n' "$m" "$(printf '%s' "$said" | tr -s ' \\n' ' ')"`;

const hex = (bytes: readonly number[]): string => bytes.map((byte) => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('');

/** The question for an address of IPv4, identifier "FN", recursion desired (RFC 1035, §4.1), as words of printf. */
export function questionOf(name: string): string {
  const labels = name.replace(/\.$/, '').split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]);
  return hex([0x46, 0x4e, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

/** Reads what the script printed. */
export function readAnswer(text: string, marker: string): NameAnswer {
  const line = text.split('\n').find((one) => one.startsWith(`${marker} `))?.slice(marker.length + 1).trim() ?? 'none nothing was printed';
  if (line.startsWith('none ')) return { value: undefined, said: line.slice('none '.length) };
  if (line === '') return { value: 'silent', said: `no answer within ${SECONDS} s` };
  const [first, second, , flags] = line.split(' ').map((byte) => Number.parseInt(byte, 16));
  const known = first === 0x46 && second === 0x4e && flags !== undefined ? RCODES[flags & 15] : undefined;
  return known === undefined ? { value: undefined, said: `an answer that is not understood: ${line}` } : { value: known[0], said: known[1] };
}

/** Asks from the pod with the address `from`, or from the host itself without one. `name`: labels of at most 63 letters, digits, hyphens and underscores. Errors: EnvironmentError when the host cannot be reached. */
export async function askName(shell: NodeShell, from: string | undefined, server: { host: string; port: number }, name: string): Promise<NameAnswer> {
  const marker = `@@${randomBytes(9).toString('hex')}`;
  const { stdout, stderr, code } = await shell.run(['sh', '-c', SCRIPT, 'sh', marker, from ?? '', server.host, String(server.port), String(SECONDS), questionOf(name)], { timeoutMs: TIMEOUT_MS });
  return code === 0 ? readAnswer(stdout, marker) : { value: undefined, said: stderr.trim().slice(0, 300) || `the command ended with status ${code}` };
}
