/** The one place where errors become text and an exit code. */
import { inspect } from 'node:util';

import { CommanderError } from 'commander';

import { ExitCode, FairleadError } from '../core/errors.ts';

export interface RenderedError {
  /** For stderr, lines ended; empty for help and version, which are no errors. */
  text: string;
  code: number;
}

/** Renders whatever a verb or the parser threw. Stacks appear only with FAIRLEAD_DEBUG=1. */
export function renderError(error: unknown, options: { debug: boolean; colour: boolean; argv: readonly string[] }): RenderedError {
  const label = options.colour ? '\u001b[31merror:\u001b[39m' : 'error:';
  const stack = options.debug ? `${inspect(error)}\n` : '';
  if (error instanceof CommanderError) return renderUsage(error, label, options.argv);
  if (error instanceof FairleadError) {
    const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
    return { text: `${label} ${error.message}\n${hint}${stack}`, code: error.exitCode };
  }
  const said = error instanceof Error ? error.message : String(error);
  const how = options.debug
    ? 'Please report it with the command line, `fairlead --version` and what stands here.'
    : 'Please report it with the command line, `fairlead --version` and what it prints under FAIRLEAD_DEBUG=1.';
  return { text: `${label} this is a bug in fairlead: ${said}\n${how}\n${stack}`, code: ExitCode.findings };
}

function renderUsage(error: CommanderError, label: string, argv: readonly string[]): RenderedError {
  if (error.exitCode === 0) return { text: '', code: ExitCode.ok };
  const words: string[] = [];
  for (const word of argv) {
    if (word.startsWith('-')) break;
    words.push(word);
  }
  const known = error.code === 'commander.unknownCommand' ? words.slice(0, -1) : words.slice(0, 2);
  const hint = `hint: see \`${['fairlead', ...known, '--help'].join(' ')}\`\n`;
  // A group without a verb: its help is on stderr already.
  if (error.code === 'commander.help') return { text: '', code: ExitCode.usage };
  return { text: `${label} ${error.message.replace(/^error: /, '')}\n${hint}`, code: ExitCode.usage };
}
