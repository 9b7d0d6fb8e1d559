/** Rules of a Service that a node lacks or that are stale, and names that are asked over UDP, in a living cluster. */
import { describe, expect, it } from 'vitest';
import { diagnose, type Diagnosis } from '../diagnose.ts';
import type { Asked } from '../ends.ts';
import { makeLive } from '../testing/incidents-live.ts';
import { liveSnapshot } from '../testing/live-snapshot.ts';
import { Wire, type WireOptions } from '../testing/wire.ts';
import { liveProber } from './prober.ts';

const NOW = new Date('2026-11-26T04:00:00Z');
/** Rules of Service shop/db in iptables, to these addresses. */
const rules = (...endpoints: string[]): string => [':KUBE-SERVICES - [0:0]', ...(endpoints.length === 0 ? [] : ['-A KUBE-SERVICES -d 10.96.3.2/32 -p tcp -m tcp --dport 5432 -j KUBE-SVC-DB']), ...endpoints.flatMap((to, at) => [`-A KUBE-SVC-DB -j KUBE-SEP-${at}`, `-A KUBE-SEP-${at} -p tcp -m tcp -j DNAT --to-destination ${to}:5432`]), ''].join('\n');

interface Case { rules?: string; answers?: WireOptions['answers']; age?: number; asked?: Asked; texts?: readonly string[] }
const SERVICE = 'service:shop/db';

async function run({ rules: text, answers, age = 3600, asked = { from: 'shop/web-1', to: SERVICE, port: 5432 }, texts = [] }: Case): Promise<{ result: Diagnosis; log: readonly string[]; ips: readonly string[] }> {
  const { trial, options } = makeLive({ what: '', fault: undefined });
  const ips = [trial.ip('db-1'), trial.ip('db-2')];
  const at = new Date(NOW.getTime() - age * 1000).toISOString();
  trial.add({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'db-abc', namespace: 'shop', creationTimestamp: at, labels: { 'kubernetes.io/service-name': 'db' } }, addressType: 'IPv4', endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })), ports: [{ port: 5432, protocol: 'TCP' }] });
  const wire = new Wire({ ...options, ...(text === undefined ? {} : { rules: { n1: text } }), ...(answers === undefined ? {} : { answers }), services: { '10.96.3.2': ips[0] ?? '', '10.96.0.10': trial.ip('coredns-1') } });
  const result = await diagnose({ texts, logs: [], asked, snapshot: await liveSnapshot(trial.objects) }, liveProber(wire.shellOf, () => NOW, () => Promise.resolve()));
  return { result, log: wire.log, ips };
}

const of = ({ causes }: Diagnosis, ...certainties: string[]): string[] => causes.filter(({ certainty }) => certainties.includes(certainty)).map(({ fault }) => fault.id);
/** The Service's address is silent, or refuses, for everybody on the client's node. */
const only = (word: string): WireOptions['answers'] => (_from, to) => (to.startsWith('10.96.3.2:') ? word : undefined);
const SILENT = '124 ';
const REFUSED = '1 bash: connect: Connection refused';

describe("kube-proxy's rules of a Service", () => {
  it.each([['missing', rules(), SILENT], ['missing', rules(), REFUSED], ['stale', rules('10.244.1.99', '10.244.2.98'), SILENT]])('that are %s are the cause', async (value, text, word) => {
    const { result } = await run({ rules: text, answers: only(word) });
    expect(result.facts.get('service-rules')).toMatchObject({ value });
    expect(of(result, 'proved')).toEqual(['K7']);
    expect(result.verdict.network).toBe(true);
    expect(result.path.find(({ part }) => part === 'service')?.state).toBe('broken');
  }, 30_000);

  it('that are right are not, and where they are young nothing is proved', async () => {
    const { ips } = await run({ rules: rules() });
    const right = await run({ rules: rules(...ips), answers: only(SILENT) });
    expect(right.result.causes.find(({ fault }) => fault.id === 'K7')?.certainty).toBe('excluded');
    for (const text of [rules(), rules('10.244.1.99')]) expect(of((await run({ rules: text, answers: only(SILENT), age: 20 })).result, 'proved')).toEqual([]);
  }, 30_000);

  it('of which some are stale are a cause for who fails now and then, at most a likely one', async () => {
    const { result } = await run({ rules: rules('10.244.1.54', '10.244.1.99'), answers: only(SILENT) });
    expect(of(result, 'proved')).toEqual([]);
    expect(of(result, 'likely')).toContain('K7');
  }, 30_000);

  it('are not the cause where the pods themselves do not answer, or everything works', async () => {
    expect(of((await run({ rules: rules(), answers: (_from, to) => (to.endsWith(':5432') ? SILENT : undefined) })).result, 'proved')).toEqual([]);
    expect(of((await run({ rules: rules() })).result, 'proved', 'likely')).toEqual([]);
  }, 30_000);

  it('are not read where nobody asks a Service', async () => {
    const { result } = await run({ rules: rules(), answers: () => SILENT, asked: { from: 'shop/web-1', to: 'shop/db-1', port: 5432 } });
    expect(result.facts.get('service-rules')).toBeUndefined();
  }, 30_000);
});

describe('UDP', () => {
  const LOOKUP = 'dial tcp: lookup db on 10.96.0.10:53: read udp 10.244.1.53:41234->10.96.0.10:53: i/o timeout';

  it('is tried where DNS is asked, by a question', async () => {
    const { result } = await run({ texts: [LOOKUP], asked: { from: 'shop/web-1' }, answers: (_from, to) => (to.startsWith('10.96.0.10:') ? SILENT : undefined) });
    const seen = result.facts.get('connect-client');
    expect(seen?.value === undefined ? '' : seen.says).toBe('asking DNS over UDP from pod shop/web-1 to 10.96.0.10:53 gets no answer');
    expect(of(result, 'proved')).toEqual([]);
  }, 30_000);

  it('is not tried else, and that is said', async () => {
    const { result, log } = await run({ asked: { from: 'shop/web-1', to: 'shop/db-2', port: 5432, protocol: 'UDP' }, texts: ['i/o timeout'] });
    expect(result.facts.get('connect-client')).toMatchObject({ value: undefined, why: expect.stringContaining('UDP cannot be tried') });
    expect(log.filter((line) => line.endsWith(':5432'))).toEqual([]);
  }, 30_000);
});
