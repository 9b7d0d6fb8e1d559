/** Where the way is broken when nothing that is known explains it, what a deadline means on a connection that stands, and names that upstreams keep. */
import { describe, expect, it } from 'vitest';
import { diagnose, type Diagnosis } from '../diagnose.ts';
import type { Asked } from '../ends.ts';
import type { Hop } from '../path.ts';
import { makeLive, type LiveIncident } from '../testing/incidents-live.ts';
import { liveSnapshot } from '../testing/live-snapshot.ts';
import { Wire } from '../testing/wire.ts';
import { liveProber } from './prober.ts';

const SILENT = '124 ';
const NO_ROUTE = '1 bash: connect: No route to host';
const POD: Asked = { from: 'shop/web-1', to: 'shop/db-2', port: 5432 };

async function run(incident: Omit<LiveIncident, 'what' | 'fault'>, asked: Asked = POD, texts: readonly string[] = ['dial tcp 10.96.3.2:5432: i/o timeout']): Promise<Diagnosis> {
  const { trial, options } = makeLive({ what: '', fault: undefined, ...incident });
  const wire = new Wire({ ...options, services: { '10.96.3.2': trial.ip('db-2'), '10.96.0.10': trial.ip('coredns-1') } });
  return await diagnose({ texts, logs: [], asked, snapshot: await liveSnapshot(trial.objects) }, liveProber(wire.shellOf, () => new Date(0), () => Promise.resolve()));
}
const of = ({ causes }: Diagnosis, ...certainties: string[]): string[] => causes.filter(({ certainty }) => certainties.includes(certainty)).map(({ fault }) => fault.id);
const broken = ({ path }: Diagnosis): Hop['part'][] => path.filter(({ state }) => state === 'broken').map(({ part }) => part);
const toDb = (word: string, who: (from: string, to: string, node: string) => boolean) => (from: string, to: string, node: string): string | undefined => (to.endsWith(':5432') && who(from, to, node) ? word : undefined);

/** The cards of two nodes end in 11:01 and 22:02; what n1 has under the address of n2, and n2 under that of n1. */
const cards = (forth: string, back: string): LiveIncident['make'] & object => (trial) => {
  for (const [node, own, address, mac] of [['n1', '11:01', '192.168.10.12', forth], ['n2', '22:02', '192.168.10.11', back]] as const) {
    trial.change('HostFacts', new RegExp(`^${node}$`), (host: { links: { name: string; mac: string }[]; neighbours: object[] }) => { host.links = host.links.map((link) => (link.name === 'eth0' ? { ...link, mac: `02:00:00:00:${own}` } : link)); host.neighbours.push({ address, device: 'eth0', mac, permanent: true }); });
  }
};

describe('the broken part of the way is named, and nothing is proved,', () => {
  const cases: readonly (readonly [what: string, part: Hop['part'], Omit<LiveIncident, 'what' | 'fault'>])[] = [
    ['where the pod is lost and its node is not', 'gateway', { wire: { answers: toDb(SILENT, (from) => from !== '') } }],
    ['where the pod does not answer its own node either', 'target', { wire: { answers: toDb(SILENT, () => true) } }],
    ['where nothing of the client\'s node gets there, and the pod answers its own', 'between', { wire: { pings: false, answers: toDb(NO_ROUTE, (_from, _to, node) => node === 'n1') }, nodes: { n1: { noise: 5000 }, n2: { noise: 5000 } } }],
    ['where it comes out of the tunnel and gets no further', 'target', { wire: { answers: toDb(SILENT, (_from, _to, node) => node === 'n1') } }],
  ];
  it.each(cases)('%s', async (_what, part, incident) => {
    const result = await run(incident);
    expect(of(result, 'proved')).toEqual([]);
    expect(broken(result)[0]).toBe(part);
    expect(result.verdict.summary).toContain('The way is broken at: ');
  }, 30_000);

  it('where the pod answers at its own address and not at that of the Service', async () => {
    const result = await run({ wire: { answers: (_from, to) => (to.startsWith('10.96.3.2:') ? SILENT : undefined) } }, { ...POD, to: 'service:shop/db' });
    expect(broken(result)).toEqual(['service']);
  }, 30_000);

  it('where a pod does not reach itself, although lo is up', async () => {
    const result = await run({ wire: { answers: () => SILENT } }, { from: 'shop/web-1' }, ['dial tcp 127.0.0.1:8080: i/o timeout']);
    expect(result.ends.target).toBe('loopback');
    expect(broken(result)[0]).toBe('gateway');
  }, 30_000);

  it('where another node has the address of the one that is meant', async () => {
    const result = await run({
      make: cards('02:00:00:00:33:03', '02:00:00:00:11:01'),
      wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === 8472 && from === 'n1') },
    });
    expect(of(result, 'proved')).toEqual([]);
    expect(result.path.find(({ part }) => part === 'between')).toMatchObject({ state: 'broken', why: expect.stringContaining('to 02:00:00:00:33:03, which is no card of that node') as string });
  }, 30_000);

  it.each([['has each', '02:00:00:00:22:02', '02:00:00:00:11:01'], ['a router answers for both', '02:00:00:00:99:09', '02:00:00:00:99:09']])('not where %s', async (_what, forth, back) => {
    const result = await run({ make: cards(forth, back), wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === 8472 && from === 'n1') } });
    expect(of(result, 'proved')).toEqual(['V4']);
  }, 30_000);
});

describe('a proved fault of a host breaks the way on the node where it was found:', () => {
  const stops = (node: RegExp): NonNullable<LiveIncident['make']> => (trial) => trial.change('HostFacts', node, (host: { sysctls: Record<string, string> }) => (host.sysctls = { ...host.sysctls, 'net.ipv4.ip_forward': '0' }));
  const silent = { answers: toDb(SILENT, (_from, _to, node) => node === 'n1') };
  it.each([[/^n1$/, ['node']], [/^n2$/, ['target']]] as const)('%s', async (node, parts) => {
    const result = await run({ make: stops(node), wire: silent });
    expect(of(result, 'proved')).toEqual(['H7']);
    expect(broken(result)).toEqual(parts);
  }, 30_000);
  it('where a rule counts', async () => {
    const result = await run({ wire: { drops: { node: 'n2', rule: '-A FORWARD -p tcp -m tcp --dport 5432 -j DROP', port: 5432 } } });
    expect(of(result, 'proved')).toEqual(['K11']);
    expect(broken(result)).toEqual(['target']);
  }, 30_000);
});

describe('a deadline, and a connection that stands now', () => {
  const TEXT = ['TimeoutError: The operation was aborted due to timeout'];
  it('is a matter of large packets where these are lost', async () => {
    const result = await run({ wire: { large: 'lost' } }, POD, TEXT);
    expect(of(result, 'proved')).toEqual(['M2']);
    expect(result.verdict).toMatchObject({ kind: 'cause', network: true });
  }, 30_000);
  it('is no matter of the network where packets of any size arrive', async () => {
    const result = await run({ wire: { large: 'fits' } }, POD, TEXT);
    expect(of(result, 'proved', 'likely')).toEqual(['W12']);
    expect(result.verdict).toMatchObject({ kind: 'likely', network: false, summary: expect.stringContaining('stands now, and large packets arrive. The network is not to blame.') as string });
  }, 30_000);
  it('is anything where sizes could not be tried', async () => expect((await run({}, POD, TEXT)).verdict).toMatchObject({ kind: 'works', network: 'unknown' }), 30_000);
});

describe('a name of outside', () => {
  const LOOKUP = ['dial tcp: lookup registry.example.org on 10.96.0.10:53: read udp 10.244.1.53:41234->10.96.0.10:53: i/o timeout'];
  it.each([['the server says that it failed', '46 4e 81 82'], ['the server says nothing of it, and answers else', '']])('is not known upstream: %s', async (_what, name) => {
    const result = await run({ wire: { name } }, { from: 'shop/web-1' }, LOOKUP);
    expect(of(result, 'proved')).toEqual(['D5']);
  }, 30_000);
  it('that is answered is not', async () => expect(of(await run({ wire: { name: '46 4e 81 80' } }, { from: 'shop/web-1' }, LOOKUP), 'proved')).toEqual([]), 30_000);
  it('is not proved by a connection that stands to somebody else', async () => {
    const silent = (_from: string, to: string): string | undefined => (to.startsWith('10.96.0.10:') ? SILENT : undefined);
    for (const name of ['registry.example.org', 'nobody.shop']) {
      const result = await run({ wire: { answers: silent, large: 'fits' } }, POD, [`dial tcp: lookup ${name}: i/o timeout`]);
      expect(result.ends.target).toBe('pod');
      expect(of(result, 'proved')).toEqual([]);
    }
  }, 30_000);
  it('of which nobody can say anything is not, where DNS is not reached at all', async () => expect(of(await run({ wire: { answers: (_from, to) => (to.startsWith('10.96.0.10:') ? SILENT : undefined) } }, { from: 'shop/web-1' }, LOOKUP), 'proved')).toEqual([]), 30_000);
});

it('a text that keeps the reason to itself is what the same connection comes to now', async () => {
  const result = await run({ wire: { answers: toDb(NO_ROUTE, () => true) } }, POD, ["curl: (7) Failed to connect to db port 5432 after 3061 ms: Couldn't connect to server"]);
  expect(result.symptom).toMatchObject({ kind: 'no-route', said: 'curl' });
});

describe('a connection that comes to something else when it is tried again', () => {
  const LATE = ['dial tcp 10.96.3.2:5432: i/o timeout'];
  it('is explained as it is now, and that is said', async () => {
    const result = await run({ make: (trial) => trial.change('HostFacts', /^n2$/, (host: { pods: { addresses: string[]; sockets: object[] }[] }) => { for (const pod of host.pods) if (pod.addresses.includes(trial.ip('db-2'))) pod.sockets = []; }), wire: { answers: toDb('1 bash: connect: Connection refused', () => true) } }, POD, LATE);
    expect(of(result, 'proved')).toEqual(['X3']);
    expect(result.verdict.summary).toContain('The complaint was "no answer in time"; tried again, the connection came to "connection refused", and that is what this explains.');
  }, 30_000);
  it('is not where it comes to the same', async () => expect((await run({ wire: { answers: toDb(SILENT, () => true) } }, POD, LATE)).verdict.summary).not.toContain('tried again'), 30_000);
});
