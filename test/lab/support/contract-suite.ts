/** The tests of all steps of a plan, group by group, in a lab without measured traffic. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { draftPlan } from '../../../src/migrate/routes/flannel-to-calico/route.ts';
import type { StepSpec } from '../../../src/migrate/types.ts';
import { fairleadOk } from './fairlead.ts';
import { nodePod, startLab, type TestLab } from './lab.ts';
import { ContractWalk } from './step-contract.ts';

/** Pods that a drain moves, and one of a DaemonSet on every node, which only `clear` removes. */
function workloads(): KubeObject[] {
  const { spec } = nodePod('any', '');
  const { nodeName: _nodeName, tolerations, ...anywhere } = spec as Record<string, unknown>;
  const template = (app: string, more: object = {}): object => ({ metadata: { labels: { app } }, spec: { ...anywhere, ...more } });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'fairlead-system' } },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'movable', namespace: 'default' }, spec: { replicas: 2, selector: { matchLabels: { app: 'movable' } }, template: template('movable') } },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'everywhere', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'everywhere' } }, template: template('everywhere', { tolerations }) } },
  ];
}

/** Declares the tests for one profile; `name` is the lab's. */
export function contractSuite(name: string, profile: 'k3s' | 'kubeadm'): void {
  describe(`steps of a takeover, profile ${profile}`, () => {
    let lab: TestLab;
    let walk: ContractWalk;
    let steps: StepSpec[];
    /** Where the walk ended: what comes after needs what comes before. */
    let stuck: string | undefined;

    beforeAll(async () => {
      lab = await startLab(name, '--nodes', '3', '--profile', profile);
      await lab.apply(...workloads());
      for (const what of ['deployment/movable', 'daemonset/everywhere']) expect(await lab.kubectl('rollout', 'status', what, '--timeout=60s')).toMatchObject({ code: 0 });
      const { plan, preconditions } = await draftPlan(lab.cluster, (node) => lab.shell(node));
      expect(preconditions.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
      steps = plan?.steps ?? [];
      walk = new ContractWalk(lab);
    }, 600_000);
    afterAll(async () => {
      walk?.close();
      await fairleadOk('lab', 'down', '--name', name);
    });

    const groups = ['prepare', `node:${name}-agent-1`, `node:${name}-agent-2`, `node:${name}-server-1`, 'settle', 'commit'];
    test.each(groups)('%s', { timeout: 1_800_000 }, async (group) => {
      const own = steps.filter((step) => step.group === group);
      expect(own.length, 'steps of this group').toBeGreaterThan(0);
      for (const step of own) {
        expect(stuck, 'where the walk ended').toBeUndefined();
        stuck = step.id;
        await (group === 'commit' ? walk.final(step) : walk.undoable(step));
        stuck = undefined;
      }
    });

    test('no other group is in the plan', () => {
      expect([...new Set(steps.map((step) => step.group))]).toEqual(groups);
    });
  });
}
