/** Text of one object → its value, with errors that name file and line, and bounds on what YAML can blow up. */
import { YAMLException } from 'js-yaml';
import type { Chunk } from './chunk.ts';
import { InputError } from './input-error.ts';
import { ELSEWHERE } from './plain-scalar.ts';
import { plainYaml } from './plain-yaml.ts';
import { loadYaml } from './yaml.ts';

/** Parses a piece. An item comes back as itself, not as the list of one that its text is. Errors: InputError. */
export function parseChunk(chunk: Chunk, file: string): unknown {
  const value = chunk.format === 'json' ? parseJson(chunk, file) : parseYaml(chunk, file);
  return chunk.role === 'item' && chunk.format === 'yaml' && Array.isArray(value) ? value[0] : value;
}

/** What stands before an object: blank lines, comments, directives, the marker of the document. */
const BEFORE = /^(\s*(#.*)?|---\s*(#.*)?|%.*)$/;

/** Line of the input on which a piece's object itself begins, behind comments and blank lines. */
export function objectLine({ text, line }: Chunk): number {
  if (/^[\w"'{[]/.test(text) || text.startsWith('- ')) return line;
  let at = line;
  for (const one of text.split('\n', 200)) {
    if (!BEFORE.test(one.trimEnd())) return at;
    at++;
  }
  return line;
}

/** JSON within YAML is read as such, because it is faster, and so is plain YAML; what is neither is the library's. */
function parseYaml({ text, line }: Chunk, file: string): unknown {
  if (text.trim() === '') return undefined;
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Then it is YAML, or YAML's message says what is wrong.
    }
  }
  const plain = plainYaml(text);
  if (plain !== ELSEWHERE) return plain;
  try {
    return loadYaml(text);
  } catch (cause) {
    const [reason, at] = cause instanceof YAMLException ? [cause.reason, cause.mark?.line ?? 0] : [cause instanceof Error ? cause.message : String(cause), 0];
    const template = text.includes('{{') ? ' (it looks like a template, which has to be rendered first, for instance by `helm template`)' : '';
    const twice = reason.includes('duplicated mapping key') ? { hint: 'Files that are put together need a line `---` between them.' } : {};
    throw new InputError(file, line + at, `not valid YAML: ${reason}${template}`, { ...twice, cause });
  }
}

/** What JSON.parse refuses may still be YAML in flow style. */
function parseJson({ text, line }: Chunk, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    try {
      return loadYaml(text);
    } catch {
      const said = cause instanceof Error ? cause.message : String(cause);
      const position = Number(/at position (\d+)/.exec(said)?.[1] ?? 0);
      throw new InputError(file, line + text.slice(0, position).split('\n').length - 1, `not valid JSON: ${said.replace(/ \(line \d+ column \d+\)/, '')}`, { cause });
    }
  }
}
