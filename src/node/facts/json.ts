/** Reads the JSON of iproute2, which prints nothing at all instead of `[]` in some versions. */
import { EnvironmentError } from '../../core/errors.ts';

/** Parses an array; `source` names the command in the error. */
export function parseArray<T>(text: string, source: string): T[] {
  if (text.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EnvironmentError(`${source} printed something else than JSON: ${text.trim().slice(0, 200)}`, {
      hint: 'iproute2 4.13 or newer is needed (BusyBox\' ip is not enough).',
      cause,
    });
  }
  if (!Array.isArray(value)) throw new EnvironmentError(`${source} printed JSON, but no array.`);
  // Some versions put empty objects between the real ones.
  return value.filter((item) => typeof item === 'object' && item !== null && Object.keys(item).length > 0) as T[];
}
