/**
 * What the policy engine says of random policies is what real Calico does with them: pods of a lab try each other, on ports
 * of TCP and UDP, and every verdict of `fairlead policy check` over the living cluster is compared with what was measured.
 * FAIRLEAD_POLICY_SEED begins elsewhere, FAIRLEAD_POLICY_ROUNDS goes on longer.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { NAMESPACES } from '../../src/policy/testing/kubernetes-worlds.ts';
import { fairleadOk } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { podsFor, policiesFor, PROBED, reached, type ProbePod, type Target } from './support/policy-pods.ts';

const LAB = 'pa';
const SEED = Number(process.env['FAIRLEAD_POLICY_SEED'] ?? 1);
/** 12 pods try 11 others on 6 ports: 792 probes a round. */
const ROUNDS = Number(process.env['FAIRLEAD_POLICY_ROUNDS'] ?? 8);
/** Milliseconds within which Felix has policies in force on every node. What differs is tried again until then. */
const SETTLE = 60_000;
const KINDS = [['networking.k8s.io/v1', 'NetworkPolicy'], ['crd.projectcalico.org/v1', 'NetworkPolicy'], ['crd.projectcalico.org/v1', 'GlobalNetworkPolicy']] as const;

interface Probe extends Target {
  id: number;
  from: ProbePod;
}

interface Answer {
  id: number;
  verdict: string;
  because: string[];
}

describe('the policy engine and a lab with Calico', () => {
  let lab: TestLab;
  let objects: KubeObject[];
  let pods: ProbePod[];
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-agreement-'));

  beforeAll(async () => {
    lab = await startLab(LAB, '--cni', 'calico', '--nodes', '3');
    objects = podsFor(lab.nodes, SEED);
    await lab.apply(...objects.filter(({ kind }) => kind === 'Namespace'));
    const made = objects.filter(({ kind }) => kind === 'Pod');
    // A pod is refused as long as its namespace has no service account.
    for (const { metadata } of objects.filter(({ kind }) => kind === 'Namespace')) {
      await lab.cluster.waitFor({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: metadata.name, name: 'default' }, (found) => found !== undefined, { timeoutMs: 60_000, what: `the service account of namespace ${metadata.name}` });
    }
    await lab.apply(...made);
    pods = [];
    for (const { metadata: { name, namespace = '' } } of made) {
      type Running = KubeObject & { status?: { phase?: string; podIP?: string } };
      const pod = await lab.cluster.waitFor<Running>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, (found) => found?.status?.phase === 'Running' && found.status.podIP !== undefined, { timeoutMs: 180_000, what: `pod ${namespace}/${name} to run` });
      pods.push({ id: `${namespace}/${name}`, namespace, name, address: pod?.status?.podIP ?? '' });
    }
  }, 900_000);
  afterAll(async () => {
    await lab?.down();
    rmSync(dir, { recursive: true, force: true });
  });

  async function removePolicies(): Promise<void> {
    for (const [apiVersion, kind] of KINDS) {
      for (const { metadata: { name, namespace } } of await lab.cluster.list({ apiVersion, kind })) {
        // Those of this test alone.
        if (namespace === undefined ? name.startsWith('default.calico') : NAMESPACES.includes(namespace)) await lab.cluster.delete({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
      }
    }
  }

  const probes = (): Probe[] => pods.flatMap((from) => pods.filter((to) => to !== from).flatMap((to) => PROBED.map((one) => ({ from, to, ...one })))).map((one, id) => ({ ...one, id }));

  async function measured(all: readonly Probe[]): Promise<Map<number, boolean>> {
    const found = new Map<number, boolean>();
    for (const [from, own] of Map.groupBy(all, (one) => one.from)) {
      const answers = await reached(lab.cluster, from, own);
      own.forEach(({ id }, index) => found.set(id, answers[index]!));
    }
    return found;
  }

  async function asked(all: readonly Probe[]): Promise<Map<number, Answer>> {
    const file = join(dir, 'queries.ndjson');
    writeFileSync(file, all.map(({ id, from, to, protocol, port }) => `${JSON.stringify({ id, from: from.id, to: to.id, protocol, port })}\n`).join(''));
    const answers = (await fairleadOk('policy', 'check', '--queries', file, '--via', `lab:${LAB}`, '--enforcer', 'calico')).trim().split('\n').map((line) => JSON.parse(line) as Answer);
    return new Map(answers.map((one) => [one.id, one]));
  }

  /** What is still otherwise than expected when the policies have had their time; a verdict that depends on something expects nothing. */
  async function differing(all: readonly Probe[], answers: ReadonlyMap<number, Answer>): Promise<Probe[]> {
    const deadline = performance.now() + SETTLE;
    const wrong = async (some: readonly Probe[]): Promise<Probe[]> => {
      const found = await measured(some);
      return some.filter(({ id }) => answers.get(id)?.verdict !== (found.get(id) === true ? 'allow' : 'deny'));
    };
    let left = await wrong(all);
    while (left.length > 0 && performance.now() < deadline) left = await wrong(left);
    // What agreed early may have agreed with policies of before: all once more, now that these are in force.
    return [...new Set([...left, ...(await wrong(all))])];
  }

  test('without policies everybody reaches everybody', { timeout: 300_000 }, async () => {
    await removePolicies();
    const all = probes();
    const answers = await asked(all);
    expect([...answers.values()].every(({ verdict }) => verdict === 'allow')).toBe(true);
    expect(await differing(all, answers)).toEqual([]);
  });

  test.for(Array.from({ length: ROUNDS }, (_, round) => SEED + round))('policies of seed %i', { timeout: 600_000 }, async (seed) => {
    await removePolicies();
    const policies = policiesFor(objects, pods, seed);
    await lab.apply(...policies);
    const all = probes();
    const answers = await asked(all);
    const firm = all.filter(({ id }) => answers.get(id)?.verdict !== 'depends');
    const counts = Object.fromEntries([...Map.groupBy(answers.values(), ({ verdict }) => verdict)].map(([verdict, those]) => [verdict, those.length]));
    process.stdout.write(`seed ${seed}: ${policies.length} policies, ${firm.length} probes compared, ${JSON.stringify(counts)}\n`);
    expect(firm.length).toBeGreaterThan(all.length / 2);
    const wrong = await differing(firm, answers);
    expect(wrong.map(({ id, from, to, protocol, port }) => `${from.id} → ${to.id} ${protocol} ${port}: the engine says ${answers.get(id)?.verdict ?? ''} (${answers.get(id)?.because.join('; ') ?? ''}), measured is the opposite`)).toEqual([]);
  });
});
