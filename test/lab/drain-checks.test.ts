/** What stands in the way of a drain: `plan` names it, the step itself looks again, and nothing is touched. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isReady, type KubeObject, type NodeObject, type PodObject } from '../../src/cluster/objects.ts';
import type { StepContext } from '../../src/migrate/steps/context.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { drain, uncordon } from '../../src/migrate/steps/drain.ts';
import { keepProxiesFollowing } from '../../src/migrate/steps/proxies.ts';
import type { StepSpec } from '../../src/migrate/types.ts';
import { fairlead, type Said } from './support/fairlead.ts';
import { nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'dc';
const AGENT = `${LAB}-agent-1`;
const HOSTNAME = 'kubernetes.io/hostname';
const plan = (...words: string[]): Promise<Said> => fairlead('plan', '--to', 'calico', '--via', `lab:${LAB}`, ...words);
const digestOf = ({ stdout }: Said): string | undefined => /^Digest (.*)$/m.exec(stdout)?.[1];

/** One pod of a node pod's kind, with a controller. */
function deployment(name: string, spec: Record<string, unknown>): KubeObject {
  const { nodeName, ...podSpec } = { ...(nodePod(name, '')['spec'] as Record<string, unknown>), ...spec };
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' },
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { ...podSpec, tolerations: [] } } },
  };
}

/** A PersistentVolume as K3s' local-path provisioner makes it, and the claim that it is bound to. */
function localVolume(name: string, node: string): KubeObject[] {
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: 'local-path' };
  return [
    {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name },
      spec: {
        ...common, capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: `/var/lib/${name}`, type: 'DirectoryOrCreate' },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [node] }] }] } },
      },
    },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default' }, spec: { ...common, volumeName: name, resources: { requests: { storage: '1Gi' } } } },
  ];
}

const budget: KubeObject = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'tight', namespace: 'default' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'tight' } } } };

describe('what stands in the way of a drain', () => {
  let lab: TestLab;
  const ready = async (name: string): Promise<void> => {
    const { code, stderr } = await lab.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=120s');
    if (code !== 0) throw new Error(`waiting for ${name}: ${stderr}`);
  };

  const ctx = (): StepContext => ({ cluster: lab.cluster, shell: lab.shell, backupDir: '/nonexistent', waiting: () => undefined });

  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '2');
    await lab.apply(
      nodePod('bare', AGENT), budget,
      deployment('tight', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [AGENT] }] } }] } } }),
      ...localVolume('data', AGENT), deployment('keeper', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }),
    );
    await untilReady(lab, 'bare');
    for (const name of ['tight', 'keeper']) await ready(name);
  }, 600_000);
  afterAll(() => lab.down());

  test('plan refuses and names each with what to do', async () => {
    const said = await plan();
    expect(said.code).toBe(1);
    expect(said.stdout).toContain('3 of ');
    expect(said.stdout).toContain('seen: default/bare\n      to do: a pod without a controller would be gone for good');
    expect(said.stdout).toMatch(/seen: default\/tight-\w+-\w+: .*The disruption budget tight needs 1 healthy pods and has 1 currently\n {6}to do: give its workload another replica/);
    expect(said.stdout).toContain(`seen: claim default/data (${AGENT})\n      to do: these pods cannot run elsewhere`);
    expect(said.stdout).toContain('--pinned-pods stop');
  });

  test('the step looks again: it fails before the cordon and says what plan says', async () => {
    const step = { params: { node: AGENT, timeoutMs: 4000, pinnedPods: 'stop' } } as unknown as StepSpec;
    const uids = async (): Promise<string[]> => (await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod' })).map((pod) => pod.metadata.uid ?? '').toSorted();
    const before = await uids();
    await expect(drain.apply(ctx(), step, null)).rejects.toThrow(/has not been touched.*default\/bare.*default\/tight-\S+: .*disruption budget tight/);
    const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: AGENT });
    expect(node?.spec.unschedulable).toBeUndefined();
    expect(await uids()).toEqual(before);
  });

  test('with another replica, no bare pod and leave to stop what is tied, plan passes and says which claim is down', { timeout: 300_000 }, async () => {
    await lab.cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'bare' });
    await lab.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'tight' }, { spec: { replicas: 2 } });
    await ready('tight');
    const refused = await plan();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('1 of ');
    expect(refused.stdout).toContain('claim default/data');

    const said = await plan('--pinned-pods', 'stop');
    expect(said.code, said.stdout).toBe(0);
    expect(said.stdout).toContain(`claim default/data cannot move: down until ${AGENT} is given back`);
    // The pod gets another name; the cluster is the same.
    const { code } = await lab.kubectl('delete', 'pod', '-l', 'app=keeper');
    expect(code).toBe(0);
    await ready('keeper');
    const again = await plan('--pinned-pods', 'stop');
    expect(again.code, again.stdout).toBe(0);
    expect(digestOf(again)).toBe(digestOf(said));
  });

  test('stopped with its node, the pod waits while the node is away, and uncordon waits for the pod', { timeout: 600_000 }, async () => {
    const step = { params: { node: AGENT, timeoutMs: 240_000, pinnedPods: 'stop', tied: ['claim default/data'] } } as unknown as StepSpec;
    const keeper = async (): Promise<PodObject[]> => lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'app=keeper' });
    const [before] = await keeper();
    await drain.apply(ctx(), step, null);
    expect(await drain.verify(ctx(), step, null)).toMatchObject({ ok: true });
    const waiting = await lab.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'app=keeper' }, (pods) => pods.length === 1 && pods[0]?.metadata.uid !== before?.metadata.uid, { what: 'another keeper', timeoutMs: 60_000 });
    expect(waiting.map((pod) => ({ phase: pod.status?.phase, node: pod.spec.nodeName }))).toEqual([{ phase: 'Pending', node: undefined }]);
    expect(await uncordon.check(ctx(), step)).toBe(false);

    await uncordon.apply(ctx(), step, null);
    expect(await uncordon.check(ctx(), step)).toBe(true);
    expect(await uncordon.verify(ctx(), step, null)).toEqual({ ok: true, evidence: [`${AGENT} is schedulable; the pods of claim default/data are back`] });
    expect((await keeper()).map((pod) => ({ name: pod.metadata.name, node: pod.spec.nodeName, ready: isReady(pod) }))).toEqual([{ name: waiting[0]?.metadata.name, node: AGENT, ready: true }]);
  });

  test('between evictions, proxies are looked at again only when the API server was away', { timeout: 300_000 }, async () => {
    const waits: string[] = [];
    const looks = (): number => waits.filter((what) => what.startsWith('the service proxies')).length;
    const watched = { ...ctx(), waiting: (what: string) => void waits.push(what) };
    const proxiesFollow = await keepProxiesFollowing(watched, 'or fail');
    await proxiesFollow();
    expect(looks()).toBe(1);
    const { code, stderr } = await fairlead('lab', 'fault', 'api-down', '--name', LAB, '--for', '3s');
    expect(code, stderr).toBe(0);
    await waitUntil(async () => (await lab.cluster.version(), lab.cluster.failures > 0 || undefined), { what: 'the API server to be away, and back', timeoutMs: 60_000 });
    await Promise.all([proxiesFollow(), proxiesFollow()]);
    expect(looks()).toBe(2);
    await proxiesFollow();
    expect(looks()).toBe(2);
  });

  test('without the claim, plan passes by itself', async () => {
    await lab.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'keeper' }, { spec: { replicas: 0 } });
    await lab.cluster.waitFor({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'app=keeper' }, (pods) => pods.length === 0, { what: 'keeper to end', timeoutMs: 60_000 });
    const said = await plan();
    expect(said.code, said.stdout).toBe(0);
    expect(said.stdout).not.toContain('claim default/data');
  });
});
