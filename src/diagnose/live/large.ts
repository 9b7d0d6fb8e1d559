/** Whether packets as large as the pod's device takes arrive at another pod: pings that may not be cut, after one that is small. */
import { randomBytes } from 'node:crypto';
import type { NodeShell } from '../../node/shell.ts';
import { FIND_NAMESPACE } from './find-namespace.ts';

/** `lost`: the small one is answered and the large one is not. `too-big`: the kernel knows that the way carries less. */
export interface Sized { value: 'fits' | 'lost' | 'too-big' | undefined; said: string }

const TIMEOUT_MS = 40_000;

/**
 * Constant; marker, pod address and destination are its arguments. The size is the MTU of the pod's first device less 28
 * (RFC 791: 20 bytes of IP, RFC 792: 8 of ICMP). Three of each, since one may be lost by chance. Prints `MARKER WORD TEXT`.
 */
const SCRIPT = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; m=$1 ip=$2 host=$3
command -v ping >/dev/null || { printf '\\n%s none ping is not there\\n' "$m"; exit 0; }
${FIND_NAMESPACE}mtu=$($enter ip -o link show | grep -v ' lo:' | sed -n 's/.* mtu \\([0-9]*\\) .*/\\1/p' | head -n 1)
$enter ping -n -q -c 3 -i 0.3 -W 2 -s 56 "$host" >/dev/null 2>&1 || { printf '\\n%s none small pings are not answered either, which policies may forbid\\n' "$m"; exit 0; }
said=$($enter ping -n -c 3 -i 0.3 -W 2 -M do -s $((mtu - 28)) "$host" 2>&1) && { printf '\\n%s fits packets of %s bytes are answered\\n' "$m" "$mtu"; exit 0; }
case $said in *essage\\ too\\ long*|*rag\\ needed*) word=too-big;; *) word=lost;; esac
printf '\\n%s %s small pings are answered, those of %s bytes are not: %s\\n' "$m" "$word" "$mtu" "$(printf '%s' "$said" | tail -n 2 | tr '\\n' ' ' | cut -c 1-200)"`;

/** Reads what the script printed. */
export function readSized(text: string, marker: string): Sized {
  const line = text.split('\n').find((one) => one.startsWith(`${marker} `))?.slice(marker.length + 1) ?? 'none nothing was printed';
  const [word = '', ...rest] = line.split(' ');
  return { value: word === 'fits' || word === 'lost' || word === 'too-big' ? word : undefined, said: rest.join(' ').trim() };
}

/** Pings from the pod with the address `from`. Errors: EnvironmentError when the host cannot be reached. */
export async function pingLarge(shell: NodeShell, from: string, to: string): Promise<Sized> {
  const marker = `@@${randomBytes(9).toString('hex')}`;
  const { stdout, stderr, code } = await shell.run(['sh', '-c', SCRIPT, 'sh', marker, from, to], { timeoutMs: TIMEOUT_MS });
  return code === 0 ? readSized(stdout, marker) : { value: undefined, said: stderr.trim().slice(0, 300) || `the command ended with status ${code}` };
}
