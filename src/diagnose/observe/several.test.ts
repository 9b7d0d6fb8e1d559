/** What is so for one of several pods at the other end speaks for a cause, and proves none, unless it fails now and then; and rules that saw all. */
import { describe, expect, it } from 'vitest';
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import { View } from '../../audit/view.ts';
import { diagnose } from '../diagnose.ts';
import { findEnds, type Asked } from '../ends.ts';
import type { Fact } from '../fact.ts';
import { Random, Trial, type Flavour } from '../testing/cluster.ts';
import { liveSnapshot } from '../testing/live-snapshot.ts';
import { HOSTS } from './hosts.ts';
import { OBJECTS } from './objects.ts';
import { ruleFacts } from './rules.ts';
import { captureFacts } from './captures.ts';
import { textFacts } from './logs.ts';
import type { Scene } from './scene.ts';

const trialOf = (flavour: Flavour = 'kubeadm-flannel'): Trial => new Trial(new Random(1), [flavour]);
const onHost = (trial: Trial, name: RegExp, change: (host: HostFacts) => void): Trial => trial.change('HostFacts', name, change);
/** web-1 is on n1; the databases are on n1 and n2. From n3 both are elsewhere. */
const FROM_N3: Asked = { from: 'node/n3', to: 'service:shop/db', port: 5432 };
const FROM_WEB: Asked = { from: 'shop/web-1', to: 'service:shop/db', port: 5432 };
const sceneOf = async (trial: Trial, asked: Asked): Promise<Scene> => { const view = new View(await liveSnapshot(trial.objects)); return { view, ends: findEnds(view, asked) }; };
const weak = (seen: Fact | undefined): string | undefined => (seen?.value !== undefined ? seen.weak ?? 'sure' : 'unseen');
const full = (host: HostFacts): void => void (host.conntrack = { count: 131_000, max: 131_072 });
const off = (host: HostFacts): void => void (host.sysctls = { ...host.sysctls, 'net.ipv4.ip_forward': '0' });
const down = (node: { status: { conditions: object[] } }): void => void (node.status.conditions = [{ type: 'Ready', status: 'Unknown' }]);

describe('a fault of the node of one of them', () => {
  it.each<[string, RegExp, Asked, string]>([['the other one works', /^n2$/, FROM_N3, 'one-of-several'], ['both have it', /^n[12]$/, FROM_N3, 'sure'], ["it is the client's node, too", /^n1$/, FROM_WEB, 'sure'], ['one pod was asked for', /^n2$/, { ...FROM_N3, to: 'shop/db-2' }, 'sure']])('%s', async (_what, nodes, asked, word) => {
    const scene = await sceneOf(onHost(onHost(trialOf(), nodes, full), nodes, off).change('Node', nodes, down), asked);
    expect([weak(HOSTS.conntrack?.(scene)), weak(OBJECTS.nodes?.(scene)), weak(ruleFacts(scene).get('rule:FL-HOST-001'))]).toEqual([word, word, word]);
  });

  it('proves a cause for who fails now and then alone', async () => {
    const snapshot = await liveSnapshot(onHost(trialOf(), /^n2$/, full).objects);
    const proved = async (text: string): Promise<string[]> => (await diagnose({ texts: [text], logs: [], asked: FROM_N3, snapshot })).causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault.id);
    expect(await proved('dial tcp 10.96.3.2:5432: i/o timeout')).toEqual([]);
    expect(await proved('sometimes: dial tcp 10.96.3.2:5432: i/o timeout')).toEqual(['D4']);
  });
});

describe('a finding about one of them', () => {
  it('is of some, also where it names their Service', async () => {
    const trial = trialOf();
    trial.inPods(trial.ip('db-2'), (facts: { sockets: object[] }) => (facts.sockets = [{ protocol: 'tcp', address: '127.0.0.1', port: 5432, process: 'db' }]));
    const scene = await sceneOf(trial, FROM_WEB);
    expect(weak(ruleFacts(scene).get('rule:FL-SVC-003'))).toBe('one-of-several');
    trial.inPods(trial.ip('db-1'), (facts: { sockets: object[] }) => (facts.sockets = [{ protocol: 'tcp', address: '127.0.0.1', port: 5432, process: 'db' }]));
    expect(weak(ruleFacts(await sceneOf(trial, FROM_WEB)).get('rule:FL-SVC-003'))).toBe('sure');
  });

  it('is of the client where it is about the client', async () => {
    expect(weak(ruleFacts(await sceneOf(onHost(trialOf(), /^n3$/, off), FROM_N3)).get('rule:FL-HOST-001'))).toBe('sure');
  });
});

describe('what captures and events show', () => {
  const report = (...examples: string[]): Parameters<typeof captureFacts>[1] => ({ signatures: [{ id: 'hairpin-unanswered', title: 'x', count: examples.length, example: examples[0] ?? '', more: examples.slice(1), frame: 1 }] }) as unknown as Parameters<typeof captureFacts>[1];
  it('of one pod is of some', async () => {
    const trial = trialOf();
    const scene = await sceneOf(trial, FROM_WEB);
    const [a, b, web] = ['db-1', 'db-2', 'web-1'].map((name) => trial.ip(name));
    const seen = (...examples: string[]): string | undefined => weak(captureFacts(scene, report(...examples)).get('capture:hairpin-unanswered'));
    expect([seen(`${web} → ${a}:5432`), seen(`${web} → ${a}:5432`, `${web} → ${b}:5432`), seen(`${web} → 10.96.3.2:5432`), seen(`who-has 169.254.1.1 tell ${web}`)]).toEqual(['one-of-several', 'sure', 'sure', 'sure']);
  });

  it('about one pod is of some', async () => {
    const unready = (pod: { status: { conditions: object[] } }): void => void (pod.status.conditions = [{ type: 'Ready', status: 'False' }]);
    const event = (name: string): object => ({ apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.1`, namespace: 'shop' }, reason: 'FailedCreatePodSandBox', message: 'no IP addresses available in range set: 10.244.2.1-10.244.2.254', involvedObject: { kind: 'Pod', namespace: 'shop', name } });
    const seen = async (...names: string[]): Promise<string | undefined> => weak(textFacts(await sceneOf(trialOf().change('Pod', /^(db|web)-/, unready).add(...names.map(event)), FROM_WEB), [], []).get('says:I1'));
    expect([await seen('db-2'), await seen('db-1', 'db-2'), await seen('web-1')]).toEqual(['one-of-several', 'sure', 'sure']);
  });
});

describe('a rule that found nothing', () => {
  const value = async (trial: Trial, rule: string, source: 'live' | 'files' = 'live'): Promise<string | undefined> => {
    const view = new View({ ...(await liveSnapshot(trial.objects)), source });
    return weak(ruleFacts({ view, ends: findEnds(view, { ...FROM_WEB, to: 'shop/db-2' }) }).get(`rule:${rule}`));
  };

  it('excludes a fault where it had all before it', async () => {
    for (const rule of ['FL-HOST-012', 'FL-VXLAN-001', 'FL-VXLAN-002', 'FL-CNI-001']) expect([rule, await value(trialOf(), rule)]).toEqual([rule, 'sure']);
    expect(await value(trialOf('kubeadm-calico'), 'FL-HOST-013')).toBe('sure');
  });

  it('does not where it had not', async () => {
    const hostless = onHost(trialOf(), /^n2$/, (host) => delete host.links);
    for (const rule of ['FL-VXLAN-001', 'FL-VXLAN-002']) expect([rule, await value(hostless, rule)]).toEqual([rule, 'incomplete']);
    expect(await value(trialOf(), 'FL-CNI-001', 'files')).toBe('incomplete');
    expect(await value(trialOf(), 'FL-VXLAN-005')).toBe('incomplete');
    expect(await value(trialOf('kubeadm-calico'), 'FL-HOST-012')).toBe('incomplete');
  });
});

describe("kube-proxy's health port", () => {
  const value = async (sockets: HostFacts['sockets'], flavour?: Flavour): Promise<string | undefined> => HOSTS['proxy-listens']?.(await sceneOf(onHost(trialOf(flavour), /^n1$/, (host) => { if (sockets !== undefined) host.sockets = sockets; }), FROM_WEB))?.value;
  it.each<[string | undefined, HostFacts['sockets']]>([
    ['yes', [{ protocol: 'tcp', address: '*', port: 10_256, process: 'kube-proxy' }]], ['no', [{ protocol: 'tcp', address: '*', port: 10_250, process: 'kubelet' }]], ['no', [{ protocol: 'udp', address: '*', port: 10_256 }]], [undefined, undefined],
  ])('%s', async (word, sockets) => expect(await value(sockets)).toBe(word));

  it('speaks for rules that are missing, and proves nothing', async () => {
    const snapshot = await liveSnapshot(onHost(trialOf(), /^n1$/, (host) => { host.sockets = []; }).objects);
    const { causes } = await diagnose({ texts: ['dial tcp 10.96.3.2:5432: i/o timeout'], logs: [], asked: FROM_WEB, snapshot });
    expect(causes.find(({ fault }) => fault.id === 'K7')).toMatchObject({ certainty: 'likely', confirmed: false });
    expect(causes.filter(({ certainty }) => certainty === 'proved')).toEqual([]);
  });
});
