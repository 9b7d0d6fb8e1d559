/** The incident that Fairlead began with, on Flannel: both error texts as a Go client in the pod really prints them, each found, explained, mended and verified. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { diagnosisSchema, type DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import { AGENT, SHOP } from '../../src/lab/images/other-images.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';

const LAB = 'founding';
const NAMESPACE = 'seldon-mesh';
/** Address and ports of the incident. */
const SCHEDULER = '10.43.51.131';
const TIMEOUT = `dial tcp ${SCHEDULER}:9004: i/o timeout`;
const REFUSED = 'dial tcp 127.0.0.1:9500: connect: connection refused';
const ALIASES = { agent: 'docker.io/seldonio/seldon-agent:2.10.1', mlserver: 'docker.io/seldonio/mlserver:1.7.0' };

let lab: TestLab;

/** A container of the demo's program under the name of Seldon's: as client it dials one address for ever and prints why it cannot. */
function client(name: string, image: string, target: string, port: number, env: Record<string, string> = {}): object {
  return { name, image, imagePullPolicy: 'IfNotPresent', args: ['stream-client'], env: Object.entries({ STREAM_ADDRESS: target, PORT: String(port), ...env }).map(([key, value]) => ({ name: key, value })) };
}

/** The inference server's pod. MLServer's own default for gRPC is 8081; Seldon's agent asks at 9500. */
function mlserver(grpcPort: number | undefined): KubeObject {
  const env = { PORT: String(grpcPort ?? 8081), ...(grpcPort === undefined ? {} : { MLSERVER_GRPC_PORT: String(grpcPort) }) };
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mlserver-0', namespace: NAMESPACE, labels: { 'seldon-server-name': 'mlserver' } },
    spec: {
      nodeName: lab.nodes[1], terminationGracePeriodSeconds: 0, automountServiceAccountToken: false,
      containers: [
        client('agent', ALIASES.agent, `${SCHEDULER}:9004`, 8090, { SELDON_SCHEDULER_PORT: '9004', SELDON_SERVER_GRPC_PORT: '9500' }),
        client('agent-readiness', SHOP, '127.0.0.1:9500', 8091),
        { name: 'mlserver', image: ALIASES.mlserver, imagePullPolicy: 'IfNotPresent', args: ['ledger'], env: Object.entries(env).map(([name, value]) => ({ name, value })) },
      ],
    },
  };
}

function scheduler(): KubeObject[] {
  const ports = [9004, 9005];
  const labels = { 'app.kubernetes.io/name': 'seldon-scheduler' };
  const listen = ports.map((port) => `require('node:net').createServer((s) => s.pipe(s)).listen(${port})`).join(';');
  return [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'seldon-scheduler-0', namespace: NAMESPACE, labels }, spec: { nodeName: lab.nodes[2], terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [{ name: 'scheduler', image: AGENT, imagePullPolicy: 'IfNotPresent', command: ['/usr/local/bin/node', '-e', listen], ports: ports.map((containerPort) => ({ containerPort })) }] } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'seldon-scheduler', namespace: NAMESPACE }, spec: { clusterIP: SCHEDULER, selector: labels, ports: [{ name: 'scheduler', port: 9004 }, { name: 'agent', port: 9005 }] } },
  ];
}

async function untilReady(...pods: string[]): Promise<void> {
  const { code, stderr } = await lab.kubectl('-n', NAMESPACE, 'wait', '--for=condition=Ready', '--timeout=120s', ...pods.map((pod) => `pod/${pod}`));
  expect(code, stderr).toBe(0);
}

/** Waits until a container has printed `text`, and returns the text of the complaint as it stands in the log. */
async function complaint(container: string, text: string): Promise<string> {
  return await waitUntil(async () => {
    const { stdout } = await lab.kubectl('-n', NAMESPACE, 'logs', 'mlserver-0', '-c', container, '--tail', '5');
    const line = stdout.split('\n').find((one) => one.includes(text));
    return line?.slice(line.indexOf('dial tcp'));
  }, { timeoutMs: 60_000, what: `${container} to say ${text}` });
}

async function diagnose(...words: string[]): Promise<DiagnosisReport> {
  const { stdout, stderr } = await fairlead('diagnose', ...words, '--via', `lab:${LAB}`, '-o', 'json');
  expect(stdout, stderr).not.toBe('');
  return diagnosisSchema.parse(JSON.parse(stdout));
}

const FROM = ['--from', `${NAMESPACE}/mlserver-0`] as const;
const surest = (report: DiagnosisReport): string[] => report.causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);

beforeAll(async () => {
  lab = await startLab(LAB, '--nodes', '3');
  for (const node of lab.nodes) for (const alias of Object.values(ALIASES)) await lab.on(node, 'k3s', 'ctr', 'images', 'tag', '--force', SHOP, alias);
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...scheduler(), mlserver(undefined));
  await untilReady('seldon-scheduler-0', 'mlserver-0');
  await fairleadOk('lab', 'fault', 'wrong-vtep-mac', '--name', LAB, '--node', 'agent-2');
  // What stands already goes on by its connection's own entries; a pod that starts anew has to dial.
  await lab.kubectl('-n', NAMESPACE, 'delete', 'pod', 'mlserver-0', '--wait=true');
  await lab.apply(mlserver(undefined));
  await untilReady('mlserver-0');
}, 600_000);
afterAll(async () => lab?.down());

describe('the founding incident', { timeout: 300_000 }, () => {
  test('a time-out at the Service is the tunnel, and the way is broken between the nodes', async () => {
    const report = await diagnose(await complaint('agent', TIMEOUT), ...FROM);
    expect(report.question.text).toContain(TIMEOUT);
    expect(report).toMatchObject({ network: true, verdict: 'cause' });
    expect(surest(report)[0]).toBe('A7');
    // Also true, and not what makes it time out: with the network mended the agent would still talk to the wrong port.
    expect(report.causes.find(({ fault }) => fault === 'S1')?.certainty).toMatch(/^(likely|possible)$/);
    expect(report.path.find(({ state }) => state === 'broken')?.hop).toBeDefined();
  });

  test('a refusal on 127.0.0.1 is never the network: MLServer listens elsewhere', async () => {
    const report = await diagnose(await complaint('agent-readiness', REFUSED), ...FROM);
    expect(report).toMatchObject({ network: false });
    expect(surest(report)).toContain('S2');
    expect(report.notes.map(({ belief }) => belief).join(' ')).toMatch(/loopback|127\.0\.0\.1/);
  });

  test('mended, both connections stand', async () => {
    await fairleadOk('lab', 'fault', 'clear', '--name', LAB);
    await lab.kubectl('-n', NAMESPACE, 'delete', 'pod', 'mlserver-0', '--wait=true');
    await lab.apply(mlserver(9500));
    await untilReady('mlserver-0');
    expect(await diagnose(...FROM, '--to', `service:${NAMESPACE}/seldon-scheduler`, '--port', '9005')).toMatchObject({ verdict: 'works' });
    expect(await diagnose(...FROM, '--to', '127.0.0.1', '--port', '9500')).toMatchObject({ verdict: 'works' });
  });
});
