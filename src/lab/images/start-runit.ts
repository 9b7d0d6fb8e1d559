/** The program `start_runit` of our calico/node image: what upstream's script, rc.local and runit services do, as one shell script. */

/**
 * Follows node/filesystem/sbin/start_runit, etc/rc.local and etc/service/available/<name>/run of Calico v3.31.0 for
 * the Kubernetes datastore without BGP (backend `vxlan` or `none`). Differences, each on purpose:
 * - runit is not in the image; `keep` restarts a helper a second after it ended, as runsv does. Helpers are those
 *   of rc.local, but for status-reporter (it only reports on BIRD) and for the tunnel address allocator with
 *   USE_POD_CIDR=true (it would sleep for ever: the address is the first one of the pod CIDR).
 * - Felix is restarted when it asks for that (status 129: its configuration changed, felix/daemon/daemon.go); when
 *   it ends in any other way the container ends, so that the kubelet counts and shows it.
 * - Everything logs to stdout, as with CALICO_DISABLE_FILE_LOGGING=true in upstream's manifest.
 */
export const START_RUNIT = `#!/bin/sh
if [ "\${CALICO_NETWORKING_BACKEND:-vxlan}" != vxlan ] && [ "$CALICO_NETWORKING_BACKEND" != none ]; then
  echo "CALICO_NETWORKING_BACKEND=$CALICO_NETWORKING_BACKEND: this image has no BGP daemon; use vxlan or none" >&2
  exit 1
fi

# This calico-node is built without cgo and hence without libbpf: cleaning up BPF load-balancing state that an
# earlier Felix may have left would panic ("LIBBPF syscall stub"). No Felix of this image can have left any.
export FELIX_DebugSkipCTLBCleanup=true

mkdir -p /var/run/calico/endpoint-status /var/lib/calico

calico-node -startup || exit 1
if [ ! -f /var/lib/calico/nodename ]; then
  echo "/var/lib/calico/nodename does not exist, exiting"
  exit 1
fi
NODENAME=$(cat /var/lib/calico/nodename)
export NODENAME
calico-node -allocate-tunnel-addrs -allocate-tunnel-addrs-run-once || exit 1

keep() {
  while :; do
    "$@"
    sleep 1
  done
}

keep calico-node -complete-startup &
if [ "$CALICO_NETWORKING_BACKEND" != none ]; then
  keep calico-node -monitor-addresses &
fi
case "$USE_POD_CIDR" in
  [Tt]rue | TRUE | 1) ;;
  *) keep calico-node -allocate-tunnel-addrs & ;;
esac
if [ "$CALICO_MANAGE_CNI" != false ]; then
  keep calico-node -monitor-token &
fi

echo "Calico node started successfully"

if [ -n "$CALICO_DISABLE_FELIX" ]; then
  wait
  exit
fi

export FELIX_FELIXHOSTNAME="$NODENAME"
if [ -n "$DATASTORE_TYPE" ]; then
  # Felix hangs when this is set but empty.
  export FELIX_DATASTORETYPE="$DATASTORE_TYPE"
fi
felix=
trap 'kill -TERM $felix 2>/dev/null; exit 143' TERM INT
while :; do
  calico-node -felix &
  felix=$!
  wait $felix
  status=$?
  if [ $status -ne 129 ]; then
    echo "Felix ended with status $status" >&2
    exit $status
  fi
  sleep 1
done
`;

/** Felix' file of last resort, as upstream ships it: log to the screen only, no metadata server. */
export const FELIX_CFG = `[global]
MetadataAddr = None
LogFilePath = None
LogSeverityFile = None
LogSeveritySys = None
`;
