/** What of an object's metadata the API server would not take for a text, most often because YAML took it for something else. */
import { fields } from '../fields.ts';

/** The first of name, namespace and labels that must be a text and is none, as a sentence; undefined when there is none. */
export function textFault(metadata: unknown): string | undefined {
  const { name, namespace, labels } = fields(metadata);
  const parts: [string, unknown][] = [['name', name], ['namespace', namespace], ...Object.entries(fields(labels)).map(([key, value]): [string, unknown] => [`labels.${key}`, value])];
  const found = parts.find(([, value]) => value !== undefined && value !== null && typeof value !== 'string');
  if (found === undefined) return undefined;
  const boolean = typeof found[1] === 'boolean' ? '; y, n, yes, no, on and off without quotes are booleans to kubectl' : '';
  return `metadata.${found[0]} is ${JSON.stringify(found[1])}, which is no text${boolean}`;
}
