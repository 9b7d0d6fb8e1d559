import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../canonical.ts';
import { modelPlan, writeStep } from '../testing/model-world.ts';
import type { Impact, Plan, Precondition, StepSpec } from '../types.ts';
import { beyondCap } from './cap.ts';
import { changedPreconditions, structureProblems } from './check.ts';
import { planDigest, sealPlan } from './digest.ts';
import { parsePlan, planText, readPlan, writePlan } from './file.ts';
import { capLine, renderPlanMarkdown, renderPlanText } from './render.ts';

const impact = (over: Partial<Impact> = {}): Impact => ({ classes: ['pod-to-pod', 'host-to-pod'], scope: 'either', node: 'a', maxMs: 90_000, reason: 'pods of a restart', ...over });
const steps = (over: Impact[] = [impact()]): StepSpec[] => [
  writeStep('prepare/crds', 'prepare', { crds: 'there' }),
  writeStep('a/move', 'node:a', { a: 'new' }, { gate: true, impact: over }),
  writeStep('commit/clean', 'commit', { old: 'gone' }),
];
const plan = modelPlan(steps());

describe('the digest', () => {
  it('is the same for the same cluster at another time, boot and resource version, whatever the order of members', () => {
    const later = sealPlan({ ...plan, cluster: { ...plan.cluster, nodes: [{ bootId: 'other', name: 'a', role: 'server' }] }, options: { observedAt: 'now' } }, new Date());
    expect(later.digest).toBe(plan.digest);
    const shuffled = Object.fromEntries(Object.entries(plan).toReversed()) as unknown as Plan;
    expect(planDigest(shuffled)).toBe(plan.digest);
  });

  it('changes with anything that is done', () => {
    for (const over of [impact({ maxMs: 90_001 }), impact({ classes: ['host-to-pod', 'pod-to-pod'] }), impact({ reason: 'x' })]) expect(modelPlan(steps([over])).digest).not.toBe(plan.digest);
    expect(planDigest({ ...plan, steps: plan.steps.toReversed() })).not.toBe(plan.digest);
  });

  it('rests on JSON that does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const back: unknown = JSON.parse(canonicalJson(value));
        expect(canonicalJson(back)).toBe(canonicalJson(value));
        expect(canonicalJson(reversed(back))).toBe(canonicalJson(value));
      }),
    );
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('NaN cannot be written as JSON');
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, reversed(member)])) : value;
}

describe('a plan file', () => {
  it('is read back as it was written', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fairlead-plan-'));
    try {
      await writePlan(join(dir, 'plan.json'), plan);
      expect(await readPlan(join(dir, 'plan.json'))).toEqual(plan);
      expect(await readFile(join(dir, 'plan.json'), 'utf8')).toBe(planText(plan));
      await writeFile(join(dir, 'plan.json'), '{');
      await expect(readPlan(join(dir, 'plan.json'))).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(`${dir}/plan.json: not JSON`) });
      await expect(readPlan(join(dir, 'none.json'))).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('none.json: cannot be read') });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it.each<[string, (text: string) => string, string]>([
    ['a version of the future', (text) => text.replace('"version": 1', '"version": 2'), 'p.json: version: is 2; this fairlead reads plans of version 1'],
    ['a missing member', (text) => text.replace('"maxMs": 90000,', ''), 'p.json: steps[1].impact[0].maxMs: '],
    ['an unknown class', (text) => text.replace('"host-to-pod"', '"host-to-moon"'), 'p.json: steps[1].impact[0].classes[1]: '],
    ['a group that is none', (text) => text.replace('"node:a"', '"nodes"'), 'p.json: steps[1].group: must be prepare, node:<name>, settle or commit'],
    ['a member that is none', (text) => text.replace('"version": 1', '"version": 1, "sudo": true'), 'p.json: the document: '],
    ['an edited action', (text) => text.replace('crds = there', 'rm -rf /'), 'p.json: digest: does not fit the plan'],
    ['an edited point of no return', (text) => text.replace('"pointOfNoReturn": "commit/clean"', '"pointOfNoReturn": null'), 'p.json: pointOfNoReturn: must be commit/clean'],
    ['a list', () => '[]', 'p.json: the document: '],
  ])('is refused with file and place: %s', (_what, change, message) => {
    const text = change(planText(plan));
    expect(text).not.toBe(planText(plan));
    expect(() => parsePlan(text, 'p.json')).toThrow(message);
  });
});

describe('the structure of a plan', () => {
  const b = writeStep('b/move', 'node:b', { b: 'new' });
  const [prepare, a, commit] = steps() as [StepSpec, StepSpec, StepSpec];
  it.each<[string, StepSpec[], string]>([
    ['the same id twice', [prepare, prepare], 'steps[1].id: prepare/crds is the id of an earlier step too'],
    ['a node in two parts', [a, b, { ...a, id: 'a/2' }], 'steps[2].group: steps of group node:a must stand together'],
    ['prepare after a node', [a, prepare], 'steps[1].group: group prepare must come before group node:a'],
    ['a node after commit', [commit, b], 'steps[1].group: group node:b must come before group commit'],
    ['another node in a node’s group', [{ ...a, node: 'b' }], 'steps[0].node: must be a, as the group says, and is b'],
    ['no undo', [{ ...b, undo: [] }], 'steps[0].undo: must say how the step is undone'],
    ['an impact without a gate', [{ ...a, gate: false }, b], 'steps[0].impact: is announced, but no gate follows in its group that would judge it'],
  ])('refuses %s', (_what, list, problem) => {
    expect(structureProblems(list).map(({ path, message }) => `${path}: ${message}`)).toContain(problem);
    expect(() => modelPlan(list)).toThrow('the route made an impossible plan');
  });
});

it('tells what is announced beyond the default cap', () => {
  const within: Impact[] = [impact(), impact({ classes: ['long-lived', 'denied'], scope: 'to' }), impact({ classes: ['dns', 'api-server', 'pod-to-service', 'egress'], scope: 'from' })];
  expect(beyondCap({ steps: steps(within) })).toEqual([]);
  const beyond: [Impact, string][] = [
    [impact({ scope: 'any' }), 'it is not confined to one node'],
    [impact({ node: 'b' }), 'it hits b, which is not the node in flight'],
    [impact({ classes: ['pod-to-pod', 'node-port'] }), 'node-port is more than pods of the node in flight missing their own traffic'],
    [impact({ classes: ['dns', 'egress'], scope: 'either' }), 'dns, egress are more than pods of the node in flight missing their own traffic'],
  ];
  for (const [one, why] of beyond) expect(beyondCap({ steps: steps([one]) }).map((excess) => excess.why)).toEqual([why]);
});

it('says what changed since the plan was made', () => {
  const one: Precondition = { id: 'mtu', title: 'MTU', verdict: 'pass', expected: 'the same everywhere', observed: '1450' };
  expect(changedPreconditions([one], [one])).toEqual([]);
  expect(changedPreconditions([one], [{ ...one, observed: '1400' }])).toEqual(['MTU: was 1450 when the plan was made, is 1400 now']);
  expect(changedPreconditions([one], [])).toEqual(['MTU: was 1450 when the plan was made, and is not checked now']);
  expect(changedPreconditions([], [one])).toEqual(['MTU: the plan was made without looking at it; now: 1450']);
  expect(changedPreconditions([{ ...one, verdict: 'unknown' }], [{ ...one, verdict: 'unknown' }]), 'what the plan calls unknown was accepted with it').toEqual([]);
  expect(changedPreconditions([one], [{ ...one, verdict: 'unknown', observed: 'nothing', fix: 'look' }])).toEqual(['MTU: cannot be told: expected the same everywhere, seen nothing (look)']);
});

describe('a rendering', () => {
  it('says first what exceeds the cap', () => {
    expect(capLine(plan)).toBe('Announced: only pods of the node in flight miss traffic, one node at a time; nothing beyond the default cap.');
    const wide = modelPlan(steps([impact({ classes: ['api-server'], scope: 'any', maxMs: 30_000, reason: 'the only server restarts' })]));
    for (const text of [renderPlanText(wide), renderPlanMarkdown(wide)]) {
      expect(text.split('\n')[0]).toBe('Announced BEYOND THE DEFAULT CAP: a/move: api-server anywhere, at most 30 s: the only server restarts (it is not confined to one node).');
    }
  });

  it('shows every step as text', () => {
    expect(renderPlanText(plan).replace(plan.digest, 'DIGEST')).toMatchInlineSnapshot(`
      "Announced: only pods of the node in flight miss traffic, one node at a time; nothing beyond the default cap.

      model (k3s 1.34.4, 1 node) from old to new: 3 steps, point of no return: commit/clean
      Digest DIGEST

      Preconditions:

      == Prepare: a failure undoes all of it

      prepare/crds  writes crds
        does       crds = there
        announces  nothing
        keeps      invariant 1
        undo       put the old values back

      == Node a (server): a failure rolls this node back

      a/move  [a]  writes a
        does       a = new
        announces  pod-to-pod, host-to-pod from and to a, at most 90 s: pods of a restart
        keeps      invariant 1
        undo       put the old values back
        gate       measured traffic is judged before the next step

      == Commit: no way back by undo from here on

      commit/clean  writes old
        does       old = gone
        announces  nothing
        keeps      invariant 1
        undo       none: past the point of no return
      "
    `);
  });

  it('shows every step as Markdown, whatever stands in an action', () => {
    const odd = modelPlan([{ ...writeStep('prepare/odd', 'prepare', { x: '1' }), actions: ['echo `date` | tee', 'plain'] }]);
    expect(renderPlanMarkdown(odd)).toContain('### `prepare/odd` writes x\n\n- Does:\n  - `` echo `date` | tee ``\n  - `plain`\n- Announces: nothing\n- Keeps: invariant 1\n- Undo:\n  - `put the old values back`\n');
  });
});
