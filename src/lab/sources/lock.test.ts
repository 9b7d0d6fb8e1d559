import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFile } from './lock.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-lock-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Takes a lock, telling when somebody else turns out to hold it. */
function take(path: string, signal?: AbortSignal) {
  const waits = Promise.withResolvers<string>();
  const lock = lockFile(path, { onWait: waits.resolve, ...(signal ? { signal } : {}) });
  return { lock, waits: waits.promise };
}

test('one at a time, and the one who waits learns who holds it', async () => {
  const path = join(directory, 'plain');
  const first = await lockFile(path);
  const second = take(path);
  expect(await second.waits).toContain(`process ${process.pid}, since `);
  await first.release();
  await (await second.lock).release();
});

test('waiting ends when it is aborted', async () => {
  const path = join(directory, 'aborted');
  const first = await lockFile(path);
  const controller = new AbortController();
  const second = take(path, controller.signal);
  await second.waits;
  controller.abort(new Error('enough'));
  await expect(second.lock).rejects.toThrow('enough');
  await first.release();
});

test('a holder that is killed holds it no longer', async () => {
  const path = join(directory, 'killed');
  const module = fileURLToPath(new URL('./lock.ts', import.meta.url));
  const script = `const { lockFile } = await import(${JSON.stringify(module)});
    globalThis.lock = await lockFile(${JSON.stringify(path)}); console.log('locked'); setInterval(() => {}, 1e6);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const next = take(path);
  expect(await next.waits).toContain(`process ${holder.pid}, since `);
  holder.kill('SIGKILL');
  await (await next.lock).release();
});

test('a child that inherited it keeps it', async () => {
  const path = join(directory, 'inherited');
  const first = await lockFile(path);
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', first.fd] });
  await once(child, 'spawn');
  await first.release();
  const next = take(path);
  await next.waits;
  child.stdin!.end();
  await (await next.lock).release();
});
