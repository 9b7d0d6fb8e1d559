import fc from 'fast-check';
import { expect, it } from 'vitest';
import { carryOut, writeTypes, type Body } from '../testing/carry-out.ts';
import { engineOf } from '../testing/engine-of.ts';
import { objectsOf, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { smallestEdit } from './edit.ts';
import { Asker } from './question.ts';

const WORLDS = 100;

it('the edits that are proposed turn the answer round', { timeout: patience(WORLDS) }, () => {
  let proposed = 0;
  fc.assert(fc.property(worlds, (world) => {
    const made = objectsOf(world);
    const asker = new Asker(engineOf(made).engine);
    for (const from of [...world.pods.map((pod) => `${pod.namespace}/${pod.name}`), '192.0.2.7']) {
      for (const to of [...world.pods.map((pod) => `${pod.namespace}/${pod.name}`), '203.0.113.9']) {
        if (from === to || (from.startsWith('192') && to.startsWith('203'))) continue;
        const question = { from, to, protocol: 'TCP', port: 80 } as const;
        const before = asker.ask(question);
        const edits = before.answers.flatMap((one) => smallestEdit(one) ?? []);
        if (edits.length === 0) continue;
        const objects = structuredClone(made) as Body[];
        writeTypes(objects);
        carryOut(objects, edits);
        proposed += 1;
        const after = new Asker(engineOf(objects).engine).ask(question);
        expect([before.verdict, after.verdict].toSorted(), `${from} → ${to}: ${JSON.stringify(edits.map((edit) => ({ ...edit, policy: undefined })))}`).toEqual(['allow', 'deny']);
      }
    }
  }), runs(WORLDS));
  expect(proposed).toBeGreaterThan(100);
});
