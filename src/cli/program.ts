/** Turns verbs into commander commands; everything about the parser stays in this file. */
import { Argument, Command, Option } from 'commander';

import type { ExitCode } from '../core/errors.ts';
import type { OptionValue, Verb, VerbArgument, VerbContext, VerbEntry, VerbOption } from './verb.ts';

/** What the program hands to `run` besides arguments and options. */
export type VerbSurroundings = Omit<VerbContext, 'args' | 'options'>;

export interface Program {
  /** Parses argv (without node and script) and runs the verb; resolves to its exit code. Errors: CommanderError for wrong usage, help and version; whatever the verb throws. */
  run(argv: readonly string[]): Promise<ExitCode | void>;
}

const camel = (name: string): string =>
  name.toLowerCase().replace(/[-_ ]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Builds the program for one argv: only the verb that argv names is loaded. */
export async function createProgram(
  entries: readonly VerbEntry[],
  argv: readonly string[],
  version: string,
  surroundings: VerbSurroundings,
): Promise<Program> {
  let outcome: ExitCode | void;
  const root = prepare(new Command('fairlead'), surroundings)
    .description('Takes a running Kubernetes cluster from one CNI to another and proves by measurement what was lost.')
    .version(version, '-V, --version', 'print the version')
    .usage('<verb> [options]');
  const wanted = argv.filter((word) => !word.startsWith('-'));
  const named = wanted[0] === 'help' ? wanted[1] : wanted[0];
  for (const entry of entries) {
    if (entry.name === named) {
      root.addCommand(commandOf(await entry.load(), surroundings, (code) => (outcome = code)));
    } else {
      root.addCommand(prepare(new Command(entry.name), surroundings).summary(entry.summary).description(entry.summary));
    }
  }
  return {
    async run(words) {
      await root.parseAsync([...words], { from: 'user' });
      return outcome;
    },
  };
}

function prepare(command: Command, surroundings: VerbSurroundings): Command {
  return command
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => surroundings.stdout(text),
      // The help of a group that was called without a verb.
      writeErr: (text) => surroundings.stderr(text),
      // Commander's own "error: …" is rendered by render-error.ts, like every other error.
      outputError: () => undefined,
      getOutHasColors: () => surroundings.colour.stdout,
      getErrHasColors: () => surroundings.colour.stderr,
    });
}

function commandOf(verb: Verb, surroundings: VerbSurroundings, finish: (code: ExitCode | void) => void): Command {
  const command = prepare(new Command(verb.name), surroundings).summary(verb.summary).description(verb.description);
  for (const argument of verb.arguments ?? []) command.addArgument(argumentOf(argument));
  for (const option of verb.options ?? []) command.addOption(optionOf(option));
  for (const below of verb.verbs ?? []) command.addCommand(commandOf(below, surroundings, finish));
  if (verb.examples !== undefined && verb.examples.length > 0) {
    const lines = verb.examples.map((example) => `  ${example.command}\n      ${example.description}`);
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }
  const { run } = verb;
  if (run !== undefined) {
    command.action(async () => {
      finish(await run({ ...surroundings, args: namedArguments(verb, command), options: command.opts<Record<string, OptionValue>>() }));
    });
  }
  return command;
}

function argumentOf(argument: VerbArgument): Argument {
  const dots = argument.variadic === true ? '...' : '';
  const shown = argument.required === false ? `[${argument.name}${dots}]` : `<${argument.name}${dots}>`;
  const made = new Argument(shown, argument.description);
  return argument.choices === undefined ? made : made.choices(argument.choices);
}

function optionOf(option: VerbOption): Option {
  const made = new Option(option.flags, option.description);
  if (option.choices !== undefined) made.choices(option.choices);
  if (option.repeatable === true) {
    made.argParser((value: string, previous: unknown) => [...(Array.isArray(previous) ? (previous as string[]) : []), value]);
  }
  if (option.default !== undefined) made.default(option.default);
  if (option.required === true) made.makeOptionMandatory();
  if (option.hidden === true) made.hideHelp();
  return made;
}

function namedArguments(verb: Verb, command: Command): VerbContext['args'] {
  const values = command.processedArgs as (string | string[] | undefined)[];
  return Object.fromEntries((verb.arguments ?? []).map((argument, index) => [camel(argument.name), values[index]]));
}
