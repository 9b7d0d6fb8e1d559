/** Cases in which the network is innocent: the application, or what it was told. */
import { idle, pod, ready, TRIAL } from '../../audit-trial/objects.ts';
import type { Case } from '../case.ts';
import { pidOf, quoted } from '../client.ts';
import { asks, asksFor, backend, followed, onNode, program, reaches, SERVER_PORT, SERVICE_PORT, waiting, warned, webServer, webService } from '../parts.ts';

const innocent = (lab: Case['lab'], id: string, what: string, right: readonly string[], make: Case['make'], also: Record<string, string> = {}): Case => ({ id, set: 'innocent', lab, what, truth: { faults: [right], also, network: false }, make });
const noEndpoint = { K1: 'the Service has no ready pod because of it' };
const NOBODY = { X3: 'nobody listens because of it', K1: 'the Service has no ready pod because of it' };
const FAILS = { readinessProbe: { tcpSocket: { port: SERVER_PORT }, periodSeconds: 1 } };
const certificate = (name: string): string => `mkdir -p /run/trial && openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/trial/tls.key -out /run/trial/tls.crt -days 1 -subj /CN=${name} 2>/dev/null && chmod 644 /run/trial/tls.key`;
const TLS = "const fs = require('node:fs'); require('node:https').createServer({ key: fs.readFileSync('/tls/tls.key'), cert: fs.readFileSync('/tls/tls.crt') }, (q, r) => r.end('ok')).listen(8443);";
/** Connections that are opened and kept for a minute and a half. */
const HOLD = "const [host, port, count] = process.argv.slice(1); for (let at = 0; at < Number(count); at++) require('node:net').connect(Number(port), host).on('error', () => {}); setTimeout(() => process.exit(), 90000);";

export const INNOCENT: readonly Case[] = [
  innocent('flannel', 'not-listening', 'the application listens on another port than it declares', ['X3'], (at) => ({ changes: [backend('elsewhere', at.api.name, { containers: [webServer('elsewhere', { port: at.number('listens on', 8081, 9999) })] }), ready('elsewhere'), followed(at, 'elsewhere')], asks: [asksFor(at, 'elsewhere')] })),
  innocent('calico', 'crash-loop', 'the application ends again and again', ['W1'], (at) => ({ changes: [backend('crashing', at.api.name, { containers: [program('crashing', `process.exit(${at.number('exit code', 1, 99)})`, [], { ports: [{ name: 'http', containerPort: SERVER_PORT }] })] }), reaches('crashing', '{.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff')], asks: [asksFor(at, 'crashing')] }), NOBODY),
  innocent('flannel', 'wrong-name', 'a name that no Service has', ['K3'], (at) => ({ changes: [], asks: [asks(at, `http://${at.one('name', ['order', 'orders-svc', 'catalogue'])}.${TRIAL}/`, [])] })),
  innocent('calico', 'wrong-namespace', 'the name of a Service of another namespace, without it', ['K3'], (at) => ({ changes: [], asks: [asks(at, `http://${at.one('name', ['web', 'catalog', 'ledger'])}:8080/`, [])] })),
  innocent('flannel', 'certificate', 'a certificate that its client does not trust', ['W6'], (at) => ({
    changes: [onNode(at.api, certificate(at.one('name', ['shop.example.com', 'api.example.com'])), 'rm -f /run/trial/tls.key /run/trial/tls.crt'), backend('secure', at.api.name, { containers: [program('secure', TLS, [], { ports: [{ name: 'http', containerPort: 8443 }], volumeMounts: [{ name: 'tls', mountPath: '/tls' }], readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 } })], spec: { volumes: [{ name: 'tls', hostPath: { path: '/run/trial' } }] }, service: { ports: [{ port: 443, targetPort: 'http' }] } }), ready('secure'), followed(at, 'secure')],
    asks: [asks(at, 'https://secure/', ['--to', `service:${TRIAL}/secure`, '--port', '443'])],
  })),
  innocent('calico', 'slow-start', 'the application has not finished starting', ['W3'], (at) => ({ changes: [backend('starting', at.api.name, { containers: [{ ...waiting('starting'), ports: [{ name: 'http', containerPort: SERVER_PORT }], startupProbe: { tcpSocket: { port: SERVER_PORT }, periodSeconds: at.number('period', 1, 5), failureThreshold: 600 } }] }), reaches('starting', '{.status.phase}=Running')], asks: [asksFor(at, 'starting')] }), NOBODY),
  innocent('flannel', 'too-many-files', 'the server has used up its file descriptors', ['W8'], (at) => {
    const limit = at.number('limit', 14, 20);
    const hold = `/usr/local/bin/node -e ${quoted(HOLD)} files ${SERVICE_PORT} 60`;
    return {
      changes: [backend('files', at.api.name, { containers: [idle('shop', { command: ['/bin/sh', '-c', `ulimit -n ${limit}; exec /shop ledger`], ports: [{ name: 'http', containerPort: SERVER_PORT }] })] }), ready('files'), followed(at, 'files'), onNode(at.caller, `pid=$(${pidOf(`${at.caller.caller.name}.js`)}) && (nohup nsenter -t "$pid" -m -n -- ${hold} >/dev/null 2>&1 &)`, 'true')],
      asks: [{ kind: 'log', pod: 'files', container: 'shop', has: 'too many open files', words: ['--to', `service:${TRIAL}/files`, '--port', String(SERVICE_PORT)] }],
    };
  }),
  innocent('calico', 'image-missing', 'the image cannot be had', ['W4'], (at) => ({ changes: [{ apply: [pod('pictureless', at.api.name, { containers: [{ name: 'js', image: `ghcr.io/fairlead/${at.one('image', ['gone', 'none', 'typo'])}:1`, imagePullPolicy: 'Never' }] })] }], asks: [{ ...warned('pictureless', 'Failed|ErrImageNeverPull'), words: ['--to', `${TRIAL}/pictureless`] }] }), noEndpoint),
  innocent('flannel', 'config-missing', 'a ConfigMap that the application needs is not there', ['W13'], (at) => ({ changes: [backend('unconfigured', at.api.name, { containers: [webServer('unconfigured', {}, { envFrom: [{ configMapRef: { name: at.one('name', ['settings', 'env', 'app-config']) } }] })] }), reaches('unconfigured', '{.status.containerStatuses[0].state.waiting.reason}=CreateContainerConfigError')], asks: [asksFor(at, 'unconfigured')] }), NOBODY),
  innocent('calico', 'answers-500', 'the application answers with an error', ['W11'], (at) => ({ changes: [], asks: [asks(at, `http://${at.api.api.clusterIp}/error`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(SERVICE_PORT)])] })),
  innocent('flannel', 'answers-late', 'the application takes longer than its client waits', ['W12'], (at) => ({ changes: [], asks: [asks(at, `http://${at.api.api.clusterIp}/slow`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(SERVICE_PORT)])] })),
  innocent('calico', 'tls-against-http', 'the client speaks TLS, and the server does not', ['W7'], (at) => ({ changes: [], asks: [asks(at, `https://${at.api.api.clusterIp}:${SERVICE_PORT}/`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(SERVICE_PORT)])] })),
  innocent('flannel', 'port-taken', 'two containers of a pod want one port', ['W10'], (at) => {
    const second = { ...webServer('sharing'), name: 'second', command: ['/usr/local/bin/node', '-e', `require('node:http').createServer().listen(${SERVER_PORT}, '0.0.0.0')`] };
    return { changes: [{ apply: [pod('sharing', at.api.name, { containers: [webServer('sharing', {}, FAILS), second] }), webService('sharing', { selector: { app: 'sharing' } })] }, reaches('sharing', '{.status.containerStatuses[?(@.name=="second")].state.waiting.reason}=CrashLoopBackOff')], asks: [{ kind: 'log', pod: 'sharing', container: 'second', has: 'EADDRINUSE', words: ['--to', `${TRIAL}/sharing`, '--port', String(SERVER_PORT)] }] };
  }, { W1: 'the container ends again and again because of it' }),
];
