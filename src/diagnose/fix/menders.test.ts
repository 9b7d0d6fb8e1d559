/** What is proposed for which cause, and where no program may decide. */
import { describe, expect, it } from 'vitest';
import { policy, service, workload } from '../../audit/examples.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { KNOWN_FAULTS, faultOf } from '../faults/faults.ts';
import { askerWith } from '../observe/policy.ts';
import { Random, Trial, type Flavour } from '../testing/cluster.ts';
import { ownedByDeployments, sceneOf } from '../testing/scene.ts';
import type { Asked } from '../ends.ts';
import type { Scene } from '../observe/scene.ts';
import type { Remedy } from './mender.ts';
import { byProgram, MENDERS, remedyFor } from './menders.ts';

const TO_DB: Asked = { from: 'shop/web-1', to: 'service:shop/db', port: 5432 };
const trial = (flavour: Flavour = 'k3s-calico'): Trial => new Trial(new Random(1), [flavour]);
interface Spec { spec: { selector?: object; ports: { name?: string; port: number; targetPort: number | string }[]; containers: { name: string; image: string; ports: object[] }[]; replicas: number } }

/** What is proposed for a fault, with the scene; the objects as they would become. */
async function propose(fault: string, made: Trial, asked: Asked): Promise<{ cannot?: string; what?: string; after: KubeObject[]; scene: Scene }> {
  ownedByDeployments(made.objects);
  const scene = await sceneOf(made.objects, asked);
  const remedy = remedyFor(faultOf(fault), scene);
  if ('cannot' in remedy) return { cannot: remedy.cannot, after: [], scene };
  return { what: remedy.what, after: afterOf(remedy, made), scene };
}

function afterOf({ aims }: Remedy, made: Trial): KubeObject[] {
  return aims.map(({ ref, edit }) => {
    const before = made.objects.find((one) => one['kind'] === ref.kind && (one['metadata'] as { name: string; namespace?: string }).name === ref.name && (one['metadata'] as { namespace?: string }).namespace === ref.namespace) as KubeObject | undefined;
    const after = edit(before);
    if ('cannot' in after) throw new Error(String(after['cannot']));
    return after;
  });
}

const selecting = (value: object): Trial => trial().change('Service', /^db$/, (one: Spec) => (one.spec.selector = value));

describe('the selector of a Service', () => {
  it.each([[{ app: 'database' }, 'the name of the Service itself'], [{ app: 'bd' }, 'the name of the Service itself'], [{ app: 'dbb' }, 'a letter too many']])('%j becomes app=db: %s', async (selector) => {
    const { after, what } = await propose('K1', selecting(selector), TO_DB);
    expect(what).toContain('Service shop/db selects app=db in place of');
    expect(after.map((one) => one['spec'])).toEqual([expect.objectContaining({ selector: { app: 'db' } })]);
  });

  it.each<[string, () => Trial, RegExp]>([
    ['is left where nothing is near', () => selecting({ app: 'frontend-of-old' }).change('Service', /^db$/, (one: { metadata: { name: string } }) => (one.metadata.name = 'storage')), /no label of the pods of namespace shop is so near/],
    ['is left where two values are near', () => selecting({ app: 'dbx' }).change('Service', /^db$/, (one: { metadata: { name: string } }) => (one.metadata.name = 'storage')).change('Pod', /^db-1$/, (one: { metadata: { labels: object } }) => (one.metadata.labels = { app: 'dba' })).change('Pod', /^db-2$/, (one: { metadata: { labels: object } }) => (one.metadata.labels = { app: 'dbb' })), /several labels may be meant: app=dba, app=dbb/],
    ['is left where the near pods do not have its ports', () => selecting({ app: 'database' }).change('Service', /^db$/, (one: Spec) => (one.spec.ports[0]!.targetPort = 3306)), /no label of the pods/],
    ['is right where its workload is scaled to 0', () => selecting({ app: 'cache' }).add(workload('Deployment', 'cache', 'c:1', { namespace: 'shop', replicas: 0, podLabels: { app: 'cache' } })), /Deployment shop\/cache, which is scaled to 0/],
    ['is right where it selects pods', () => trial(), /selects pods, and none of them is ready/],
    ['is not there', () => selecting({}), /has no selector/],
  ])('%s', async (_what, make, why) => {
    const made = make();
    const name = made.objects.some((one) => one['kind'] === 'Service' && (one['metadata'] as { name: string }).name === 'db') ? 'db' : 'storage';
    expect((await propose('K1', made, { ...TO_DB, to: `service:shop/${name}` })).cannot).toMatch(why);
  });

  it('is looked for only where a Service was named, and is not changed when it has become another', async () => {
    expect(remedyFor(faultOf('K1'), await sceneOf(trial().objects, {}))).toMatchObject({ cannot: expect.stringContaining('--to service:') as string });
    const remedy = remedyFor(faultOf('K1'), await sceneOf(selecting({ app: 'database' }).objects, TO_DB)) as Remedy;
    expect(remedy.aims[0]?.edit(service('db', { selector: { app: 'other' } }, { namespace: 'shop' }) as KubeObject)).toMatchObject({ cannot: expect.stringContaining('was changed meanwhile') as string });
    expect(remedy.aims[0]?.edit(undefined)).toMatchObject({ cannot: expect.stringContaining('is no longer there') as string });
  });
});

const leadingTo = (target: number | string, change: (one: Spec) => void = () => undefined): Trial => trial().change('Service', /^db$/, (one: Spec) => { one.spec.ports[0]!.targetPort = target; change(one); });
const listens = (made: Trial, ...ports: number[]): Trial => {
  for (const pod of ['db-1', 'db-2']) made.inPods(made.ip(pod), (facts: { sockets: object[] }) => (facts.sockets = ports.map((port) => ({ protocol: 'tcp', address: '*', port, process: 'db' }))));
  return made;
};

describe('the target port of a Service', () => {
  it.each<[string, string, Trial]>([['a wrong number', 'X3', leadingTo(5433)], ['a name that the pods do not have', 'K10', leadingTo('postgres')]])('%s becomes the port where all pods listen', async (_what, fault, made) => {
    const { after } = await propose(fault, made, TO_DB);
    expect(after[0]?.['spec']).toMatchObject({ ports: [{ port: 5432, targetPort: 5432 }] });
  });

  it('becomes, of several, the one that has its name', async () => {
    const made = listens(leadingTo(5433, (one) => (one.spec.ports[0]!.name = 'http')), 5432, 9187);
    expect((await propose('X3', made, TO_DB)).after[0]?.['spec']).toMatchObject({ ports: [{ name: 'http', targetPort: 5432 }] });
  });

  it.each<[string, Trial, RegExp]>([
    ['a container declares it, and its process does not listen', listens(trial(), 9187), /declares port 5432: that its process does not listen there/],
    ['pods listen on several others, and none has the name', listens(leadingTo(5433), 5432, 9187), /listen on 5432, 9187, and none of these has the name/],
    ['pods listen nowhere', listens(leadingTo(5433)), /listen on no other port that all of them have/],
    ['who listens was not read', leadingTo(5433).remove('HostFacts', /./), /was not read/],
    ['a proxy of a mesh takes connections first', leadingTo(5433).change('Pod', /^db-/, (one: Spec) => one.spec.containers.push({ name: 'istio-proxy', image: 'x', ports: [] })), /was not read, or a proxy/],
  ])('is left where %s', async (_what, made, why) => {
    expect((await propose('X3', made, TO_DB)).cannot).toMatch(why);
  });

  it('is not what a refusal on loopback is about', async () => {
    expect((await propose('X3', trial(), { from: 'shop/web-1', to: 'shop/db-1', port: 9999 })).cannot).toMatch(/no port of a Service is between/);
  });
});

describe('policies', () => {
  const verdict = (scene: Scene, after: readonly KubeObject[], from: string, to: string, port: number, protocol: 'TCP' | 'UDP' = 'TCP'): string | undefined => { const made = askerWith(scene.view, after); return 'why' in made ? made.why : made.asker.ask({ from, to, port, protocol }).verdict; };
  const noDns = (): Trial => trial().remove('NetworkPolicy', /^dns$/);

  it('that forget DNS get the rule in the one that lets the pod send', async () => {
    const { after, scene } = await propose('P3', noDns(), TO_DB);
    expect(after.map(({ metadata }) => metadata.name)).toEqual(['web']);
    expect([verdict(scene, after, 'shop/web-1', 'service:kube-system/kube-dns', 53, 'UDP'), verdict(scene, after, 'shop/db-1', 'service:kube-system/kube-dns', 53, 'UDP'), verdict(scene, after, 'shop/web-1', 'kube-system/coredns-1', 80)]).toEqual(['allow', 'deny', 'deny']);
  });

  it('get one of their own where nothing lets the pod send', async () => {
    const { after, scene } = await propose('P3', noDns(), { ...TO_DB, from: 'shop/db-1' });
    expect(after).toMatchObject([{ metadata: { name: 'allow-dns-db', namespace: 'shop' }, spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Egress'] } }]);
    expect(['UDP', 'TCP'].map((protocol) => verdict(scene, after, 'shop/db-1', 'service:kube-system/kube-dns', 53, protocol as 'UDP'))).toEqual(['allow', 'allow']);
    expect(verdict(scene, after, 'shop/web-1', 'service:kube-system/kube-dns', 53, 'UDP')).toBe('deny');
  });

  it('are left where the rule would not help, because DNS itself is closed', async () => {
    const { cannot } = await propose('P3', noDns().add(policy('closed', { podSelector: {}, policyTypes: ['Ingress'] }, 'kube-system')), TO_DB);
    expect(cannot).toContain('with the rule shop/web-1 would still not be allowed to reach service:kube-system/kube-dns');
  });

  it('open the denied side of a connection, and nothing else', async () => {
    const { after, scene } = await propose('P10', trial(), { ...TO_DB, from: 'monitoring/prometheus-1' });
    expect(after).toMatchObject([{ metadata: { name: 'allow-db-from-prometheus', namespace: 'shop' }, spec: { policyTypes: ['Ingress'] } }]);
    expect([verdict(scene, after, 'monitoring/prometheus-1', 'shop/db-2', 5432), verdict(scene, after, 'monitoring/prometheus-1', 'shop/db-2', 22), verdict(scene, after, 'monitoring/prometheus-1', 'shop/web-1', 5432), verdict(scene, after, 'shop/web-1', 'shop/db-1', 5432)]).toEqual(['allow', 'deny', 'deny', 'allow']);
  });

  it('open both sides where both deny', async () => {
    const { after, scene } = await propose('P2', trial('k3s-flannel'), { from: 'shop/db-1', to: 'shop/web-1', port: 9000 });
    expect(after.map(({ metadata }) => metadata.name)).toEqual(['allow-db-to-web', 'allow-web-from-db']);
    expect(verdict(scene, after, 'shop/db-1', 'shop/web-1', 9000)).toBe('allow');
  });

  it('are left where the rule would be the first that selects some pod, and close it', async () => {
    const made = trial().remove('NetworkPolicy', /./).add(policy('one', { podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['primary'] }] }, policyTypes: ['Ingress'] }, 'shop')).change('Pod', /^db-1$/, (one: { metadata: { labels: object } }) => Object.assign(one.metadata.labels, { role: 'primary' }));
    expect((await propose('P10', made, { ...TO_DB, to: 'shop/db-1' })).cannot).toMatch(/would be the first that selects Pod shop\/db-2 for ingress/);
  });

  it('of which the client is not known are left', async () => {
    expect((await propose('P10', trial(), { to: 'service:shop/db', port: 5432 })).cannot).toContain('--from NAMESPACE/POD');
    expect((await propose('P3', trial(), { to: 'service:shop/db', port: 5432 })).cannot).toContain('--from NAMESPACE/POD');
  });
});

describe('DNS pods', () => {
  const scaled = (replicas: number): Trial => trial().change('Deployment', /^coredns$/, (one: Spec) => (one.spec.replicas = replicas));
  it('that were scaled to 0 are asked for again: two on several nodes, one on one', async () => {
    expect((await propose('D3', scaled(0), {})).after[0]?.['spec']).toMatchObject({ replicas: 2 });
    expect((await propose('D3', scaled(0).remove('Node', /^n[23]$/), {})).after[0]?.['spec']).toMatchObject({ replicas: 1 });
  });

  it('that do not become ready are not scaled', async () => {
    expect((await propose('D3', scaled(2), {})).cannot).toContain('is not scaled to 0');
    expect((await propose('D3', trial().remove('Deployment', /^coredns$/), {})).cannot).toContain('was not found');
  });
});

describe('what no program mends', () => {
  it('is said of the address that a process listens on', async () => {
    expect((await propose('X4', trial(), TO_DB)).cannot).toContain('on which address a process listens is decided by its own configuration');
  });

  it('is said of every fault, or what is done about it, in words', () => {
    for (const fault of KNOWN_FAULTS) expect(byProgram(fault), fault.id).toMatch(/^[A-Z].{30,}\.$/);
    expect(MENDERS.flatMap(({ faults }) => faults).filter((id, at, all) => all.indexOf(id) !== at)).toEqual([]);
    expect(MENDERS.flatMap(({ faults }) => faults).map((id) => faultOf(id).proofs.length > 0)).not.toContain(false);
  });
});
