import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { secretReference } from './secret-reference.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-secret-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const env = { PASSWORD: 'hun ter2', EMPTY: '' };
const read = (reference: string): Promise<string> => secretReference(reference, '--secret', env).read();

describe('secretReference', () => {
  it('reads an environment variable, a file without its end of line, and what a program prints', async () => {
    expect(await read('env:PASSWORD')).toBe('hun ter2');
    expect(await read(`file:${file('one', ' spaces stay \n')}`)).toBe(' spaces stay ');
    expect(await read(`exec:printf '%s-%s\\n' "a b" c`)).toBe('a b-c');
  });

  it('asks a program once', async () => {
    const counted = file('count', '');
    const secret = secretReference(`exec:sh -c 'echo x >> ${counted}; cat ${counted}'`, '--secret');
    expect([await secret.read(), await secret.read()]).toEqual(['x', 'x']);
  });

  it.each([
    ['env:NOWHERE', '--secret is env:NOWHERE, but there is no such environment variable'],
    ['env:EMPTY', '--secret is env:EMPTY, which is empty'],
    ['file:/no/such/file', '--secret is file:/no/such/file, but the file cannot be read: ENOENT'],
    [`exec:sh -c 'echo locked >&2; exit 3'`, /but the program ended with status 3: locked$/],
    ['exec:no-such-program-anywhere', 'the program no-such-program-anywhere is not installed'],
    [`exec:printf 'a\\nb\\n'`, /which has more than one line$/],
  ])('says what is wrong with %s', async (reference, message) => {
    await expect(read(reference)).rejects.toThrow(message);
  });

  it('does not repeat what is no reference, which may be the secret itself', () => {
    expect(() => secretReference('hunter2', '--secret')).toThrow(/^--secret is no reference to a secret$/);
    expect(() => secretReference('env:', '--secret')).toThrow(/no reference/);
  });
});
