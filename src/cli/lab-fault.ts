/** `fairlead lab fault`: something goes wrong on request, at once or at a step of a migration, and is put right again. */
import { ExitCode, UsageError } from '../core/errors.ts';
import type { FaultOptions } from '../lab/faults/fault.ts';
import { clearFaults, startFault } from '../lab/faults/faults.ts';
import { PHASES, type Phase } from '../lab/faults/journal-follower.ts';
import { runKeeper } from '../lab/faults/keeper.ts';
import { describeRecord, faultList, renderList } from '../lab/faults/list.ts';
import { durationOption, integerOption, listOption, textArgument, textOption } from './options.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';

const nameOption: VerbOption = { flags: '--name <lab>', description: 'name of the lab', default: 'lab' };
const nameOf = (ctx: VerbContext): string => textOption(ctx, 'name') ?? 'lab';

/** The details given on the command line; what is absent is left to the fault. */
function detailsOf(ctx: VerbContext): FaultOptions {
  const peers = listOption(ctx, 'peer');
  const given = {
    port: integerOption(ctx, 'port', { min: 1, max: 65_535 }),
    bytes: integerOption(ctx, 'bytes', { min: 68, max: 65_535 }),
    direction: textOption(ctx, 'direction') as FaultOptions['direction'] | undefined,
    device: textOption(ctx, 'device'),
    path: textOption(ctx, 'path'),
    pod: textOption(ctx, 'pod'),
    peers: peers.length === 0 ? undefined : [...peers],
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const list: Verb = {
  name: 'list',
  summary: 'show what can go wrong, and what does at the moment',
  description: 'Lists the faults that a lab can have, what each does and how it ends, and the faults of one lab that are armed, active or over.',
  options: [nameOption, { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' }],
  run(ctx) {
    const found = faultList(nameOf(ctx));
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(found, null, 2)}\n` : renderList(found));
    return Promise.resolve();
  },
};

const clear: Verb = {
  name: 'clear',
  summary: 'put everything right again',
  description: 'Ends every fault of a lab, armed ones too, and undoes what each did. Without a fault and without --node it is all of them; it may be run again and again.',
  options: [nameOption, { flags: '--node <node>', description: 'only faults on this node' }],
  arguments: [{ name: 'fault', description: 'only this fault: its name, or its name and number', required: false }],
  async run(ctx) {
    const [fault, node] = [ctx.args['fault'], textOption(ctx, 'node')];
    const cleared = await clearFaults(nameOf(ctx), { ...(typeof fault === 'string' ? { fault } : {}), ...(node === undefined ? {} : { node }) });
    ctx.stderr(cleared.length === 0 ? 'there was no fault to clear\n' : cleared.map((record) => `${record.id} is cleared\n`).join(''));
  },
};

export const fault: Verb = {
  name: 'fault',
  summary: 'let something go wrong',
  description: 'Injects a fault into a running lab, at once or when a migration of its cluster comes to a step. What undoing needs is stored before anything is done; everything happens inside the lab.',
  options: [
    nameOption,
    { flags: '--node <node>', description: 'where; not needed for what is aimed at the API server or at the tool' },
    { flags: '--at-step <id>', description: 'wait until a migration comes to this step (its id stands in the plan)' },
    { flags: '--phase <phase>', description: 'which moment of the step: its entry in the journal', choices: Object.keys(PHASES), default: 'intent' },
    { flags: '--after <duration>', description: 'wait this long, after the step or from now' },
    { flags: '--for <duration>', description: 'end it by itself after this time' },
    { flags: '--journal <file>', description: "the migration's journal, where it is not in the user's own state directory" },
    { flags: '--peer <node>', description: 'only between the node and this other one', repeatable: true },
    { flags: '--direction <direction>', description: 'as seen from the node', choices: ['in', 'out', 'both'] },
    { flags: '--port <port>', description: 'UDP port' },
    { flags: '--bytes <bytes>', description: 'size of an IP packet or MTU' },
    { flags: '--device <device>', description: 'network device' },
    { flags: '--path <directory>', description: 'directory of the node' },
    { flags: '--pod <namespace/name>', description: 'a pod on the node' },
    { flags: '--keep <id>', description: 'watch over this fault (used by fairlead itself)', hidden: true },
  ],
  arguments: [{ name: 'fault', description: 'name of the fault; `fairlead lab fault list` shows all' }],
  examples: [
    { command: 'fairlead lab fault one-way-drop --node agent-1 --for 20s', description: "lose the overlay's packets to a node for 20 seconds" },
    { command: 'fairlead lab fault node-reboot --node agent-2 --at-step node:lab-agent-2/start', description: 'reboot a node in the middle of its migration' },
  ],
  verbs: [list, clear],
  async run(ctx) {
    const kept = textOption(ctx, 'keep');
    if (kept !== undefined) return runKeeper(nameOf(ctx), kept, ctx.signal);
    const step = textOption(ctx, 'atStep');
    if (step === '') throw new UsageError('--at-step is empty');
    const [node, journal, delayMs, forMs] = [textOption(ctx, 'node'), textOption(ctx, 'journal'), durationOption(ctx, 'after'), durationOption(ctx, 'for')];
    const record = await startFault(nameOf(ctx), {
      fault: textArgument(ctx, 'fault'),
      options: detailsOf(ctx),
      signal: ctx.signal,
      ...(node === undefined ? {} : { node }),
      ...(step === undefined ? {} : { at: { step, phase: (textOption(ctx, 'phase') ?? 'intent') as Phase } }),
      ...(journal === undefined ? {} : { journal }),
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(forMs === undefined ? {} : { forMs }),
    });
    ctx.stderr(`${describeRecord(record)}\n`);
    return record.state === 'failed' ? ExitCode.environment : undefined;
  },
};
