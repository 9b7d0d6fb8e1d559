import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, readJournal } from './journal.ts';
import type { JournalBody } from './journal/entries.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fairlead-journal-'));
  file = join(dir, 'journal.ndjson');
});
afterEach(async () => rm(dir, { recursive: true }));

const header: JournalBody = { type: 'header', plan: 'a'.repeat(64), tool: 'test', pid: 1, started: '2026-01-01T00:00:00.000Z', command: 'migrate' };
const intent = (step: string): JournalBody => ({ type: 'step-intent', step, group: 'prepare', captured: { was: 'ü\n' }, already: false });

async function written(...bodies: JournalBody[]): Promise<void> {
  const journal = await openJournal(dir);
  for (const body of bodies) await journal.append(body);
  await journal.close();
}

describe('openJournal', () => {
  it('reads back what was appended, in order and linked, also when appends overlap', async () => {
    const journal = await openJournal(dir);
    await Promise.all([journal.append(header), journal.append(intent('a')), journal.append(intent('b'))]);
    await journal.close();
    const entries = await readJournal(file);
    expect(entries).toEqual(journal.entries);
    expect(entries.map(({ n, prev }) => [n, prev])).toEqual([[0, '0'.repeat(64)], [1, entries[0]?.hash], [2, entries[1]?.hash]]);
  });

  it('makes its directories, readable by their owner alone', async () => {
    dir = join(dir, 'a', 'b');
    await written(header);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, 'journal.ndjson'))).mode & 0o777).toBe(0o600);
    dir = join(dir, '..', '..');
  });

  it('leaves nothing but the journal behind', async () => {
    await written(header);
    expect(await readdir(dir)).toEqual(['journal.ndjson']);
  });

  it('cuts off a line that a crash left unfinished, wherever it was cut, and goes on', async () => {
    await written(header, intent('a'), intent('b'));
    const whole = await readFile(file);
    const start = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let length = start; length < whole.length; length++) {
      await writeFile(file, whole.subarray(0, length));
      const journal = await openJournal(dir);
      expect([journal.entries.length, journal.repairedBytes]).toEqual([2, length - start]);
      if (length % 50 === 0) await journal.append(intent('c'));
      await journal.close();
      expect((await readJournal(file)).length).toBe(length % 50 === 0 ? 3 : 2);
    }
  });

  it('cuts off blocks that never reached the disk', async () => {
    await written(header);
    await appendFile(file, '\0'.repeat(100));
    expect(await readJournal(file)).toHaveLength(1);
    const journal = await openJournal(dir);
    expect(journal.repairedBytes).toBe(100);
    await journal.close();
  });

  it('refuses a value that could not be read back, and stays usable', async () => {
    const journal = await openJournal(dir);
    await journal.append(header);
    await expect(journal.append({ type: 'step-done', step: '' })).rejects.toThrow('step-done is malformed: step');
    await journal.append(intent('a'));
    await journal.close();
    expect(await readJournal(file)).toHaveLength(2);
  });

  it('writes nothing more once a write failed', async () => {
    const journal = await openJournal(dir);
    await journal.append(header);
    const [lock = ''] = (await readdir(dir)).filter((name) => name.startsWith('lock.'));
    await rm(join(dir, lock));
    await writeFile(join(dir, lock), 'of somebody else');
    await expect(journal.append(intent('a'))).rejects.toThrow('the lock of this process, is gone');
    await expect(journal.append(intent('a'))).rejects.toThrow('the lock of this process, is gone');
    await journal.close();
    expect(await readFile(join(dir, lock), 'utf8')).toBe('of somebody else');
  });

  it.each([
    ['a changed value', (text: string) => text.replace('"step":"a"', '"step":"x"'), /line 2: .*hash does not fit/],
    ['a removed line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), /line 2: .*number is 2, expected 1/],
    ['swapped lines', (text: string) => text.split('\n').toSpliced(1, 2, ...text.split('\n').slice(1, 3).toReversed()).join('\n'), /line 2/],
    ['garbage in the middle', (text: string) => text.replace('"type":"step-intent"', '"type":"step-int'), /line 2: .*not JSON/],
    ['another chain', (text: string) => text.replace(/"prev":"0+"/, `"prev":"${'1'.repeat(64)}"`), /line 1: .*does not follow/],
    ['a last line that was changed', (text: string) => text.replace('"step":"b"', '"step":"y"'), /line 3: .*hash does not fit/],
  ])('says where it was tampered with: %s', async (_what, change, message) => {
    await written(header, intent('a'), intent('b'));
    await writeFile(file, change(await readFile(file, 'utf8')));
    await expect(openJournal(dir)).rejects.toThrow(message);
    await expect(readJournal(file)).rejects.toMatchObject({ exitCode: 3, hint: expect.stringContaining('fairlead-journal-0') });
    expect(await readdir(dir)).toEqual(['journal.ndjson']);
  });
});

describe('the lock', () => {
  it('keeps a second writer away and names the first', async () => {
    const journal = await openJournal(dir);
    await expect(openJournal(dir)).rejects.toThrow(`process ${process.pid} on ${hostname()} holds`);
    await journal.close();
    await (await openJournal(dir)).close();
  });

  it('is taken over when its process is gone, also when its pid is in use again', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    for (const pid of [child.pid, process.pid]) {
      await writeFile(join(dir, `lock.${pid}.0123456789ab.${hostname()}`), '');
      await (await openJournal(dir)).close();
    }
    expect(await readdir(dir)).toEqual(['journal.ndjson']);
  });

  it('is not taken over when its process cannot be judged', async () => {
    await writeFile(join(dir, 'lock.1.0123456789ab.else%2Fwhere'), '');
    await expect(openJournal(dir)).rejects.toMatchObject({ message: expect.stringContaining('process 1 on else/where'), hint: expect.stringContaining('remove') });
  });

  it('goes to one process at a time, however many want it', async () => {
    await writeFile(join(dir, `lock.${process.pid}.0123456789ab.${hostname()}`), '');
    const script = `
      import { openJournal } from ${JSON.stringify(new URL('journal.ts', import.meta.url).href)};
      for (let done = 0; done < 5; ) {
        let journal;
        try { journal = await openJournal(process.argv[1]); } catch (error) { if (error.exitCode !== 3) throw error; continue; }
        const before = journal.entries.length;
        await journal.append(before === 0 ? ${JSON.stringify(header)} : { type: 'step-done', step: String(before) });
        await journal.close();
        done++;
      }`;
    const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script, dir], { stdio: 'inherit' }));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as unknown));
    expect(codes).toEqual([0, 0, 0, 0]);
    // Two writers at once would have numbered two entries alike, which breaks the chain.
    expect(await readJournal(file)).toHaveLength(20);
    expect(await readdir(dir)).toEqual(['journal.ndjson']);
  }, 60_000);
});

it('survives kill -9 of the writer at any moment', async () => {
  const script = `
    import { openJournal } from ${JSON.stringify(new URL('journal.ts', import.meta.url).href)};
    const journal = await openJournal(process.argv[1]);
    if (journal.entries.length === 0) await journal.append(${JSON.stringify(header)});
    for (let i = 0; ; i++) {
      const entry = await journal.append({ type: 'step-intent', step: 's' + i, group: 'prepare', captured: 'x'.repeat((i * 977) % 30000), already: false });
      process.stdout.write(entry.n + '\\n');
    }`;
  let acknowledged = -1;
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    const wanted = 1 + ((round * 7) % 23);
    let seen = 0;
    for await (const chunk of child.stdout) {
      said += String(chunk);
      seen = said.split('\n').length - 1;
      if (seen >= wanted && !child.killed) child.kill('SIGKILL');
    }
    acknowledged = Math.max(acknowledged, ...said.split('\n').slice(0, seen).map(Number));
    const entries = await readJournal(file);
    expect(entries.length).toBeGreaterThan(acknowledged);
    expect(entries.map(({ n }) => n)).toEqual([...entries.keys()]);
    // What a power cut adds: the last line cut at any byte.
    const { size } = await stat(file);
    if (round % 3 === 0 && entries.length > 1) {
      await truncate(file, size - 1 - (round % 7));
      acknowledged = entries.length - 2;
    }
  }
  await (await openJournal(dir)).close();
}, 60_000);
