import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runProcess } from '../../core/process.ts';
import { remoteCommand } from './quote.ts';

const word = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '!', '-', '*', ';', '(', ')') })).filter((text) => !text.includes('\0'));

test.each(['dash', 'bash'])('%s reads back the very words', { timeout: 60_000 }, async (shell) => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 300, size: 'max' }), async (words) => {
      const { stdout } = await runProcess([shell, '-c', remoteCommand(['printf', '%s\\0', ...words])]);
      expect(Buffer.from(stdout).toString()).toBe(words.map((one) => `${one}\0`).join(''));
    }),
    { numRuns: 8 },
  );
});
