import { describe, expect, it } from 'vitest';

import type { Verb, VerbContext, VerbEntry } from './cli/verb.ts';
import { VERBS } from './cli/verbs.ts';
import { EnvironmentError, ExitCode, FairleadError } from './core/errors.ts';
import { main, type MainIo } from './main.ts';

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(argv: string[], verbs: (Verb | VerbEntry)[], given: Partial<MainIo> = {}): Promise<Ran> {
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  const io: MainIo = {
    stdout: (text) => (ran.stdout += text),
    stderr: (text) => (ran.stderr += text),
    ask: () => Promise.resolve(undefined),
    env: {},
    signal: new AbortController().signal,
    isTerminal: { stdout: false, stderr: false },
    ...given,
  };
  const entries: VerbEntry[] = verbs.map((verb) =>
    'load' in verb ? verb : { name: verb.name, summary: verb.summary, load: () => Promise.resolve(verb) },
  );
  ran.code = await main(argv, io, entries);
  return ran;
}

const texts = { summary: 'does a thing', description: 'Does a thing.' };
const throwing = (error: Error): Verb => ({ name: 'go', ...texts, run: () => Promise.reject(error) });

/** A verb that records the context it was given. */
function recorder(verb: Partial<Verb> = {}): { verb: Verb; seen: VerbContext[] } {
  const seen: VerbContext[] = [];
  return { seen, verb: { name: 'go', ...texts, ...verb, run: (ctx) => Promise.resolve(void seen.push(ctx)) } };
}

describe('parsing', () => {
  it('hands options and arguments over by name', async () => {
    const { verb, seen } = recorder({
      arguments: [{ name: 'NODE', description: 'a node' }],
      options: [
        { flags: '--dry-run', description: 'only say' },
        { flags: '--label <text>', description: 'a label', repeatable: true },
        { flags: '--profile <name>', description: 'a profile', choices: ['k3s', 'kubeadm'], default: 'k3s' },
        { flags: '--no-apps', description: 'no apps' },
      ],
    });
    const ran = await run(['go', 'n1', '--dry-run', '--label', 'a', '--label', 'b', '--no-apps'], [verb]);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(seen[0]?.args).toEqual({ node: 'n1' });
    expect(seen[0]?.options).toEqual({ dryRun: true, label: ['a', 'b'], profile: 'k3s', apps: false });
  });

  it('leaves everything after -- to a variadic argument of a nested verb', async () => {
    const { verb, seen } = recorder({
      name: 'exec',
      arguments: [
        { name: 'NODE', description: 'a node' },
        { name: 'ARGV', description: 'a command', variadic: true },
      ],
    });
    const ran = await run(['lab', 'exec', 'n1', '--', 'ip', '-j', '--', 'addr'], [{ name: 'lab', ...texts, verbs: [verb] }]);
    expect(ran.code).toBe(0);
    expect(seen[0]?.args).toEqual({ node: 'n1', argv: ['ip', '-j', '--', 'addr'] });
  });

  it('runs a group of its own and the verbs below it', async () => {
    const below = recorder({ name: 'resume' });
    const group = recorder({ name: 'migrate', verbs: [below.verb] });
    expect((await run(['migrate'], [group.verb])).code).toBe(0);
    expect((await run(['migrate', 'resume'], [group.verb])).code).toBe(0);
    expect([group.seen.length, below.seen.length]).toEqual([1, 1]);
  });

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['go', '--nonsense'], "unknown option '--nonsense'"],
    [['go', 'extra'], 'too many arguments'],
    [['go', '--profile', 'x'], 'Allowed choices are a, b'],
  ])('calls %j wrong usage', async (argv, message) => {
    const { verb } = recorder({ options: [{ flags: '--profile <name>', description: 'p', choices: ['a', 'b'] }] });
    const ran = await run(argv, [verb]);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^error: /);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toContain('hint: see `fairlead');
  });

  it('shows a group its verbs when none was named', async () => {
    const ran = await run(['lab'], [{ name: 'lab', ...texts, verbs: [recorder({ name: 'up' }).verb] }]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('up');
  });
});

describe('help', () => {
  it('is data on stdout and loads no verb', async () => {
    const entry: VerbEntry = { name: 'go', summary: 'does a thing', load: () => Promise.reject(new Error('loaded')) };
    const ran = await run(['--help'], [entry]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/go +does a thing/);
  });

  it('shows a verb its description, options and examples', async () => {
    const { verb } = recorder({ examples: [{ command: 'fairlead go', description: 'go once' }] });
    const ran = await run(['go', '--help'], [verb]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('Does a thing.');
    expect(ran.stdout).toContain('go once');
  });

  it.each(VERBS.map((entry) => [entry.name, entry] as const))('lists %s as its file describes it', async (_name, entry) => {
    const verb = await entry.load();
    expect({ name: verb.name, summary: verb.summary }).toEqual({ name: entry.name, summary: entry.summary });
  });
});

describe('errors', () => {
  it('renders a FairleadError with its hint and exit code', async () => {
    const ran = await run(['go'], [throwing(new EnvironmentError('The node n1 cannot be reached.', { hint: 'check its address' }))]);
    expect(ran).toEqual({ code: 3, stdout: '', stderr: 'error: The node n1 cannot be reached.\nhint: check its address\n' });
  });

  it('keeps every exit code', async () => {
    const ran = await run(['go'], [throwing(new FairleadError(ExitCode.needsHuman, 'Look.'))]);
    expect(ran.code).toBe(5);
  });

  it('calls anything else a bug, without a stack', async () => {
    const ran = await run(['go'], [throwing(new TypeError('x is not a function'))]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('this is a bug in fairlead: x is not a function');
    expect(ran.stderr).not.toContain('    at ');
  });

  it('shows the stack under FAIRLEAD_DEBUG=1', async () => {
    const ran = await run(['go'], [throwing(new TypeError('x'))], { env: { FAIRLEAD_DEBUG: '1' } });
    expect(ran.stderr).toContain('    at ');
  });

  it('calls a verb that stopped on a signal interrupted', async () => {
    const stop = new AbortController();
    stop.abort();
    const ran = await run(['go'], [throwing(stop.signal.reason as Error)], { signal: stop.signal });
    expect(ran).toEqual({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
  });
});

describe('colour', () => {
  it.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [false, {}, false],
  ])('terminal %s with %j gives %s', async (terminal, env, expected) => {
    const { verb, seen } = recorder();
    await run(['go'], [verb], { env, isTerminal: { stdout: terminal, stderr: terminal } });
    expect(seen[0]?.colour).toEqual({ stdout: expected, stderr: expected });
  });
});
