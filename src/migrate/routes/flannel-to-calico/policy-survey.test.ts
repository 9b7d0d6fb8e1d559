import { describe, expect, it } from 'vitest';
import { policyControllerCheck, policyFacts, type PolicyControllerView } from './policy-survey.ts';

const NODES = ['a', 's'];
const running: PolicyControllerView = { name: 'the controller', on: ['s'], off: [], problems: [], rulesOn: ['s', 'a'] };

describe("the distribution's policy controller", () => {
  it.each<[string, PolicyControllerView | undefined, string, string]>([
    ['none', undefined, 'pass', 'this distribution has none'],
    ['off', { ...running, on: [], off: ['s'], rulesOn: [] }, 'pass', 'the controller is off'],
    ['off, its rules frozen', { ...running, on: [], off: ['s'], rulesOn: ['a'] }, 'pass', 'the controller is off; its last rules are still in the kernel of a and are removed in the end'],
    ['on', running, 'pass', 'the controller enforces policies on every node, and goes on until the new CNI does so everywhere'],
    ['on, but not at work on a node', { ...running, rulesOn: ['s'] }, 'fail', 'the controller should run, but there is no rule of it on a'],
    ['servers of two minds', { ...running, off: ['t'] }, 'fail', 'the controller is on on s and off on t'],
    ['on, by something stronger than a file', { ...running, problems: ['the unit says so'] }, 'fail', 'the unit says so'],
  ])('%s', (_what, view, verdict, observed) => {
    expect(policyControllerCheck(view, NODES)).toMatchObject({ verdict, observed });
  });

  it('is a fact of the plan: whether it runs, and where its rules are', () => {
    expect(policyFacts(undefined)).toBeUndefined();
    expect(policyFacts(running)).toEqual({ name: 'the controller', runs: true, rulesOn: ['a', 's'] });
    expect(policyFacts({ ...running, on: [], off: ['s'] })).toMatchObject({ runs: false });
  });
});
