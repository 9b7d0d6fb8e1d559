/** What is tried in a living cluster, from where to where, and how the answers of real kernels are read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSnapshot } from '../../cluster/snapshot/load.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import { CATALOGUE } from '../../cni/catalogue.ts';
import { Readable } from 'node:stream';
import { healthy } from '../../audit/testing/healthy.ts';
import { View } from '../../audit/view.ts';
import type { NodeShell } from '../../node/shell.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { diagnose, type Inputs } from '../diagnose.ts';
import { findEnds, type Asked } from '../ends.ts';
import type { ObservationId } from '../fact.ts';
import { tryOf } from '../observe/tries.ts';
import { readAttempt } from './connect.ts';
import { parseCounters, risen } from './counters.ts';
import { nodesToRead } from './hosts.ts';
import { liveProber } from './prober.ts';

/** `agents`: nodes without the role of the control plane. */
async function snapshotOf(flavour: Parameters<typeof healthy>[0], agents: readonly string[] = []): Promise<Snapshot> {
  const items = (healthy(flavour) as KubeObject[]).map((object) => (object.kind === 'Node' && agents.includes(object.metadata.name) ? { ...object, metadata: { ...object.metadata, labels: {} } } : object));
  const stdin = Readable.from([Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))]);
  return await loadSnapshot(['-'], { catalogue: CATALOGUE, stdin, tool: 'test', now: new Date(0) });
}

const inputs = (asked: Asked, ...texts: string[]): Inputs => ({ texts, asked, logs: [] });
const ASKED: Asked = { from: 'shop/web-1', to: 'service:shop/db', port: 5432 };

/** A host that answers as hosts did: `answers` by where a connection goes and from whose address. */
function recorded(node: string, answers: (from: string, to: string, node: string) => string, log: string[]): NodeShell {
  return {
    node,
    run: (argv) => {
      if (argv[2]?.includes('/dev/tcp') !== true) return Promise.resolve({ code: 0, stdout: '', stderr: '' });
      const [, , , , marker = '', from = '', to = '', port = ''] = argv;
      log.push(`${node} ${from === '' ? 'host' : from} → ${to}:${port}`);
      return Promise.resolve({ code: 0, stdout: `\n${marker} ${answers(from, `${to}:${port}`, node)}\n`, stderr: '' });
    },
    read: () => Promise.resolve(undefined),
    write: () => Promise.resolve(),
  };
}

const OK = '0 ';
const REFUSED = '1 bash: connect: Connection refused bash: line 1: /dev/tcp/x/1: Connection refused';
const SILENT = '124 ';

describe('answers', () => {
  it.each<[string, string | undefined]>([
    [OK, 'ok'], [REFUSED, 'refused'], [SILENT, 'timeout'], ['137 ', 'timeout'], ['1 bash: connect: No route to host', 'no-route'], ['1 bash: connect: Network is unreachable', 'net-unreachable'], ['1 bash: connect: Connection timed out', 'timeout'],
    ['1 nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused', 'refused'], ['1 bash: connect: Invalid argument bash: line 1: /dev/tcp/10.42.0.9/80: Invalid argument', 'no-route'], ['1 nc: connect to 10.0.0.1 port 80 (tcp) failed: Permission denied', 'no-route'], ['126 bash: /usr/bin/nsenter: Permission denied', undefined], ['none no network namespace on this node has 10.42.0.9', undefined], ['127 bash: not found', undefined], ['1 ', undefined],
  ])('%s', (line, value) => expect(readAttempt(`noise\n@@m ${line}\nmore`, '@@m').value).toBe(value));

  it('are never taken for a success, whatever is printed', () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(readAttempt(text.replaceAll('@@m', ''), '@@m').value).toBeUndefined(); }));
  });
});

describe('counters', () => {
  const text = (drop: number, reject: number): string => `*filter\n:FORWARD ACCEPT [9:9]\n[5:500] -A FORWARD -j ACCEPT\n[${drop}:60] -A cali-tw-x -m comment --comment "Drop if no policies -j REJECT" -j DROP\n[${reject}:60] -A KUBE-POD-FW-X -m comment --comment "rule to REJECT traffic destined for POD name:db" -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n`;
  it('are those of rules that drop or reject', () => expect([...parseCounters(text(3, 4)).values()]).toEqual([3, 4]));
  it('count for a probe only what did not count by itself', () => {
    const [a, b, c] = [parseCounters(text(3, 4)), parseCounters(text(4, 4)), parseCounters(text(6, 7))];
    expect(risen([a, b], [b, c]).map(({ rule, by }) => [/-j (\w+)(?: --reject-with \S+)?$/.exec(rule)?.[1], by])).toEqual([['REJECT', 3]]);
  });
});

describe('what is tried', () => {
  it('goes from both ends, and only where the scene tells enough', async () => {
    const view = new View(await snapshotOf('k3s-flannel'));
    const at = (id: ObservationId, asked: Asked): string | undefined => { const what = tryOf(id, { view, ends: findEnds(view, asked) }); return what === undefined ? undefined : `${what.node} ${what.pod?.metadata.name ?? 'host'} ${what.host}:${what.port}`; };
    expect(at('connect-client', ASKED)).toBe('n1 web-1 10.43.3.2:5432');
    expect(at('connect-direct', ASKED)).toBe('n1 web-1 10.42.1.54:5432');
    expect(at('connect-client-node', ASKED)).toBe('n1 host 10.42.1.54:5432');
    expect(at('connect-target-node', { ...ASKED, to: 'shop/db-2' })).toBe('n2 host 10.42.2.54:5432');
    expect(at('connect-inside', { ...ASKED, to: 'shop/db-2' })).toBe('n2 db-2 10.42.2.54:5432');
    expect(at('connect-dns', ASKED)).toBe('n1 web-1 10.43.0.10:53');
    expect(at('connect-client', { to: 'service:shop/db', port: 5432 })).toBeUndefined();
    expect(at('connect-client', { from: 'shop/web-1', to: 'service:shop/db' })).toBe('n1 web-1 10.43.3.2:5432');
    expect(at('connect-client', { from: 'shop/web-1', to: 'shop/db-2' })).toBeUndefined();
    expect(at('connect-client', { ...ASKED, protocol: 'UDP' })).toBeUndefined();
  });

  it('reads the hosts of both ends and of servers, and all where nothing was asked', async () => {
    const snapshot = await snapshotOf('k3s-flannel', ['n1', 'n2']);
    expect(nodesToRead(snapshot, inputs({ ...ASKED, to: 'shop/db-2' }))).toEqual(['n1', 'n2', 'n3']);
    expect(nodesToRead(snapshot, inputs({ from: 'shop/web-1' }, 'dial tcp 127.0.0.1:1: connect: connection refused'))).toEqual(['n1', 'n3']);
    expect(nodesToRead(snapshot, inputs({}))).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('a diagnosis with probes', () => {
  async function run(answers: (from: string, to: string, node: string) => string, asked: Asked = { ...ASKED, to: 'shop/db-2' }, sockets = false): Promise<{ result: Awaited<ReturnType<typeof diagnose>>; log: string[] }> {
    const log: string[] = [];
    const snapshot = await snapshotOf('kubeadm-flannel');
    // Who listens was not read, but where it is to be.
    if (!sockets) snapshot.hosts = snapshot.hosts.map((host) => ({ ...host, pods: host.pods?.map(({ sockets: _unread, ...rest }) => rest) }));
    const result = await diagnose({ ...inputs(asked), snapshot }, liveProber((node) => recorded(node, answers, log), () => new Date(0)));
    return { result, log };
  }

  it('says that it works when it does, and tries no further', async () => {
    const { result, log } = await run(() => OK);
    expect(result.verdict).toMatchObject({ kind: 'works', network: 'unknown' });
    expect(log).toEqual(['n1 10.244.1.53 → 10.244.2.54:5432']);
    expect(result.causes.filter(({ certainty }) => certainty === 'proved' || certainty === 'likely')).toEqual([]);
  });

  it('finds that nobody listens when even the pod refuses itself', async () => {
    const { result } = await run(() => REFUSED);
    expect(result.symptom?.kind).toBe('refused');
    expect(result.causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault.id)).toEqual(['X3']);
    expect(result.verdict.network).toBe(false);
    // A listener that is read, and refuses all the same: one of both is not so any more, and nothing is proved.
    const odd = await run(() => REFUSED, undefined, true);
    expect(odd.result.causes.filter(({ certainty }) => certainty === 'proved')).toEqual([]);
  });

  it('finds the hop between the nodes', async () => {
    const { result, log } = await run((_from, _to, node) => (node === 'n2' ? OK : SILENT));
    expect(result.symptom?.kind).toBe('timeout');
    expect(log).toContain('n2 host → 10.244.2.54:5432');
    expect(result.path.find(({ part }) => part === 'between')?.state).toBe('broken');
    expect(result.path.find(({ part }) => part === 'target')?.state).toBe('ok');
    expect(['overlay', 'host', 'cni', 'address']).toContain(result.causes[0]?.fault.layer);
    expect(result.causes.filter(({ certainty }) => certainty === 'proved')).toEqual([]);
  });

  it('takes what cannot be tried for not known', async () => {
    const shell: NodeShell = { node: 'n1', run: () => Promise.reject(new EnvironmentError('node n1 could not be reached')), read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
    const result = await diagnose({ ...inputs(ASKED), snapshot: await snapshotOf('kubeadm-flannel') }, liveProber(() => shell));
    expect(result.facts.get('connect-client')).toMatchObject({ value: undefined, why: 'node n1 could not be reached' });
    expect(result.causes.filter(({ certainty }) => certainty === 'proved')).toEqual([]);
  });
});
