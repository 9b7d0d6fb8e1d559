/** Who takes a Service's connections, as far as listening sockets were read: all addresses, one family, one address, loopback; and what is said when they were not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import type { FindingsReport } from '../report/document.ts';
import { host, pod, service } from './examples.ts';
import type { Example } from './rule.ts';
import { nobodyListens } from './rules/svc/nobody-listens.ts';
import { audit } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-listens-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function judged(example: Example): Promise<FindingsReport> {
  const file = join(dir, 'x.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: example }));
  return audit(await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) }), { rules: [nobodyListens], tool: 'test', subject: 'x' });
}

const both = { podIP: '10.42.0.7', podIPs: [{ ip: '10.42.0.7' }, { ip: 'fd00:42::7' }] };
const at = (address: string, more: { protocol?: 'tcp' | 'udp'; port?: number } = {}): Readonly<Record<string, unknown>> =>
  host('n1', { pods: [{ addresses: ['10.42.0.7', 'fd00:42::7'], sockets: [{ protocol: 'tcp', address, port: 8080, process: 'app', ...more }] }] });

describe('a listener', () => {
  const [v4, v6, dual] = [{ clusterIP: '10.43.0.9' }, { clusterIP: 'fd00:43::9' }, { clusterIP: '10.43.0.9', clusterIPs: ['10.43.0.9', 'fd00:43::9'] }];
  it.each([
    ['*', v4, 'pass'], ['*', v6, 'pass'], ['*', dual, 'pass'],
    ['0.0.0.0', v4, 'pass'], ['0.0.0.0', v6, 'fail'], ['0.0.0.0', dual, 'fail'], ['0.0.0.0', { clusterIP: 'None' }, 'pass'],
    ['::', v4, 'fail'], ['::', v6, 'pass'],
    ['10.42.0.7', v4, 'pass'], ['10.42.0.8', v4, 'fail'], ['127.0.0.1', v4, 'fail'], ['::1', v6, 'fail'],
  ] as const)('on %s for a Service with %j: %s', async (address, spec, verdict) => {
    expect((await judged([service('web', spec), pod('a', { status: both }), at(address)])).checked).toMatchObject([{ verdict }]);
  });

  it('in one of two namespaces with the same address is not told of either', async () => {
    const twice = host('n1', { pods: [[8080], [9090]].map((ports) => ({ addresses: ['10.42.0.7'], sockets: ports.map((port) => ({ protocol: 'tcp' as const, address: '*', port, process: 'app' })) })) });
    expect((await judged([service('web', v4), pod('a', { status: both }), twice])).checked).toMatchObject([{ verdict: 'unknown' }]);
  });

  it('of the other protocol, or on another port, is none', async () => {
    expect((await judged([service('web', v4), pod('a', { status: both }), at('*', { protocol: 'udp' })])).checked).toMatchObject([{ verdict: 'fail' }]);
    expect((await judged([service('dns', { ...v4, ports: [{ port: 53, targetPort: 53, protocol: 'UDP' }] }), pod('a', { status: both }), at('*', { protocol: 'udp', port: 53 })])).checked).toMatchObject([{ verdict: 'pass' }]);
  });

  it('on loopback behind the proxy of a mesh is not judged', async () => {
    const meshed = pod('a', { status: both, containers: [{ name: 'c', image: 'app:1' }, { name: 'istio-proxy', image: 'istio/proxyv2:1.27' }] });
    expect((await judged([service('web', v4), meshed, at('127.0.0.1')])).checked).toMatchObject([{ verdict: 'unknown' }]);
  });
});

describe('what was not read', () => {
  it('is not judged: no hosts, a host without namespaces, sockets that could not be read', async () => {
    for (const facts of [[], [host('n1', {})], [host('n1', { pods: [{ addresses: ['10.42.0.7'] }] })], [at('*')].map(() => host('n2', {}))]) {
      expect((await judged([service('web', {}), pod('a', { ip: '10.42.0.7' }), ...facts])).checked).toMatchObject([{ verdict: 'unknown' }]);
    }
  });

  it('of some pods is told beside what was found in others', async () => {
    const report = await judged([service('web', {}), pod('a', { ip: '10.42.0.7' }), pod('b', { ip: '10.42.1.7', node: 'n2' }), at('127.0.0.1')]);
    expect(report.findings).toMatchObject([{ subjects: ['Service app/web', 'Pod app/a'], summary: 'Service app/web port 80 leads to port 8080, which listens on 127.0.0.1 only in 1 pod' }]);
    expect(report.unknown).toContainEqual({ what: 'FL-SVC-003 for Service app/web', why: 'who listens was not read in all of their pods, or a proxy in the pod hands connections on' });
  });

  it('makes no pass of what was fine', async () => {
    const report = await judged([service('web', {}), pod('a', { ip: '10.42.0.7' }), pod('b', { ip: '10.42.1.7', node: 'n2' }), at('*')]);
    expect(report.checked).toMatchObject([{ verdict: 'unknown' }]);
  });
});
