import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject, PodObject } from '../../cluster/objects.ts';
import { drainChecks, tiesByNode, type DrainView, type PinnedPods } from './drain-checks.ts';
import type { Pin } from './pinned.ts';

const pod = (name: string, owner: string | null = 'set', ready = true): PodObject => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { namespace: 'shop', name, labels: { app: 'db' }, ...(owner === null ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: owner, uid: owner, controller: true }] }) },
  spec: { containers: [] }, status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const pin = (one: PodObject, node: string, ...by: string[]): Pin => ({ pod: one, node, by });
const budget = (disruptionsAllowed: number, app = 'db'): KubeObject => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: 'shop', name: 'db' }, spec: { selector: { matchLabels: { app } } }, status: { disruptionsAllowed } });
const view = (seen: Partial<DrainView>): DrainView => ({ pods: [], pins: [], refused: [], budgets: [], ...seen });
const check = (id: string, seen: Partial<DrainView>, pinned: PinnedPods = 'refuse') => drainChecks(view(seen), pinned).find((one) => one.id === id);

describe('drainChecks', () => {
  it('passes, in the same words, whatever pods there are that may go', () => {
    const empty = drainChecks(view({}), 'refuse');
    expect(empty.map(({ id, verdict }) => ({ id, verdict }))).toEqual(['pods-come-back', 'pods-can-move', 'evictions-allowed'].map((id) => ({ id, verdict: 'pass' })));
    expect(drainChecks(view({ pods: [pod('a'), pod('b')], budgets: [budget(1)] }), 'refuse')).toEqual(empty);
  });

  it('names pods without a controller', () => {
    expect(check('pods-come-back', { pods: [pod('c', null), pod('a'), pod('b', null)] })).toMatchObject({ verdict: 'fail', observed: 'shop/b; shop/c' });
  });

  it('says what the API server said, once for all pods that it said it of', () => {
    const said = 'The disruption budget db needs 2 healthy pods and has 2 currently';
    const found = check('evictions-allowed', { refused: [{ pod: pod('b'), said }, { pod: pod('c'), said: 'no' }, { pod: pod('a'), said }] });
    expect(found).toMatchObject({ verdict: 'fail', observed: `shop/a, shop/b: ${said}; shop/c: no` });
    expect(found?.fix).toContain('PodDisruptionBudget');
  });

  it('refuses pods that are tied to a node by what ties them, unless they may stop', () => {
    const pins = [pin(pod('db-0'), 'n1', 'claim shop/data-db-0'), pin(pod('db-1'), 'n2', 'claim shop/data-db-1')];
    expect(check('pods-can-move', { pins })).toMatchObject({ verdict: 'fail', observed: 'claim shop/data-db-0 (n1), claim shop/data-db-1 (n2)', fix: expect.stringContaining('--pinned-pods stop') as string });
    expect(check('pods-can-move', { pins }, 'stop')).toMatchObject({ verdict: 'pass', observed: 'claim shop/data-db-0 (n1), claim shop/data-db-1 (n2)' });
  });

  it('knows a budget that lets one go, but not all that stay down together on one node', () => {
    const pins = [pin(pod('db-0'), 'n1', 'claim shop/0'), pin(pod('db-1'), 'n1', 'claim shop/1'), pin(pod('db-2'), 'n2', 'claim shop/2')];
    expect(check('evictions-allowed', { pins, budgets: [budget(1)] }, 'stop')).toMatchObject({ verdict: 'fail', observed: 'shop/db-0, shop/db-1: all are tied to n1 and down together, and budget shop/db allows only 1' });
    // Enough allowed; not this budget's pods; one of them not Ready, so that it is no disruption; refused anyway.
    expect(check('evictions-allowed', { pins, budgets: [budget(2)] }, 'stop')?.verdict).toBe('pass');
    expect(check('evictions-allowed', { pins, budgets: [budget(1, 'web')] }, 'stop')?.verdict).toBe('pass');
    expect(check('evictions-allowed', { pins: [pin(pod('db-0', 'set', false), 'n1', 'x'), ...pins.slice(1)], budgets: [budget(1)] }, 'stop')?.verdict).toBe('pass');
    expect(check('evictions-allowed', { pins, budgets: [budget(1)] }, 'refuse')?.verdict).toBe('pass');
  });

  it('observes the same whatever order pods come in and whatever they are called', () => {
    const pins = fc.array(fc.record({ node: fc.constantFrom('n1', 'n2'), by: fc.array(fc.constantFrom('claim a/x', 'claim a/y', 'claim b/x'), { minLength: 1, maxLength: 2 }), name: fc.string() }), { maxLength: 6 });
    fc.assert(fc.property(pins, fc.func(fc.integer()), (some, rank) => {
      const made = some.map(({ node, by, name }) => pin(pod(name), node, ...by));
      const again = some.toSorted((a, b) => rank(a) - rank(b)).map(({ node, by }, index) => pin(pod(`p${index}`), node, ...by));
      expect(drainChecks(view({ pins: again }), 'stop')).toEqual(drainChecks(view({ pins: made }), 'stop'));
      expect(tiesByNode(again)).toEqual(tiesByNode(made));
    }));
  });
});
