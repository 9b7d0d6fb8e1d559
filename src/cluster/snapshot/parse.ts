/** Values of ConfigMaps and the like that are documents of their own. */
import { parseValue } from '../manifests/yaml.ts';

/** Parses a small YAML or JSON document; undefined when it is none. */
export function parseDocument(text: string): unknown {
  return parseValue(text);
}
