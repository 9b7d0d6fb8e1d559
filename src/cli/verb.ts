/** What a verb of the command line is: a data object, so that help, docs and the parser all read the same thing. */
import type { ExitCode } from '../core/errors.ts';

/** One option of a verb. */
export interface VerbOption {
  /** Commander's notation: `--nodes <count>`, `--yes`, `-o, --output <format>`, `--no-apps`. The value arrives in `ctx.options` under the camel-cased long name. */
  flags: string;
  description: string;
  /** Value when the option is absent; shown in the help. */
  default?: string | boolean | readonly string[];
  /** The only values accepted; others are a usage error. */
  choices?: readonly string[];
  /** May be given several times; the value is then a list. */
  repeatable?: boolean;
  /** Its absence is a usage error. */
  required?: boolean;
  /** Left out of the help (for what only tests and other tools use). */
  hidden?: boolean;
}

/** One positional argument. After a variadic one nothing can follow; `-- argv…` reaches it untouched. */
export interface VerbArgument {
  name: string;
  description: string;
  /** Default true. */
  required?: boolean;
  variadic?: boolean;
  choices?: readonly string[];
}

/** Example shown at the end of a verb's help. */
export interface VerbExample {
  command: string;
  description: string;
}

/** One verb (`doctor`) or group of verbs (`lab` with `up`, `down`). */
export interface Verb {
  name: string;
  /** One line for the list of verbs; no full stop. */
  summary: string;
  /** Whole sentences for the verb's own help. */
  description: string;
  options?: readonly VerbOption[];
  arguments?: readonly VerbArgument[];
  examples?: readonly VerbExample[];
  /** Verbs below this one. A group may have a `run` of its own (`migrate` and `migrate resume`). */
  verbs?: readonly Verb[];
  /** Does the work; the returned exit code is the process', nothing means 0. User-facing failures are thrown as FairleadError. */
  run?: (ctx: VerbContext) => Promise<ExitCode | void>;
}

export type OptionValue = string | boolean | readonly string[] | undefined;

/** All that a verb may touch of the process it runs in. */
export interface VerbContext {
  /** Positional arguments by name, camel-cased (`NODE` → `node`, `ARGV` → `argv`); a variadic one is a list. */
  args: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Options by camel-cased long name; read them with the helpers in options.ts. */
  options: Readonly<Record<string, OptionValue>>;
  /** Writes data: text as it is, the caller ends its lines. */
  stdout(text: string): void;
  /** Resolves when stdout can take more: awaited between the pieces of long outputs, so that they do not pile up in memory. */
  drained?(): Promise<void>;
  /** Writes progress and remarks: text as it is, the caller ends its lines. */
  stderr(text: string): void;
  /** Reads one line from the terminal after a question on stderr; undefined when standard input ends or is no terminal. */
  ask(question: string): Promise<string | undefined>;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM: stop at the next safe point and say how to go on. */
  signal: AbortSignal;
  /** Whether stdout / stderr are terminals: live progress only on a terminal. */
  isTerminal: { stdout: boolean; stderr: boolean };
  /** Whether colour may be used there: on a terminal only, never under NO_COLOR. */
  colour: { stdout: boolean; stderr: boolean };
}

/** A verb as the list of verbs knows it before its file is loaded. */
export interface VerbEntry {
  name: string;
  /** The same text as the loaded verb's `summary` (a test compares them). */
  summary: string;
  load(): Promise<Verb>;
}
