/** Tries a TCP connection from a host's own network namespace or from that of a pod on it, with what any host has. */
import { randomBytes } from 'node:crypto';
import type { NodeShell } from '../../node/shell.ts';
import { FIND_NAMESPACE } from './find-namespace.ts';

/** What an attempt came to; `undefined` where it could not be made, with the reason. */
export interface Attempt { value: 'ok' | 'refused' | 'timeout' | 'no-route' | 'net-unreachable' | 'reset' | undefined; said: string }

/**
 * Seconds that an attempt has. Linux sends a SYN at 0, 1 and 3 s, so that three may be answered: ICMP errors are limited
 * to about one a second for each peer, and ARP that nobody answers is given up after 3 s.
 */
const SECONDS = 5;
/** An attempt, and the search for the namespace on a node with many pods. */
const TIMEOUT_MS = 40_000;

/**
 * Constant; marker, pod address (empty: the host itself), destination, port and seconds are its arguments. bash opens
 * connections by itself (/dev/tcp); where it cannot, nc does. Prints `MARKER STATUS TEXT`, or `MARKER none REASON`.
 */
const SCRIPT = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; m=$1 ip=$2 host=$3 port=$4 s=$5
enter=
if [ -n "$ip" ]; then
${FIND_NAMESPACE}fi
if command -v bash >/dev/null; then
  said=$($enter timeout -k 1 "$s" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>&1); status=$?
elif command -v nc >/dev/null; then
  said=$($enter timeout -k 1 "$s" nc -z -v -w "$s" "$host" "$port" 2>&1); status=$?
else
  printf '\\n%s none neither bash nor nc is there\\n' "$m"; exit 0
fi
printf '\\n%s %s %s\\n' "$m" "$status" "$(printf '%s' "$said" | tr '\\n' ' ' | cut -c 1-300)"`;

/** Words of the kernel, as bash and nc print them; the first that is there. */
const WORDS: readonly (readonly [RegExp, Exclude<Attempt['value'], undefined>])[] = [
  [/refused/i, 'refused'], [/no route to host/i, 'no-route'],
  // Routes of type blackhole and prohibit, to who sends from the host itself (ip-route(8): EINVAL, EACCES).
  [/connect\b.*(?:invalid argument|permission denied)/i, 'no-route'],
  [/network is unreachable/i, 'net-unreachable'], [/reset by peer/i, 'reset'], [/timed? ?out/i, 'timeout'],
];

/** Reads what the script printed. */
export function readAttempt(text: string, marker: string): Attempt {
  const line = text.split('\n').find((one) => one.startsWith(`${marker} `))?.slice(marker.length + 1) ?? 'none nothing was printed';
  const [status = '', ...rest] = line.split(' ');
  const said = rest.join(' ').trim();
  if (status === 'none') return { value: undefined, said };
  if (status === '0') return { value: 'ok', said: 'connected' };
  const value = WORDS.find(([pattern]) => pattern.test(said))?.[1];
  // timeout(1) ends with 124, or 137 when it had to kill.
  return value === undefined && (status === '124' || status === '137') ? { value: 'timeout', said: `no answer within ${SECONDS} s` } : { value, said: said === '' ? `it ended with status ${status}` : said };
}

/** Connects from the pod with the address `from`, or from the host itself without one. Errors: EnvironmentError when the host cannot be reached. */
export async function connectFrom(shell: NodeShell, from: string | undefined, host: string, port: number): Promise<Attempt> {
  const marker = `@@${randomBytes(9).toString('hex')}`;
  const { stdout, stderr, code } = await shell.run(['sh', '-c', SCRIPT, 'sh', marker, from ?? '', host, String(port), String(SECONDS)], { timeoutMs: TIMEOUT_MS });
  return code === 0 ? readAttempt(stdout, marker) : { value: undefined, said: stderr.trim().slice(0, 300) || `the command ended with status ${code}` };
}
