/** The reference of the command line as Markdown, made from the verbs themselves. */
import type { Verb, VerbArgument, VerbOption } from './verb.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function shown(argument: VerbArgument): string {
  const name = `${argument.name}${argument.variadic === true ? '…' : ''}`;
  return argument.required === false ? `[${name}]` : name;
}

function row(option: VerbOption): string {
  const facts = [
    option.choices === undefined ? '' : `one of ${option.choices.join(', ')}`,
    option.default === undefined ? '' : `default ${JSON.stringify(option.default)}`,
    option.repeatable === true ? 'may be repeated' : '',
    option.required === true ? 'required' : '',
  ].filter((fact) => fact !== '');
  return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${cell(option.description)}${facts.length === 0 ? '' : ` (${cell(facts.join('; '))})`} |`;
}

function section(verb: Verb, above: readonly string[]): string[] {
  const names = [...above, verb.name];
  const options = (verb.options ?? []).filter((option) => option.hidden !== true);
  const words = [...names, ...(verb.arguments ?? []).map(shown), ...(options.length > 0 ? ['[options]'] : [])];
  const lines = [`${'#'.repeat(names.length)} ${names.join(' ')}`, '', verb.description, ''];
  if (verb.run !== undefined) lines.push('```', words.join(' '), '```', '');
  if ((verb.arguments ?? []).length > 0) {
    lines.push('| argument | meaning |', '|---|---|', ...(verb.arguments ?? []).map((argument) => `| \`${shown(argument)}\` | ${cell(argument.description)} |`), '');
  }
  if (options.length > 0) lines.push('| option | meaning |', '|---|---|', ...options.map(row), '');
  for (const example of verb.examples ?? []) lines.push(`- \`${example.command}\`: ${example.description}`);
  if ((verb.examples ?? []).length > 0) lines.push('');
  return [...lines, ...(verb.verbs ?? []).flatMap((below) => section(below, names))];
}

/** Markdown for all verbs, in the order given. */
export function cliReference(verbs: readonly Verb[]): string {
  const head = ['# Command line', '', 'Made from the code by `npm run generate`; do not edit.', ''];
  return `${[...head, ...verbs.flatMap((verb) => section(verb, ['fairlead']))].join('\n').trimEnd()}\n`;
}
