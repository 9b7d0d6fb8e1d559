/** Parts that cases are made of: the trial's own pods and Services, and what clients in them ask. */
import type { KubeObject } from '../../src/cluster/objects.ts';
import { AGENT } from '../../src/lab/images/other-images.ts';
import { FAULTS } from '../audit-trial/faults.ts';
import { forLab, type Change } from '../audit-trial/fault.ts';
import { idle, pod, service, TRIAL } from '../audit-trial/objects.ts';
import type { Ask } from './case.ts';
import { inNetworkOf, TONGUES, type Tongue } from './client.ts';
import type { Draw, Place } from './draw.ts';

/** Port on which the trial's servers listen, and that of their Services. */
export const SERVER_PORT = 8080;
export const SERVICE_PORT = 80;

const SERVE = "const http = require('node:http'); http.createServer((q, r) => { q.on('data', () => {}); q.on('end', () => { if (q.url === '/error') { r.statusCode = 500; r.end('no'); } else if (q.url === '/slow') setTimeout(() => r.end('late'), 60000); else r.end('ok'); }); }).listen(Number(process.argv[1]), process.argv[2]);";

/** A container with Node.js and this program; its arguments end with its mark. */
export const program = (mark: string, script: string, args: readonly string[] = [], more: object = {}): object => ({ name: 'js', image: AGENT, imagePullPolicy: 'IfNotPresent', command: ['/usr/local/bin/node', '-e', script, ...args, `${mark}.js`], ...more });
/** A container with a web server; `address` and `port` are where it listens, whatever it declares. */
export const webServer = (mark: string, listen: { address?: string; port?: number } = {}, more: object = {}): object => program(mark, SERVE, [String(listen.port ?? SERVER_PORT), listen.address ?? '0.0.0.0'], { ports: [{ name: 'http', containerPort: SERVER_PORT }], ...more });
/** A container with Node.js that waits: clients run in its network and with its files. */
export const waiting = (mark: string): object => program(mark, 'setInterval(() => {}, 1e9)');
/** A container with busybox and the demo application that waits. */
const tools = (mark: string): object => idle('sh', { command: ['/bin/sh', '-c', 'while :; do sleep 3600; done', `${mark}.sh`] });

/** A pod in which clients can be run, called like its mark. */
export const clientPod = (name: string, node: string): KubeObject => pod(name, node, { containers: [waiting(name), tools(name)] });
/** A server before which a Service of the same name stands, on a node. */
export function backend(name: string, node: string, more: { containers?: readonly object[]; spec?: object; service?: object } = {}): Change {
  return { apply: [pod(name, node, { containers: more.containers ?? [webServer(name)], spec: { ...more.spec } }), webService(name, { selector: { app: name }, ...more.service })] };
}
export const webService = (name: string, spec: object): KubeObject => service(name, { ports: [{ name: 'http', port: SERVICE_PORT, targetPort: 'http' }], ...spec });

/** What a lab of the trial has on each of its nodes. */
export const fixtures = (short: string, node: string): readonly KubeObject[] => [clientPod(`caller-${short}`, node), pod(`api-${short}`, node, { containers: [webServer(`api-${short}`)] }), webService(`api-${short}`, { selector: { app: `api-${short}` } })];

/** Pods of faults never become ready: what to wait for, in the words of `kubectl wait`. */
export const reaches = (name: string, jsonpath: string): Change => ({ wait: { kind: 'pod', name, namespace: TRIAL }, until: `jsonpath=${jsonpath}` });

/** Lines for a node that change the network of a pod which goes with the case. */
export const inPod = (place: Place, name: string, run: string): Change => ({ on: place.name, run: inNetworkOf(`${name}.js`, run), undo: 'true' });
/** Waits until kube-proxy of the caller's node leads to the pods of a Service: what a client meets before that is another complaint. */
export const followed = (at: Draw, name: string): Change => onNode(at.caller, `for i in $(seq 150); do iptables-save -t nat | grep -q 'KUBE-SEP-.*${TRIAL}/${name}[^a-z0-9-]' && exit 0; sleep 0.2; done; exit 1`, 'true');
export const onNode = (place: Place, run: string, undo: string): Change => ({ on: place.name, run, undo });
export const labFault = (fault: string, ...words: string[]): Change => ({ labFault: fault, words });

/** Changes of a fault of the audit's trial, with its nodes put where they are meant to be here. Errors: one that names a fault there is not. */
export function ofAudit(id: string, nodes: Readonly<Record<string, Place>>): readonly Change[] {
  const fault = FAULTS.find((one) => one.id === id);
  if (fault === undefined) throw new Error(`the audit's trial has no fault ${id}`);
  return forLab(fault, nodes).changes;
}

interface Asked { tongues?: readonly Tongue[]; from?: { place: Place; name: string }; words?: readonly string[]; uploadBytes?: number }

/** A client of a pod asks for a URL, and the user says who wanted whom. */
export function asks(at: Draw, url: string, to: readonly string[], more: Asked = {}): Ask {
  const { place, name } = more.from ?? { place: at.caller, name: at.caller.caller.name };
  return { kind: 'client', node: place.name, mark: name, url, tongues: more.tongues ?? ['node'], words: ['--from', `${TRIAL}/${name}`, ...to], ...(more.uploadBytes === undefined ? {} : { uploadBytes: more.uploadBytes }) };
}
const toService = (name: string): string[] => ['--to', `service:${TRIAL}/${name}`, '--port', String(SERVICE_PORT)];

/** The caller asks the server through its Service, by address. */
export const asksApi = (at: Draw, more: Asked = {}): Ask => asks(at, `http://${at.api.api.clusterIp}/`, toService(at.api.api.name), { tongues: TONGUES, ...more });
/** The caller sends more than one packet. */
export const uploads = (at: Draw): Ask => asksApi(at, { tongues: ['node'], uploadBytes: 300_000 });
/** The caller asks a Service of the case, by name. */
export const asksFor = (at: Draw, name: string, more: Asked & { path?: string } = {}): Ask => asks(at, `http://${name}/${more.path ?? ''}`, toService(name), { tongues: TONGUES, ...more });
/** What the kubelet says of a pod. */
export const warned = (name: string, reason: string): Ask => ({ kind: 'event', pod: name, reason, words: ['--from', `${TRIAL}/${name}`] });
