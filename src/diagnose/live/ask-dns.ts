/** Asks a DNS server over UDP, from a host's own network namespace or from that of a pod on it. */
import { randomBytes } from 'node:crypto';
import type { NodeShell } from '../../node/shell.ts';
import { readAttempt, type Attempt } from './connect.ts';
import { FIND_NAMESPACE } from './find-namespace.ts';

const TIMEOUT_MS = 40_000;

/**
 * The question `version.bind CH TXT` (RFC 1035, §4.1; identifier "FL"). A server answers or refuses it by itself, and asks no
 * other one, so that a server without a way to the Internet is no server that cannot be reached.
 */
const QUESTION = String.raw`FL\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03`;

/** Three questions, since one may be lost by chance, with 1.6 s for each: one that nobody listens to is refused, and ends with the words of head. */
const ASK = `exec 3<>"/dev/udp/$0/$1" || exit 1; for t in 1 2 3; do printf "${QUESTION}" >&3 || exit 1; said=$(timeout 1.6 head -c 2 <&3); s=$?; [ "$said" = FL ] && exit 0; [ $s = 124 ] || exit 1; done; exit 124`;

/** Constant; marker, pod address (empty: the host itself), server and port are its arguments. Prints `MARKER STATUS TEXT`, or `MARKER none REASON`. */
const SCRIPT = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; m=$1 ip=$2 host=$3 port=$4
enter=
if [ -n "$ip" ]; then
${FIND_NAMESPACE}fi
if command -v bash >/dev/null; then
  said=$($enter bash -c '${ASK}' "$host" "$port" 2>&1); status=$?
elif command -v dig >/dev/null; then
  said=$($enter dig +time=2 +tries=2 -p "$port" "@$host" version.bind CH TXT 2>&1); status=$?; [ $status = 9 ] && status=124
else
  printf '\\n%s none neither bash nor dig is there\\n' "$m"; exit 0
fi
printf '\\n%s %s %s\\n' "$m" "$status" "$(printf '%s' "$said" | tr '\\n' ' ' | cut -c 1-300)"`;

/** Asks from the pod with the address `from`, or from the host itself without one. Errors: EnvironmentError when the host cannot be reached. */
export async function askDns(shell: NodeShell, from: string | undefined, host: string, port: number): Promise<Attempt> {
  const marker = `@@${randomBytes(9).toString('hex')}`;
  const { stdout, stderr, code } = await shell.run(['sh', '-c', SCRIPT, 'sh', marker, from ?? '', host, String(port)], { timeoutMs: TIMEOUT_MS });
  if (code !== 0) return { value: undefined, said: stderr.trim().slice(0, 300) || `the command ended with status ${code}` };
  const read = readAttempt(stdout, marker);
  return read.value === 'ok' ? { value: 'ok', said: 'answered' } : read;
}
