/** Incidents in which the network is innocent, and those of policies and names. */
import { policy } from '../../audit/examples.ts';
import type { Incident } from './incidents.ts';
import { textOf, type Trial } from './cluster.ts';

const client = (trial: Trial): string => trial.random.pick(['shop/web-1', 'shop/web-2']);
const from = (trial: Trial): string[] => ['--from', client(trial)];
/** Refused by Service shop/db, as its clients are. */
const refusedByDb = (trial: Trial): string[] => [textOf(trial, 'refused', trial.db, 5432), ...from(trial)];

/** The database's pods are in a state. */
function state(trial: Trial, status: object, more: object = {}): void {
  trial.change('Pod', /^db-/, (pod: { status: object }) => Object.assign(pod.status, { conditions: [{ type: 'Ready', status: 'False' }], containerStatuses: [status] }, more));
  for (const pod of ['db-1', 'db-2']) trial.inPods(trial.ip(pod), (facts: { sockets: object[] }) => (facts.sockets = []));
}

const NO_SANDBOX = { podIP: undefined, podIPs: undefined };
const crash = (trial: Trial): object => ({ name: 'db', ready: false, restartCount: 4 + trial.random.int(40), state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { reason: 'Error', exitCode: 1 } } });

export const APPLICATION: readonly Incident[] = [
  { fault: 'X3', what: 'nobody listens on the port of the Service', network: false, make: (trial) => { for (const pod of ['db-1', 'db-2']) trial.inPods(trial.ip(pod), (facts: { sockets: object[] }) => (facts.sockets = [])); return refusedByDb(trial); } },
  { fault: 'X4', what: 'the database listens on 127.0.0.1 alone', network: false, make: (trial) => { for (const pod of ['db-1', 'db-2']) trial.inPods(trial.ip(pod), (facts: { sockets: { address: string }[] }) => facts.sockets.forEach((socket) => (socket.address = '127.0.0.1'))); return refusedByDb(trial); } },
  { fault: 'X3', what: 'a sidecar is refused on 127.0.0.1, and nobody listens there', network: false, make: (trial) => [textOf(trial, 'refused', trial.random.pick(['127.0.0.1', '0.0.0.0']), 9_000 + trial.random.int(900)), ...from(trial)] },
  { fault: 'W1', what: 'the database ends again and again', network: false, make: (trial) => { state(trial, crash(trial)); return refusedByDb(trial); } },
  { fault: 'W2', what: 'the database uses up its memory', network: false, make: (trial) => { state(trial, { ...crash(trial), lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } }); return refusedByDb(trial); } },
  { fault: 'W3', what: 'the database has not finished starting', network: false, make: (trial) => { state(trial, { name: 'db', ready: false, started: false, restartCount: 0, state: { running: { startedAt: '2026-11-26T00:00:00Z' } } }); return refusedByDb(trial); } },
  { fault: 'W4', what: 'the image of the database is not there', network: false, make: (trial) => { state(trial, { name: 'db', ready: false, restartCount: 0, state: { waiting: { reason: trial.random.pick(['ImagePullBackOff', 'ErrImagePull']) } } }, { phase: 'Pending' }); return refusedByDb(trial); } },
  { fault: 'W5', what: 'no node has room for the database', network: false, make: (trial) => { state(trial, { name: 'db', ready: false, restartCount: 0 }, { phase: 'Pending', containerStatuses: [], ...NO_SANDBOX }); trial.change('Pod', /^db-/, (pod: { spec: { nodeName?: string } }) => delete pod.spec.nodeName); return refusedByDb(trial); } },
  { fault: 'W13', what: 'a Secret of the database is missing', network: false, make: (trial) => { state(trial, { name: 'db', ready: false, restartCount: 0, state: { waiting: { reason: 'CreateContainerConfigError' } } }, { phase: 'Pending' }); return refusedByDb(trial); } },
  { fault: 'K1', what: 'the selector of the Service selects nobody', network: false, make: (trial) => { trial.change('Service', /^db$/, (one: { spec: { selector: object } }) => (one.spec.selector = { app: 'database' })); return refusedByDb(trial); } },
  { fault: 'K2', what: 'a port that the Service does not have', network: false, make: (trial) => [textOf(trial, trial.random.pick(['timeout', 'refused']), trial.db, 3306), ...from(trial)] },
  { fault: 'K3', what: 'a Service that does not exist', network: false, make: (trial) => [trial.random.pick([`dial tcp: lookup database on ${trial.services}.0.10:53: no such host`, 'curl: (6) Could not resolve host: database', 'Error: getaddrinfo ENOTFOUND database']), ...from(trial)] },
  { fault: 'K3', what: 'a Service of another namespace, without its namespace', network: false, make: (trial) => [trial.random.pick([`dial tcp: lookup prometheus on ${trial.services}.0.10:53: no such host`, 'curl: (6) Could not resolve host: prometheus', 'Error: getaddrinfo ENOTFOUND prometheus']), ...from(trial)] },
  { fault: 'W6', what: 'an expired certificate', network: false, make: (trial) => [trial.random.pick(['Get "https://web.shop:443/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-26T00:00:00Z is after 2026-11-01T00:00:00Z', 'curl: (60) SSL certificate problem: certificate has expired', "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)", 'PKIX path building failed: unable to find valid certification path to requested target']), ...from(trial)] },
  { fault: 'W7', what: 'TLS against a port without TLS', network: false, make: (trial) => [trial.random.pick(['http: server gave HTTP response to HTTPS client', 'tls: first record does not look like a TLS handshake', 'curl: (35) error:0A00010B:SSL routines::wrong version number', 'rpc error: code = Unavailable desc = connection error: desc = "error reading server preface: http2: frame too large"']), ...from(trial)] },
  { fault: 'W8', what: 'the process has no file descriptor left', network: false, make: (trial) => [trial.random.pick(['accept tcp [::]:8080: accept4: too many open files', `dial tcp ${trial.db}:5432: socket: too many open files`, 'OSError: [Errno 24] Too many open files', 'Error: accept EMFILE']), ...from(trial)] },
  { fault: 'W10', what: 'two processes want one port', network: false, make: (trial) => [trial.random.pick(['listen tcp :8080: bind: address already in use', 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080', 'OSError: [Errno 98] Address already in use']), ...from(trial)] },
  { fault: 'W11', what: 'the application answers with an error', network: false, make: (trial) => [trial.random.pick(['Readiness probe failed: HTTP probe failed with statuscode: 500', 'HTTP/1.1 404 Not Found', 'rpc error: code = Unimplemented desc = unknown service inference.GRPCInferenceService', 'requests.exceptions.HTTPError: 403 Forbidden']), ...from(trial)] },
  { fault: 'P10', what: 'a policy denies, and the CNI drops', network: true, flavours: ['k3s-calico', 'kubeadm-calico', 'kubeadm-cilium'], make: (trial) => [textOf(trial, 'timeout', trial.db, 5432), '--from', trial.random.pick(['monitoring/prometheus-1', 'monitoring/prometheus-2'])] },
  { fault: 'P2', what: "a policy denies, and K3s' controller rejects", network: true, flavours: ['k3s-flannel'], make: (trial) => [textOf(trial, 'refused', trial.db, 5432), '--from', trial.random.pick(['monitoring/prometheus-1', 'monitoring/prometheus-2'])] },
  {
    fault: 'P3', what: 'egress without DNS', network: true, flavours: ['k3s-calico', 'kubeadm-calico', 'kubeadm-cilium', 'k3s-flannel'],
    make: (trial) => { trial.remove('NetworkPolicy', /^dns$/); return [trial.random.pick([`dial tcp: lookup db on ${trial.services}.0.10:53: read udp ${trial.ip('web-1')}:41234->${trial.services}.0.10:53: i/o timeout`, 'Temporary failure in name resolution', 'Error: getaddrinfo EAI_AGAIN db']), ...from(trial)]; },
  },
  { fault: 'P10', what: 'a new policy closes the database', network: true, flavours: ['k3s-calico', 'kubeadm-calico', 'kubeadm-cilium'], make: (trial) => { trial.remove('NetworkPolicy', /^db$/).add(policy('db', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [] }, 'shop')); return [textOf(trial, 'timeout', trial.db, 5432), ...from(trial)]; } },
  { fault: 'D3', what: 'no DNS pod is ready', network: true, make: (trial) => { trial.change('Pod', /^coredns-/, (pod: { status: object }) => Object.assign(pod.status, { conditions: [{ type: 'Ready', status: 'False' }], containerStatuses: [{ name: 'coredns', ready: false, restartCount: 12, state: { waiting: { reason: 'CrashLoopBackOff' } } }] })); return [`dial tcp: lookup db on ${trial.services}.0.10:53: read udp ${trial.ip('web-1')}:41234->${trial.services}.0.10:53: i/o timeout`, ...from(trial)]; }, or: ['W1', 'K1'] },
];
