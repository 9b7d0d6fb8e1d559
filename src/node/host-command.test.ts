import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runProcess } from '../core/process.ts';
import { completed, hostCommand } from './host-command.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('the proof that a command came to its end', () => {
  test('is split off, whatever stands before or behind it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.integer({ min: 0, max: 255 }), fc.string(), fc.string(), (stdout, stderr, code, before, later) => {
        const mark = `fairlead-${randomBytes(12).toString('hex')}-`;
        const output = { stdout: Buffer.concat([bytes(before + mark), stdout, bytes(mark + later)]), stderr: Buffer.concat([bytes(before + mark), stderr, bytes(`${mark}${code}`)]) };
        const result = completed(output, mark);
        expect(result?.code).toBe(code);
        expect(Buffer.from(result?.stdout ?? []).equals(Buffer.from(stdout))).toBe(true);
        expect(Buffer.from(result?.stderr ?? []).equals(Buffer.from(stderr))).toBe(true);
      }),
    );
  });

  test.each([['nothing came', '', ''], ['standard output was cut', 'M-x', 'M-M-0'], ['the status was cut', 'M-xM-', 'M-M-'], ['standard error was cut', 'M-xM-', 'M-oh']])('is missing when %s', (_what, stdout, stderr) => {
    expect(completed({ stdout: bytes(stdout), stderr: bytes(stderr) }, 'M-')).toBeUndefined();
  });
});

/** A command as a host would get it. */
async function run(argv: readonly string[], stdin = ''): Promise<ReturnType<typeof completed>> {
  const [program, ...rest] = hostCommand(argv, 'MARK-', 5_000);
  const { stdout, stderr } = await runProcess([program ?? '', ...rest], { stdin });
  return completed({ stdout, stderr: bytes(stderr) }, 'MARK-');
}

test('every word arrives as it is', { timeout: 60_000 }, async () => {
  const word = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !text.includes('\0'));
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 200, size: 'max' }), async (words) => {
      const result = await run(['printf', '%s\\0', ...words]);
      expect(Buffer.from(result?.stdout ?? []).equals(Buffer.from(words.map((one) => `${one}\0`).join('')))).toBe(true);
    }),
    { numRuns: 5 },
  );
});

test('a signal is a status, and no shell speaks of it; input may be left unread', async () => {
  expect(await run(['sh', '-c', 'kill -KILL $$'], 'x'.repeat(1_000_000))).toEqual({ code: 137, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
});
