/** One YAML document → its value, in the types that kubectl reads. */
import { boolYaml11Tag, CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { MAX_ALIASES } from './limits.ts';

/**
 * YAML 1.2's core types, but with the booleans of YAML 1.1 (`on`, `yes`), because sigs.k8s.io/yaml still has them,
 * with merge keys, which kubectl and Helm take, and no time stamps.
 */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag);

/** The value of a document by the library. A key that is there twice is refused: files that were put together without `---` look like that. Errors: YAMLException. */
export function loadYaml(text: string): unknown {
  return load(text, { schema: SCHEMA, maxAliases: MAX_ALIASES });
}

/** Parses a small YAML or JSON document that is a value of its own; undefined when it is none. */
export function parseValue(text: string): unknown {
  try {
    return load(text, { schema: SCHEMA, json: true, maxAliases: MAX_ALIASES });
  } catch {
    return undefined;
  }
}
