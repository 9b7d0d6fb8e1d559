import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('never more at a time than allowed, in the order of asking, all of them, failures included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 20 }), async (scheduler, atOnce, outcomes) => {
      const turns = new Turns(atOnce);
      let now = 0;
      let most = 0;
      const begun: number[] = [];
      const all = Promise.allSettled(outcomes.map((good, index) => turns.take(async () => {
        begun.push(index);
        most = Math.max(most, (now += 1));
        await scheduler.schedule(Promise.resolve());
        now -= 1;
        if (!good) throw new Error(`${index}`);
        return index;
      })));
      await scheduler.waitFor(all);
      expect(begun).toEqual(outcomes.map((_, index) => index));
      expect(most).toBe(Math.min(atOnce, outcomes.length));
      expect((await all).map(({ status }) => status === 'fulfilled')).toEqual(outcomes);
    }),
  );
});
