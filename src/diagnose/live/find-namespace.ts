/** Finds the network namespace of a pod on its host, as lines for a shell. */

/**
 * Constant. Expects the marker in $m and the pod's address in $ip; sets $enter to the words that enter its namespace, or
 * prints `MARKER none REASON` and ends. Namespaces are found as `src/node/facts/pod-namespaces.ts` finds them; the host's own never counts.
 */
export const FIND_NAMESPACE = `own=$(stat -L -c %i /proc/self/ns/net) || exit 1
enter=
for path in $(stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | sort -k2.7n | sort -s -n -u -k1,1 | while read -r ns path; do [ "$ns" = "$own" ] || echo "$path"; done); do
  if nsenter --net="$path" ip -o addr show 2>/dev/null | grep -qF " $ip/"; then enter="nsenter --net=$path"; break; fi
done
[ -n "$enter" ] || { printf '\\n%s none no network namespace on this node has %s\\n' "$m" "$ip"; exit 0; }
`;
