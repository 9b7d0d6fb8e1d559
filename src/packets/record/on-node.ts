/**
 * What runs on a node while it records: constant scripts, all data comes as arguments. tcpdump writes a ring of files into a directory below
 * /var/tmp and is watched there by a keeper, which ends it and removes everything when nobody asks for it any more: a recording whose
 * Fairlead was killed ends by itself.
 */
import { randomBytes } from 'node:crypto';

/** Not below /run: it is memory on most hosts. */
const PLACE = '/var/tmp/fairlead-capture-';
/** Seconds after which a recording that nobody asks for is ended and removed: longer than an API server takes to restart. */
const LEASE = 120;
/** Files of the ring: when the last one is full, the first is written again. So many at least where the size allows it, and each of so many MB at most, because it is fetched as a whole. */
const [FILES, LARGEST] = [8, 16];
/** Seconds that tcpdump has to begin, and to end. */
const PATIENCE = 15;

/** A directory of a node for one recording. */
export const newPlace = (): string => PLACE + randomBytes(8).toString('hex');

export interface Recording {
  /** The node's directory, from `newPlace`. */
  place: string;
  interface: string;
  /** Bytes of each packet that are kept. */
  snap: number;
  /** Largest size of all files together, in MB (10^6 bytes). */
  megabytes: number;
  /** After which it ends by itself. */
  seconds: number;
  /** An expression as pcap-filter(7) describes it; empty for everything. */
  filter: string;
  /** Path of the network namespace below /proc; undefined for the node's own. */
  namespace: string | undefined;
}

/** Runs while tcpdump does, then until everything was fetched. Its arguments: directory, lease, argv. */
const KEEPER = `dir=$1; lease=$2; shift 2
fresh() { [ "$(( $(date +%s) - $(stat -c %Y "$dir/alive" 2>/dev/null || echo 0) ))" -le "$lease" ]; }
"$@" >/dev/null 2>"$dir/said" & child=$!
while kill -0 "$child" 2>/dev/null && [ ! -e "$dir/stop" ] && fresh; do sleep 1; done
kill "$child" 2>/dev/null; wait "$child"; echo "$?" >"$dir/ended"
while fresh; do sleep 1; done
rm -rf -- "$dir"`;

/**
 * Starts tcpdump and waits until it listens. Prints \`listening\`, \`ended\`, \`slow\` or \`space KB\`, then what tcpdump said. Recordings that a
 * node left when it went down are removed. tcpdump gives its privileges up to its own user where there is one.
 */
const START = `dir=$1; lease=$2; need=$3; namespace=$4; keeper=$5; patience=$6; shift 6; umask 077
for old in ${PLACE}*; do
  alive=$(stat -c %Y "$old/alive" 2>/dev/null) && [ "$(( $(date +%s) - alive ))" -gt 3600 ] && rm -rf -- "$old"
done
free=$(df -Pk /var/tmp | { read -r _; read -r _ _ _ free _; echo "$free"; })
if [ "$free" -lt "$need" ]; then echo "space $free"; exit 0; fi
mkdir -- "$dir" && chmod 711 "$dir" && mkdir -- "$dir/ring" && : >"$dir/alive" && : >"$dir/said" || exit 1
program=$1; limit=$2; shift 2
if id -u tcpdump >/dev/null 2>&1; then chown tcpdump "$dir/ring" || exit 1; else set -- -Z root "$@"; fi
set -- "$program" "$@"
[ -z "$namespace" ] || set -- nsenter "--net=$namespace" "$@"
setsid sh -c "$keeper" sh "$dir" "$lease" timeout -k 10 "$limit" "$@" >/dev/null 2>&1 </dev/null &
state=slow; left=$((patience * 5))
while [ "$left" -gt 0 ]; do
  if grep -q 'listening on' "$dir/said"; then state=listening; break; fi
  if [ -e "$dir/ended" ]; then state=ended; break; fi
  left=$((left - 1)); sleep 0.2
done
echo "$state"; cat -- "$dir/said"`;

/** Says that somebody still wants these recordings. Prints those that have ended. */
const BEAT = 'for dir in "$@"; do touch -c "$dir/alive" 2>/dev/null; if [ -e "$dir/ended" ] || [ ! -e "$dir/alive" ]; then printf "%s\\n" "$dir"; fi; done; true';

/** Ends a recording; prints what tcpdump said in the end. The kernel hands packets over after a second at the latest, and those that it still has are lost. */
const STOP = `dir=$1; left=$(($2 * 5)); touch -c "$dir/alive"; sleep 1.2; : >"$dir/stop"
while [ ! -e "$dir/ended" ] && [ "$left" -gt 0 ]; do left=$((left - 1)); sleep 0.2; done
cat -- "$dir/said"`;

/** Prints the paths in /proc of network namespaces, but for the node's own, that have the address. Each is looked into by its oldest process. */
const FIND = `own=$(stat -L -c %i /proc/self/ns/net) || exit 1
stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | sort -t / -k 3,3n | sort -s -n -u -k1,1 | while read -r ns path; do
  [ "$ns" = "$own" ] && continue
  nsenter --net="$path" ip -o addr show 2>/dev/null </dev/null | grep -qF " $1/" && printf '%s\\n' "$path"
done
true`;

const script = (text: string, ...words: readonly string[]): string[] => ['sh', '-c', text, 'sh', ...words];

/** The argv of tcpdump itself. A filter is one word behind `--`: nothing in it is an option. */
export function tcpdumpArgv({ place, interface: device, snap, megabytes, filter }: Recording): string[] {
  const part = Math.min(LARGEST, Math.max(1, Math.floor(megabytes / FILES)));
  return ['-i', device, '-p', '-n', '-s', String(snap), '-B', '4096', '-C', String(part), '-W', String(Math.floor(megabytes / part)), '-w', `${place}/ring/part.pcap`, ...(filter === '' ? [] : ['--', filter])];
}

/** Starts a recording. Room for twice its size must be left on the node. */
export function startArgv(recording: Recording): string[] {
  const kilobytes = Math.ceil((recording.megabytes * 2 * 1e6) / 1024);
  return script(START, recording.place, String(LEASE), String(kilobytes), recording.namespace ?? '', KEEPER, String(PATIENCE), 'tcpdump', String(recording.seconds), ...tcpdumpArgv(recording));
}

export const beatArgv = (places: readonly string[]): string[] => script(BEAT, ...places);
export const stopArgv = (place: string): string[] => script(STOP, place, String(PATIENCE));
export const findArgv = (address: string): string[] => script(FIND, address);
export const listArgv = (place: string): string[] => ['ls', '-1', '--', `${place}/ring`];
export const removeArgv = (places: readonly string[]): string[] => ['rm', '-rf', '--', ...places];

/** `ip -o link show` where packets are captured: names of devices by their indices. */
export const linksArgv = (namespace: string | undefined): string[] => [...(namespace === undefined ? [] : ['nsenter', `--net=${namespace}`]), 'ip', '-o', 'link', 'show'];

/** Device names by index, of the output of `linksArgv`. */
export function parseLinkNames(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^(\d+): ([^:@\s]+)/gm)].map(([, index, name]) => [index, name]));
}

/** What tcpdump says in the end; undefined where it did not come to that. */
export function parseCounts(said: string): { captured: number; dropped: number } | undefined {
  const [captured, dropped] = [/^(\d+) packets? captured/m, /^(\d+) packets? dropped by kernel/m].map((pattern) => pattern.exec(said)?.[1]);
  return captured === undefined || dropped === undefined ? undefined : { captured: Number(captured), dropped: Number(dropped) };
}
