/** `--until-fails`: a connection that is tried again and again from where it fails, so that the recording ends shortly after it did. */
import { isIP } from 'node:net';
import { UsageError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { Place } from './points.ts';

export interface Attempt { from: string; address: string; port: number; protocol: 'tcp' | 'udp' }

export interface Failure { /** Seconds since 1970 by the node's clock; undefined when the node does not say. */ at: number | undefined; why: string }

/** Seconds that one attempt may take, and that one command on the node goes on trying. */
const [PATIENCE, TURN] = [2, 4];

/** Programs that trying needs on the node. */
export const PROBE_PROGRAMS = ['bash', 'timeout', 'dd'] as const;

/** Reads `namespace/pod → 10.43.0.10:53/udp`. Errors: UsageError. */
export function parseAttempt(text: string): Attempt {
  const [from = '', to = '', ...more] = text.split(/\s*(?:→|->)\s*/);
  const [, bracketed, plain, port, protocol = 'tcp'] = /^(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d+)(?:\/(tcp|udp))?$/.exec(to) ?? [];
  const address = bracketed ?? plain ?? '';
  if (from === '' || more.length > 0 || port === undefined || isIP(address) === 0 || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`--until-fails is ${JSON.stringify(text)}; expected 'NAMESPACE/POD → ADDRESS:PORT' or 'NODE → ADDRESS:PORT', with /udp behind the port for DNS.`, {
      hint: isIP(address) === 0 && address !== '' ? 'Addresses alone: names would be resolved by the node, not by the pod. `kubectl get service -o wide` shows the address of a Service.' : 'An IPv6 address stands in brackets: [fd00::1]:443.',
    });
  }
  return { from: from.trim(), address, port: Number(port), protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

/** An attempt in words, as `parseAttempt` reads it. */
export const attemptText = ({ from, address, port, protocol }: Attempt): string => `${from} → ${address.includes(':') ? `[${address}]` : address}:${port}${protocol === 'udp' ? '/udp' : ''}`;

/**
 * Constant. TCP: a connection is made and closed. UDP: a DNS question (the root's name servers) must be answered: nothing else is known to
 * answer. One line for the first attempt that fails, nothing when none did in time.
 */
const TRY = `address=$1; port=$2; patience=$4; end=$(( $(date +%s) + $5 ))
tcp='exec 3<>"/dev/tcp/$0/$1"'
udp='exec 3<>"/dev/udp/$0/$1" && printf "\\022\\064\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000\\000\\002\\000\\001" >&3 && [ "$(dd bs=4096 count=1 <&3 2>/dev/null | wc -c)" -gt 0 ]'
if [ "$3" = tcp ]; then attempt=$tcp; else attempt=$udp; fi
while :; do
  began=$(date +%s.%N)
  said=$(timeout "$patience" bash -c "$attempt" "$address" "$port" 2>&1) || { printf 'failed %s %s %s\\n' "$began" "$?" "$(printf '%s' "$said" | tail -n 1)"; exit 0; }
  [ "$(date +%s)" -ge "$end" ] && exit 0
  sleep 0.5
done`;

export function tryArgv({ address, port, protocol }: Attempt, namespace: string | undefined): string[] {
  return [...(namespace === undefined ? [] : ['nsenter', `--net=${namespace}`]), 'bash', '-c', TRY, 'bash', address, String(port), protocol, String(PATIENCE), String(TURN)];
}

/** What the script printed; undefined when nothing failed. Status 124 is timeout's own. */
export function parseFailure(text: string): Failure | undefined {
  const [, at, code, said = ''] = /^failed (\d+\.\d+) (\d+)(?: (.*))?$/m.exec(text) ?? [];
  if (at === undefined) return undefined;
  const why = code === '124' ? `no answer within ${PATIENCE} s` : said.replace(/^.*: (?=[^:]+$)/, '').trim();
  return { at: Number(at), why: why === '' ? 'no answer' : why };
}

/** Tries for a few seconds. That it cannot be tried any more, because the pod is gone, is a failure, too. Errors: EnvironmentError when the node cannot be reached. */
export async function tryFor(shell: NodeShell, attempt: Attempt, place: Place): Promise<Failure | undefined> {
  const argv = tryArgv(attempt, place.namespace);
  const { code, stdout, stderr } = await shell.run(argv, { timeoutMs: 30_000 });
  if (code !== 0) return { at: undefined, why: `it cannot be tried from ${place.text} any more: ${stderr.trim().slice(0, 500)}` };
  return parseFailure(stdout);
}
