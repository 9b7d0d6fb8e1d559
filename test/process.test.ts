/** The program as a process: signals, exit codes, readers that go away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { packageRoot } from '../src/core/package-root.ts';
import { runProcess } from '../src/core/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-process-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program with one verb, `go`, whose `run` is the given text. */
function script(run: string): string {
  const path = join(mkdtempSync(join(folder, 'case-')), 'program.mjs');
  const main = JSON.stringify(join(packageRoot(), 'src/main.ts'));
  writeFileSync(
    path,
    `const { runProcess } = await import(${main});
     const verb = { name: 'go', summary: 's', description: 'd', async run(ctx) { ${run} } };
     await runProcess([{ name: 'go', summary: 's', load: async () => verb }]);`,
  );
  return path;
}

interface Running {
  child: ChildProcess;
  stderr: () => string;
  /** Resolves when the program has written this on stderr. */
  said(text: string): Promise<void>;
  /** Exit status, or the name of the signal that ended it. */
  ended: Promise<number | string>;
}

function start(run: string): Running {
  const child = spawn(process.execPath, [script(run), 'go'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    child,
    stderr: () => stderr,
    async said(text) {
      while (!stderr.includes(text)) await once(child.stderr, 'data');
    },
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
  };
}

const waits = "ctx.stderr('ready\\n'); const hold = setInterval(() => {}, 1000); await new Promise((done) => ctx.signal.addEventListener('abort', done));";

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s lets the verb stop at a safe point', async (name) => {
    const program = start(`${waits} clearInterval(hold); ctx.stderr('safe\\n'); ctx.signal.throwIfAborted();`);
    await program.said('ready');
    program.child.kill(name);
    expect(await program.ended).toBe(130);
    expect(program.stderr()).toBe(`ready\n\n${name}: stopping at the next safe point; once more ends it at once.\nsafe\nInterrupted.\n`);
  });

  it('leaves the verb its own exit code', async () => {
    const program = start(`${waits} return 5;`);
    await program.said('ready');
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(5);
  });

  it('ends the process at once when it comes again', async () => {
    const program = start(`${waits} await new Promise(() => {});`);
    await program.said('ready');
    program.child.kill('SIGINT');
    await program.said('safe point');
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(130);
  });
});

describe('the end', () => {
  it('does not wait for what a library keeps open', async () => {
    const program = start('setInterval(() => {}, 1000); return 1;');
    expect(await program.ended).toBe(1);
  });

  it('comes quietly when the reader goes away', async () => {
    const path = script("for (let i = 0; i < 20_000; i += 1) ctx.stdout('a line of data\\n'); await new Promise((done) => setTimeout(done, 0));");
    const ran = await runProcess(['bash', '-o', 'pipefail', '-c', '"$0" "$1" go | head -n 1', process.execPath, path]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  it('brings large output out whole', async () => {
    const ran = await runProcess([process.execPath, script("ctx.stdout('x'.repeat(3_000_000));"), 'go']);
    expect([ran.code, ran.stdout.length]).toEqual([0, 3_000_000]);
  });
});
