/** What every NodeShell promises, whichever way it reaches its node. */
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { waitUntil } from '../../../src/cluster/wait.ts';
import { readText, runOrThrow, type NodeShell } from '../../../src/node/shell.ts';

/** Names and words that a shell, a pattern or an option parser would take for something else. */
export const ODD_WORDS = ['two words', "it's", '"quoted"', 'back\\slash', 'new\nline\n', '\ttab', '$HOME', '$(id)', '`id`', '; id', '&& id', '|id', '*', '~', '-n', '--', '', '#', '!!', '{a,b}', '\u{1F980} é', '=x', '%s'];

/** Describes the contract for the shell that `open` gives for a node whose files are its own; `by` is another way there, to see what is left. */
export function describeShellContract(name: string, open: () => { shell: NodeShell; by: NodeShell }): void {
  describe(`a NodeShell by ${name}`, { timeout: 120_000 }, () => {
    const dir = `/var/tmp/contract ${name}`;
    const at = (file: string): string => `${dir}/${file}`;

    test('status, output and errors, kept apart', async () => {
      const { shell } = open();
      expect(await shell.run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
      expect(await shell.run(['true'])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await shell.run(['printf', 'no newline'])).toEqual({ code: 0, stdout: 'no newline', stderr: '' });
    });

    test.each([['TERM', 143], ['KILL', 137], ['SEGV', 139], ['INT', 130]])('a command ended by SIG%s', async (signal, code) => {
      expect(await open().shell.run(['sh', '-c', `kill -${signal} $$`])).toEqual({ code, stdout: '', stderr: '' });
    });

    test.each([126, 127, 255])('a command that itself ends with %i', async (code) => {
      expect(await open().shell.run(['sh', '-c', `exit ${code}`])).toEqual({ code, stdout: '', stderr: '' });
    });

    test('words arrive as they are: no shell reads them', async () => {
      const { shell } = open();
      // printf ends each word by a NUL: what arrives is counted and compared exactly.
      const { stdout } = await shell.run(['printf', '%s\\0', ...ODD_WORDS]);
      expect(stdout.split('\0').slice(0, -1)).toEqual(ODD_WORDS);
      const long = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(900)}`);
      expect((await shell.run(['printf', '%s\\0', ...long])).stdout.split('\0').slice(0, -1)).toEqual(long);
    });

    test('it is root on that node, in its own directory, with a plain environment', async () => {
      const { shell, by } = open();
      expect((await runOrThrow(shell, ['id', '-u'])).trim()).toBe('0');
      expect(await runOrThrow(shell, ['hostname'])).toBe(await runOrThrow(by, ['hostname']));
      expect(await runOrThrow(shell, ['readlink', '/proc/self/ns/net'])).toBe(await runOrThrow(by, ['readlink', '/proc/self/ns/net']));
      expect(await runOrThrow(shell, ['readlink', '/proc/self/ns/mnt'])).toBe(await runOrThrow(by, ['readlink', '/proc/self/ns/mnt']));
      expect((await runOrThrow(shell, ['env'])).split('\n').filter((line) => /^(PATH|HOME|LC_ALL)=/.test(line)).toSorted()).toEqual(['HOME=/root', 'LC_ALL=C.UTF-8', expect.stringMatching(/^PATH=.*\/usr\/local\/bin:/) as string]);
      expect(await runOrThrow(shell, ['env'])).not.toMatch(/KUBERNETES|SSH_|FAIRLEAD|XDG/);
    });

    test('standard input: none, text, bytes of every value, megabytes', async () => {
      const { shell } = open();
      expect((await shell.run(['cat'])).stdout).toBe('');
      expect((await shell.run(['cat'], { stdin: 'é\u{1F980}\n' })).stdout).toBe('é\u{1F980}\n');
      const bytes = randomBytes(5_000_003);
      const { createHash } = await import('node:crypto');
      const digest = createHash('sha256').update(bytes).digest('hex');
      expect((await runOrThrow(shell, ['sha256sum'], { stdin: bytes })).slice(0, 64)).toBe(digest);
      // A command that ends without reading what it is given is no failure.
      expect((await shell.run(['true'], { stdin: bytes })).code).toBe(0);
    });

    test('standard output of megabytes, characters of several bytes whole', async () => {
      const { stdout } = await open().shell.run(['sh', '-c', 'yes "é🦀x" | head -n 700000'], { timeoutMs: 60_000 });
      expect(stdout.length).toBe(700_000 * 5);
      expect(stdout.replaceAll('é🦀x\n', '')).toBe('');
    });

    test('a command that takes too long is killed on the node', async () => {
      const { shell, by } = open();
      const mark = `31${Date.now() % 100_000}`;
      const started = performance.now();
      await expect(shell.run(['sh', '-c', `sleep ${mark} & sleep ${mark}`], { timeoutMs: 3_000 })).rejects.toThrow(/did not end within 3 s and was killed there/);
      expect(performance.now() - started).toBeLessThan(12_000);
      await waitUntil(async () => ((await by.run(['pgrep', '-f', `^sleep ${mark}$`])).code === 1 ? true : undefined), { timeoutMs: 5_000, what: 'the command and its children to be gone' });
    });

    test('a program that is missing, or is none, rejects and names it', async () => {
      const { shell } = open();
      await expect(shell.run(['no-such-program', 'x'])).rejects.toThrow(EnvironmentError);
      await expect(shell.run(['no-such-program', 'x'])).rejects.toThrow(/the program no-such-program cannot be run: No such file or directory/);
      await expect(shell.run(['/no such/"program"'])).rejects.toThrow(/no such/);
      await expect(shell.run(['/etc/passwd'])).rejects.toThrow(/\/etc\/passwd cannot be run: Permission denied/);
      // What looks alike but was said by a program that did run.
      expect((await shell.run(['sh', '-c', 'echo "timeout: failed to run command x: No such file" ; exit 127'])).code).toBe(127);
    });

    test('reading: bytes as they are, nothing there, not to be read', async () => {
      const { shell } = open();
      const bytes = randomBytes(3_000_001);
      await shell.write(at('bytes'), bytes);
      expect(Buffer.from((await shell.read(at('bytes'))) ?? []).equals(bytes)).toBe(true);
      await shell.write(at('empty'), '');
      expect(await readText(shell, at('empty'))).toBe('');
      expect(await shell.read(at('nothing here'))).toBeUndefined();
      expect(await shell.read(at('no directory/nothing'))).toBeUndefined();
      await expect(shell.read(dir)).rejects.toThrow(EnvironmentError);
      await expect(shell.read(`${at('bytes')}/below a file`)).rejects.toThrow(/cannot read/);
    });

    test('writing: whole or not at all, its mode, directories made, nothing left beside', async () => {
      const { shell, by } = open();
      const file = at(`deep/er/${randomUUID()} it's "odd"\n-file`);
      await shell.write(file, 'secret\n', 0o600);
      expect(await runOrThrow(by, ['stat', '-c', '%a %s %U', file])).toBe('600 7 root\n');
      const inode = await runOrThrow(by, ['stat', '-c', '%i', file]);
      await shell.write(file, 'changed');
      expect(await readText(by, file)).toBe('changed');
      expect(await runOrThrow(by, ['stat', '-c', '%a', file])).toBe('644\n');
      expect(await runOrThrow(by, ['stat', '-c', '%i', file]), 'another file took its place, so no reader saw half of one').not.toBe(inode);
      expect((await runOrThrow(by, ['find', at('deep/er'), '-type', 'f', '-print0'])).split('\0')).toEqual([file, '']);
    });

    test('a write that fails leaves what was there, and nothing else', async () => {
      const { shell, by } = open();
      const small = at('small');
      await runOrThrow(by, ['mkdir', '-p', small]);
      await runOrThrow(by, ['mount', '-t', 'tmpfs', '-o', 'size=256k', 'none', small]);
      try {
        await shell.write(`${small}/file`, 'before');
        await expect(shell.write(`${small}/file`, randomBytes(1_000_000))).rejects.toThrow(/No space left on device/);
        expect(await readText(by, `${small}/file`)).toBe('before');
        expect(await runOrThrow(by, ['ls', '-A', small])).toBe('file\n');
      } finally {
        await runOrThrow(by, ['umount', small]);
      }
      await runOrThrow(by, ['mkdir', '-p', at('a directory')]);
      await expect(shell.write(at('a directory'), 'x')).rejects.toThrow(EnvironmentError);
      expect(await runOrThrow(by, ['ls', '-A', at('a directory')])).toBe('');
    });

    test('many at a time, each with its own answer', async () => {
      const { shell } = open();
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      const answers = await Promise.all(numbers.map((number) => shell.run(['sh', '-c', `cat; exit ${number}`], { stdin: `${number}` })));
      expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual(numbers.map((number) => [number, String(number)]));
    });
  });
}
