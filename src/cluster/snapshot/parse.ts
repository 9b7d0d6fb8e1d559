/** Text of one object → its value, with errors that name file and line, and bounds on what YAML can blow up. */
import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import type { Chunk } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_ALIASES } from './limits.ts';

// `<<` is YAML 1.1, but kubectl and Helm take it.
const schema = CORE_SCHEMA.withTags(mergeTag);

/** Parses a piece. An item comes back as itself, not as the list of one that its text is. Errors: InputError. */
export function parseChunk(chunk: Chunk, file: string): unknown {
  const value = chunk.format === 'json' ? parseJson(chunk, file) : parseYaml(chunk, file);
  return chunk.role === 'item' && chunk.format === 'yaml' && Array.isArray(value) ? value[0] : value;
}

/** Line of the input on which a piece's object itself begins, behind comments and blank lines. */
export function objectLine({ text, line }: Chunk): number {
  let at = line;
  for (const one of text.split('\n', 200)) {
    if (!/^(\s*(#.*)?|---\s*(#.*)?|%.*)$/.test(one.trimEnd())) return at;
    at++;
  }
  return line;
}

/** Parses a small YAML or JSON document, such as a value of a ConfigMap; undefined when it is none. */
export function parseDocument(text: string): unknown {
  try {
    return load(text, { schema, json: true, maxAliases: MAX_ALIASES });
  } catch {
    return undefined;
  }
}

function parseYaml({ text, line }: Chunk, file: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    // A key that is there twice is refused: files that were put together without `---` look like that.
    return load(text, { schema, maxAliases: MAX_ALIASES });
  } catch (cause) {
    const [reason, at] = cause instanceof YAMLException ? [cause.reason, cause.mark?.line ?? 0] : [cause instanceof Error ? cause.message : String(cause), 0];
    const template = text.includes('{{') ? ' (it looks like a template, which has to be rendered first, for instance by `helm template`)' : '';
    const twice = reason.includes('duplicated mapping key') ? { hint: 'Files that are put together need a line `---` between them.' } : {};
    throw new InputError(file, line + at, `not valid YAML: ${reason}${template}`, { ...twice, cause });
  }
}

function parseJson({ text, line }: Chunk, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position (\d+)/.exec(said)?.[1] ?? 0);
    throw new InputError(file, line + text.slice(0, position).split('\n').length - 1, `not valid JSON: ${said.replace(/ \(line \d+ column \d+\)/, '')}`, { cause });
  }
}
