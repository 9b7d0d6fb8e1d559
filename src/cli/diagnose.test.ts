/** `fairlead diagnose` from its front door: incidents with known causes, the founding incident, what it must not say, and its formats. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAVOURS, healthy } from '../audit/testing/healthy.ts';
import { packageRoot } from '../core/package-root.ts';
import { faultOf } from '../diagnose/faults/faults.ts';
import type { DiagnosisReport } from '../diagnose/report/schema.ts';
import { TEXTS } from '../diagnose/testing/cluster.ts';
import { INCIDENTS, makeIncident } from '../diagnose/testing/incidents.ts';
import { HOST_MAC, POD, POD_MAC, Scene } from '../packets/testing/scenes.ts';
import { runMain } from './testing/run-main.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-diagnose-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const PATIENCE = 60_000;
beforeAll(async () => {
  await runMain('diagnose', '--help');
}, 3 * PATIENCE);

let files = 0;
function write(name: string, content: string | Uint8Array): string {
  const path = join(dir, `${++files}-${name}`);
  writeFileSync(path, content);
  return path;
}
const cluster = (objects: readonly object[]): string => write('cluster.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(JSON.parse(readFileSync(join(packageRoot(), 'docs/schemas/diagnosis.v1.json'), 'utf8')) as object);

async function diagnose(...argv: string[]): Promise<DiagnosisReport> {
  const { stdout, stderr } = await runMain('diagnose', ...argv, '-o', 'json');
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as DiagnosisReport;
  expect(validate(report) ? [] : validate.errors).toEqual([]);
  return report;
}

const proved = ({ causes }: DiagnosisReport): string[] => causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);
const FOUNDING = join(packageRoot(), 'examples/founding-cluster');

describe('incidents with known causes', () => {
  it.each(INCIDENTS.map((incident) => [incident.fault, incident.what, incident] as const))('%s: %s', async (fault, _what, incident) => {
    const { objects, args } = makeIncident(incident, 1);
    const report = await diagnose(...args, '--snapshot', cluster(objects));
    const right = [fault, ...(incident.or ?? [])];
    expect(right).toContain(report.causes[0]?.fault);
    expect(['proved', 'likely', 'possible']).toContain(report.causes[0]?.certainty);
    // Nothing is proved but the fault, the same by another name, and what it is a case of.
    expect(proved(report).filter((one) => !right.includes(one) && !right.some((id) => faultOf(id).caseOf?.includes(one)))).toEqual([]);
    expect(report.network).toBe(incident.network);
  }, PATIENCE);
});

describe('the network is innocent', () => {
  it('in ten kinds of incidents at least, and each says so in words', async () => {
    const innocent = INCIDENTS.filter(({ network }) => network === false);
    expect(new Set(innocent.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(10);
    for (const incident of innocent.slice(0, 3)) {
      const { objects, args } = makeIncident(incident, 2);
      expect((await runMain('diagnose', ...args, '--snapshot', cluster(objects))).stdout.replaceAll('\n', ' ')).toContain('The network is not to blame.');
    }
  }, 3 * PATIENCE);
});

describe('what is over', () => {
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'web-1.1', namespace: 'shop' }, type: 'Warning', reason: 'FailedCreatePodSandBox', message: 'Failed to create pod sandbox: stat /var/lib/calico/nodename: no such file or directory', involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' } };
  const objects = healthy('k3s-calico');
  const unready = objects.map((object) => { const pod = object as { kind: string; metadata: { name: string }; status?: object }; return pod.kind === 'Pod' && pod.metadata.name === 'web-1' ? { ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] } } : object; });

  it('says nothing of a pod that is gone, and what a runtime says is no answer of an application', async () => {
    const gone = { ...event, involvedObject: { ...event.involvedObject, name: 'gone-1' } };
    const failing = { ...event, message: 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox' };
    expect(proved(await diagnose('--snapshot', cluster([...objects, gone])))).toEqual([]);
    expect(proved(await diagnose('--snapshot', cluster([...unready, failing])))).not.toContain('W11');
  }, PATIENCE);

  it.each([['says nothing of a pod that is Ready now', objects, []], ['counts while it is not', unready, ['N2']]] as const)('%s', async (_what, seen, causes) => {
    expect(proved(await diagnose('--from', 'shop/web-1', '--to', 'shop/db-1', '--port', '5432', '--snapshot', cluster([...seen, event]))).filter((one) => one === 'N2')).toEqual(causes);
  }, PATIENCE);
});

describe('the founding incident', () => {
  it('"127.0.0.1:9500 refused" is a server that is not up, and no CNI', async () => {
    for (const address of ['127.0.0.1', '0.0.0.0']) {
      const report = await diagnose(`dial tcp ${address}:9500: connect: connection refused`, '--snapshot', FOUNDING);
      expect(report).toMatchObject({ verdict: 'cause', network: false, question: { from: 'Pod seldon-mesh/mlserver-0', target: 'loopback', port: 9500 } });
      expect(proved(report)).toEqual(['S2', 'W1', 'X3']);
      expect(report.causes.filter(({ certainty, layer }) => certainty !== 'excluded' && ['cni', 'overlay', 'policy', 'address', 'mtu'].includes(layer))).toEqual([]);
      expect(report.notes.map(({ belief }) => belief)).toContain('Flannel, or K3s, blocks loopback between containers of a pod.');
      expect(report.path.at(-1)).toMatchObject({ part: 'process', state: 'broken' });
    }
  }, PATIENCE);

  it('"10.43.51.131:9004 i/o timeout" is a policy, and no ARP of a gateway', async () => {
    const report = await diagnose('dial tcp 10.43.51.131:9004: i/o timeout', '--snapshot', FOUNDING, '--from', 'seldon-mesh/mlserver-0');
    expect(report).toMatchObject({ verdict: 'cause', network: true, question: { to: 'Service seldon-mesh/seldon-scheduler', port: 9004 } });
    expect(proved(report)).toEqual(['P10']);
    expect(report.causes.find(({ fault }) => fault === 'A1')?.certainty).not.toBe('proved');
    expect(report.causes.find(({ fault }) => fault === 'S1')?.for.map(({ observation }) => observation)).toContain('rule:FL-ML-001');
    expect(report.notes.map(({ belief }) => belief)).toContain('calico#8689 is a race in the ARP responder of Felix, and needs another CNI.');
    expect(report.path.find(({ part }) => part === 'policy')?.state).toBe('broken');
  }, PATIENCE);
});

describe('a healthy cluster', () => {
  it.each(FLAVOURS)('%s: nothing is proved, whatever is complained of', async (flavour) => {
    const file = cluster(healthy(flavour));
    const address = `${flavour.startsWith('k3s') ? '10.43' : '10.96'}.3.2`;
    for (const texts of Object.values(TEXTS)) {
      const [text] = texts;
      for (const from of [['--from', 'shop/web-1'], []]) expect(proved(await diagnose(text?.(address, 5432) ?? '', ...from, '--snapshot', file))).toEqual([]);
    }
    const whole = await diagnose('--snapshot', file);
    expect(whole).toMatchObject({ network: 'unknown' });
    expect(proved(whole)).toEqual([]);
  }, 4 * PATIENCE);

  it('says where the way is not known, and what would tell', async () => {
    const report = await diagnose('dial tcp 10.96.3.2:5432: i/o timeout', '--from', 'shop/web-1', '--snapshot', cluster(healthy('kubeadm-flannel')));
    expect(report.verdict).toBe('undecided');
    expect(report.next.length).toBeGreaterThan(0);
    expect(report.causes.filter(({ certainty }) => certainty === 'possible').some(({ unchecked }) => unchecked.length > 0)).toBe(true);
  }, PATIENCE);
});

describe('several pods at the other end', () => {
  it('of which one does not listen are a proof only for who fails now and then', async () => {
    const objects = structuredClone(healthy('kubeadm-calico')) as { kind: string; pods?: { sockets: { port: number }[] }[]; metadata: { name: string } }[];
    for (const host of objects) if (host.kind === 'HostFacts' && host.metadata.name === 'n1') for (const pod of host.pods ?? []) pod.sockets = pod.sockets.filter(({ port }) => port !== 5432);
    const file = cluster(objects);
    const text = 'dial tcp 10.96.3.2:5432: connect: connection refused';
    const always = await diagnose(text, '--from', 'shop/web-1', '--snapshot', file);
    expect(proved(always)).toEqual([]);
    expect(always.causes.find(({ fault }) => fault === 'X3')).toMatchObject({ certainty: 'likely' });
    expect(JSON.stringify(always.causes.find(({ fault }) => fault === 'X3')?.for)).toContain('shop/db-1 (one of 2 pods at the other end)');
    expect(proved(await diagnose(`sometimes: ${text}`, '--from', 'shop/web-1', '--snapshot', file))).toEqual(['X3']);
  }, PATIENCE);
});

describe('an input that lacks some of the cluster', () => {
  const objects = healthy('kubeadm-calico') as { kind: string; metadata: { name: string; namespace?: string } }[];
  /** As `kubectl -n shop get …` gives them, or a directory of manifests. */
  const shop = objects.filter(({ metadata }) => metadata.namespace === 'shop');
  const without = (some: typeof objects, kind: string, name: RegExp): typeof objects => some.filter((one) => !(one.kind === kind && name.test(one.metadata.name)));
  const REFUSED = 'dial tcp 10.96.3.2:5432: connect: connection refused';

  it('proves no Service without endpoints by pods that it does not have', async () => {
    const whole = await diagnose(REFUSED, '--snapshot', cluster(without(objects, 'Pod', /^db-/)));
    expect(proved(whole)).toEqual(['K1']);
    const some = await diagnose(REFUSED, '--snapshot', cluster(without(shop, 'Pod', /^db-/)));
    expect(proved(some)).toEqual([]);
    expect(some.causes.find(({ fault }) => fault === 'K1')).toMatchObject({ certainty: 'likely' });
    // Of two files neither of which is an answer of the whole cluster nothing is known, either.
    expect(proved(await diagnose(REFUSED, '--snapshot', cluster(without(shop, 'Pod', /^db-/)), '--snapshot', cluster(objects.filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'kube-system'))))).toEqual([]);
  }, PATIENCE);

  it.each(['lookup orders on 10.96.0.10:53: no such host', 'lookup prometheus on 10.96.0.10:53: no such host', 'lookup db.orders.svc.cluster.local on 10.96.0.10:53: no such host'])('proves no wrong name by Services that it does not have: %s', async (text) => {
    expect(proved(await diagnose(`dial tcp: ${text}`, '--from', 'shop/web-1', '--snapshot', cluster([...objects.filter(({ kind }) => kind === 'Pod'), ...shop, ...objects.filter(({ metadata }) => metadata.name === 'prometheus')])))).toEqual([]);
  }, PATIENCE);

  it('takes an address that is nobody\'s in it for unknown, and excludes nothing by it', async () => {
    const report = await diagnose('dial tcp 10.96.7.7:80: i/o timeout', '--snapshot', cluster([...shop, ...objects.filter(({ kind }) => kind === 'ConfigMap' || kind === 'Node')]));
    expect(report.question).not.toHaveProperty('target');
    expect(report.causes.find(({ fault }) => fault === 'P10')?.certainty).toBe('possible');
    expect(await diagnose('dial tcp 10.96.7.7:80: i/o timeout', '--snapshot', cluster(objects))).toMatchObject({ question: { target: 'nothing' } });
  }, PATIENCE);
});

describe('without a cluster', () => {
  it('reads a text, tells what it cannot be, and says that no cluster was looked at', async () => {
    const report = await diagnose('dial tcp 127.0.0.1:9500: connect: connection refused');
    expect(report).toMatchObject({ network: false, verdict: 'likely' });
    expect(proved(report)).toEqual([]);
    expect((await runMain('diagnose', 'dial tcp 10.0.0.1:80: i/o timeout')).stdout).toMatch(/page {5}fairlead diagnose explain [A-Z]\d+\n[\s\S]*No cluster was looked at/);
  }, PATIENCE);

  it('cannot tell what it does not know', async () => {
    const { code, stdout } = await runMain('diagnose', 'the model predicts poorly');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Cannot tell\./);
    expect((await diagnose('the model predicts poorly')).network).toBe('unknown');
  }, PATIENCE);
});

describe('logs', () => {
  const AGENT = [
    'time="2026-10-03T06:02:08Z" level=warning msg="Waiting for Inference Server service to become ready" error="dial tcp 0.0.0.0:9500: connect: connection refused"',
    'time="2026-10-03T06:02:10Z" level=warning msg="Waiting for Inference Server service to become ready" error="dial tcp 0.0.0.0:9500: connect: connection refused"',
  ];
  it('show that the server merely started later', async () => {
    const log = write('pod.log', [...AGENT, '2026-10-03 06:02:11,477 [mlserver.grpc] INFO - gRPC server running on http://0.0.0.0:9500'].join('\n'));
    const report = await diagnose('--log', log);
    expect(report).toMatchObject({ verdict: 'cause', network: false, question: { kind: 'refused', port: 9500 } });
    expect(report.causes[0]).toMatchObject({ fault: 'S2' });
    expect(report.causes[0]?.for.map(({ observation }) => observation)).toContain('listener-later');
  }, PATIENCE);

  it('show that the server went away again, which proves no start', async () => {
    const log = write('pod.log', ['2026-10-03 06:01:11,477 [mlserver.grpc] INFO - gRPC server running on http://0.0.0.0:9500', ...AGENT].join('\n'));
    const report = await diagnose('--log', log);
    expect(proved(report)).toEqual([]);
    expect(report.network).toBe(false);
  }, PATIENCE);

  it('are read for the complaint that is most frequent', async () => {
    const log = write('agent.log', [...Array.from({ length: 5 }, () => 'E1003 06:02:08.1 1 x.go:1] dial tcp 10.43.0.1:443: i/o timeout'), 'Error: getaddrinfo ENOTFOUND db'].join('\n'));
    expect(await diagnose('--log', log)).toMatchObject({ question: { kind: 'timeout', port: 443 } });
  }, PATIENCE);

  it.each<[string, string]>([
    ['A7', "flannel.1's mac address wanto be: 5e:00:00:00:00:01 but got: 5e:00:00:00:00:02"], ['I5', 'level=error msg="No more IDs available for nodes"'],
    ['H2', "Kernel's RPF check is set to 'loose'.  This would allow endpoints to spoof their IP address."], ['C1', 'Could not resolve CalicoNetwork IPPool and kubeadm configuration: IPPool 10.244.0.0/16 is not within the platform\'s configured pod network CIDR(s) [10.42.0.0/16]'],
    ['I2', 'Unable to autoassign an address - pools are likely exhausted'], ['H10', 'calico/node is not ready: BIRD is not ready: BGP not established with 172.17.0.1'],
  ])('%s by its own words', async (fault, line) => {
    const report = await diagnose('--log', write('component.log', `I1 all is well\n${line}\n`));
    expect(report.causes[0]).toMatchObject({ fault });
    expect(['proved', 'likely']).toContain(report.causes[0]?.certainty);
  }, PATIENCE);
});

describe('captures', () => {
  it('prove a gateway that answers late', async () => {
    const scene = new Scene();
    for (let at = 0; at < 61; at++) scene.asks(POD_MAC, POD, '169.254.1.1').wait(1000);
    const file = write('pod.pcap', scene.answers(HOST_MAC, '169.254.1.1', POD_MAC, POD).pcap());
    const report = await diagnose('dial tcp 10.43.3.2:5432: connect: no route to host', '--capture', file);
    expect(proved(report)).toEqual(['A1']);
    // For somebody whom a gateway that is silent would not give a time-out.
    expect(proved(await diagnose('dial tcp 127.0.0.1:80: connect: connection refused', '--capture', file))).toEqual([]);
  }, PATIENCE);
});

describe('formats and usage', () => {
  it('writes Markdown that nothing breaks out of', async () => {
    const { stdout, code } = await runMain('diagnose', 'dial tcp 127.0.0.1:9500: connect: connection refused `x` <b>', '--snapshot', FOUNDING, '-o', 'markdown');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^# Diagnosis\n/);
    expect(stdout).toContain('## proved: The inference server in the pod is not up (S2)');
    expect(stdout).toContain('More about it: `fairlead diagnose explain S2`.');
    expect(stdout.replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, '')).not.toMatch(/(?<!\\)<b>/);
  }, PATIENCE);

  it.each<[string, string[], RegExp]>([
    ['a port that is none', ['x', '--port', '99999'], /--port is "99999"/],
    ['a client that is not there', ['x', '--from', 'shop/nobody', '--snapshot', 'FOUNDING'], /--from shop\/nobody: no pod and no node/],
    ['a target that is not there', ['x', '--to', 'shop/nobody', '--snapshot', 'FOUNDING'], /--to shop\/nobody: no pod and no Service/],
    ['a log that is not there', ['--log', '/nowhere/x.log'], /the log \/nowhere\/x\.log cannot be read/],
    ['a stored and a living cluster', ['x', '--snapshot', 'FOUNDING', '--via', 'pod'], /--via is for a live cluster/],
    ['a way that there is not', ['x', '--via', 'smoke'], /--via smoke/],
    ['a file where an error text is expected', ['FOUNDING'], /founding-cluster is a file or directory; expected the text of an error/],
    ['two readers of standard input', ['--log', '-', '--capture', '-'], /only once/],
  ])('refuses %s', async (_what, argv, message) => {
    const { code, stderr } = await runMain('diagnose', ...argv.map((word) => (word === 'FOUNDING' ? FOUNDING : word)));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  }, PATIENCE);
});
