import { describe, expect, it } from 'vitest';
import { structureProblems } from '../../plan/check.ts';
import { beyondCap } from '../../plan/cap.ts';
import { takeoverSteps } from './plan.ts';
import { factsOfNodes } from './testing/facts.ts';

const NODES = ['agent-1', 'agent-2', 'server-1', 'server-2'];
const controller = { name: 'the controller', runs: true, rulesOn: NODES };

describe('handing policies over', () => {
  const steps = takeoverSteps(factsOfNodes(NODES, { policyController: controller }));
  const settle = steps.filter((step) => step.group === 'settle');

  it('comes last of what can be undone: servers, agents, rules node by node, one more look', () => {
    expect(structureProblems(steps)).toEqual([]);
    expect(settle.map((step) => step.id)).toEqual([
      'settle/finish', 'settle/return-dns',
      'settle/policy-off:server-1', 'settle/policy-off:server-2',
      'settle/policy-restart:agent-1', 'settle/policy-restart:agent-2',
      ...NODES.map((node) => `settle/policy-flush:${node}`),
      'settle/policy-gone',
    ]);
    expect(steps.findIndex((step) => step.group === 'settle')).toBeGreaterThan(steps.findLastIndex((step) => step.group.startsWith('node:')));
  });

  it('keeps invariant 7 in every step of it, and judges traffic after each that could open a gap', () => {
    const own = settle.filter((step) => step.kind.startsWith('policy-'));
    expect(own.every((step) => step.invariants.includes(7))).toBe(true);
    expect(own.filter((step) => step.gate).map((step) => step.kind)).toEqual(['policy-off', 'policy-off', 'policy-flush', 'policy-flush', 'policy-flush', 'policy-flush']);
  });

  it('announces the restarts of API servers and nothing else; no canary may be open at any time', () => {
    const announced = settle.flatMap((step) => step.impact.map((impact) => ({ step: step.id, classes: impact.classes, scope: impact.scope })));
    expect(announced).toEqual(['server-1', 'server-2'].map((node) => ({ step: `settle/policy-off:${node}`, classes: ['api-server'], scope: 'any' })));
    expect(beyondCap({ steps }).map((one) => one.step.kind)).toEqual(['switch-off', 'switch-off', 'policy-off', 'policy-off']);
  });

  it("lets agents be told again only when every server is back: in the undo of the first server's step, which is undone last", () => {
    expect(settle.filter((step) => step.kind === 'policy-off').map((step) => (step.params as { agents: string[] }).agents)).toEqual([['agent-1', 'agent-2'], []]);
  });

  it('proves every node from the other nodes before its rules go', () => {
    const params = settle.filter((step) => step.kind === 'policy-flush').map((step) => step.params as { node: string; from: string[] });
    for (const { node, from } of params) expect(from).toEqual(NODES.filter((name) => name !== node));
  });
});

it('without a controller, or with one that is off and left nothing, no step of it is there', () => {
  for (const policyController of [undefined, { ...controller, runs: false, rulesOn: [] }]) {
    expect(takeoverSteps(factsOfNodes(NODES, { policyController })).filter((step) => step.kind.startsWith('policy-'))).toEqual([]);
  }
});

it('rules that a controller left when it was switched off long ago go too, where they are', () => {
  const steps = takeoverSteps(factsOfNodes(NODES, { policyController: { ...controller, runs: false, rulesOn: ['agent-2'] } }));
  expect(steps.filter((step) => step.kind.startsWith('policy-')).map((step) => step.id)).toEqual(['settle/policy-flush']);
});
