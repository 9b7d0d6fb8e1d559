import { describe, expect, it } from 'vitest';
import { PROBE_CLASSES } from '../../../probe/types.ts';
import { beyondCap } from '../../plan/cap.ts';
import { structureProblems } from '../../plan/check.ts';
import { handlers } from './handlers.ts';
import { takeoverSteps } from './plan.ts';
import { factsOfNodes } from './testing/facts.ts';

const kinds = (names: string[], rest: Parameters<typeof factsOfNodes>[1] = {}): string[] => takeoverSteps(factsOfNodes(names, rest)).map((step) => step.kind);

it.each([[['server-1']], [['agent-1', 'server-1']], [['agent-1', 'server-1', 'server-2']]])('%j: a sound plan with a handler for every step', (names) => {
  const controller = { name: 'the controller', runs: true, rulesOn: names };
  for (const rest of [{}, { policyController: controller }, { daemonSet: { namespace: 'kube-flannel', name: 'kube-flannel-ds' } }]) {
    const steps = takeoverSteps(factsOfNodes(names, rest));
    expect(structureProblems(steps)).toEqual([]);
    expect(steps.filter((step) => !Object.hasOwn(handlers, step.kind))).toEqual([]);
  }
});

describe('a single node', () => {
  const steps = takeoverSteps(factsOfNodes(['server-1']));

  it('is neither drained nor cordoned, has no second DNS server to go to, and waits for its pods instead', () => {
    const [one, two] = [kinds(['server-1']), kinds(['agent-1', 'server-1'])];
    const left = ['drain', 'uncordon', 'harden-dns', 'return-dns', 'restart'];
    for (const kind of left) expect(two).toContain(kind);
    expect(one.filter((kind) => left.includes(kind))).toEqual([]);
    expect(one).toContain('return-pods');
    expect(two).not.toContain('return-pods');
    expect(steps.filter((step) => step.group === 'node:server-1').map((step) => step.kind)).toEqual(['clear', 'handover', 'start', 'return-pods', 'prove']);
  });

  it('announces every class from `clear` to the gate, and what of it needs leave by name', () => {
    const [clear] = steps.filter((step) => step.kind === 'clear');
    expect(clear?.impact).toMatchObject([{ classes: PROBE_CLASSES, scope: 'either', node: 'server-1' }]);
    expect(beyondCap({ steps }).map(({ step, classes }) => [step.kind, classes])).toEqual([
      ['switch-off', ['api-server']],
      ['clear', ['pod-to-service', 'dns', 'api-server', 'node-port', 'egress']],
    ]);
  });

  it('is undone only when the pods are back; with more nodes nobody waits for that', () => {
    const waits = (names: string[]): unknown[] => takeoverSteps(factsOfNodes(names)).filter((step) => step.kind === 'clear').map((step) => (step.params as { waitForReturn: boolean }).waitForReturn);
    expect(waits(['server-1'])).toEqual([true]);
    expect(waits(['agent-1', 'server-1'])).toEqual([false, false]);
  });
});
