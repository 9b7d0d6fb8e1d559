/** Reads error texts. Pure: the same text is always the same symptom, whatever the cluster. */
import { ROWS, SPEAKERS } from './kinds.ts';
import type { Symptom } from './symptom.ts';
import { targetOf } from './target.ts';

/** Longer texts are cut: an error is not a book, and every pattern is run over it. */
const MAX_TEXT = 8_192;

/** A status of HTTP, behind a word that says that it is one, or before its own words. Other numbers (`limit=500`) are none. */
const STATUS = /(?:status ?code|status|response code(?: was)?|code|HTTP(?:\/[\d.]+)?"?|HTTP Error|returned error|from server|too many)(?:[:= ]| \()*([345]\d\d)\b|\b([345]\d\d) (?:[A-Z][a-z]+)/i;
/** Statuses that are told in words alone. */
const IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/upstream connect error|no[ _]healthy[ _]upstream|no endpoints available|unable to handle the request/i, '503'], [/RBAC: access denied|is forbidden: User/, '403'], [/upgrade connection: Unauthorized|logged in to the server/, '401'], [/time allotted/, '504'], [/no live upstreams/, '502'],
];

/** The status of HTTP or the code of gRPC in a text. */
function statusOf(text: string, kind: string): string | undefined {
  if (kind === 'http') return IN_WORDS.find(([words]) => words.test(text))?.[1] ?? STATUS.exec(text)?.slice(1).find((one) => one !== undefined);
  return /code = (\w+)|StatusCode\.([A-Z_]+)|StatusRuntimeException: ([A-Z_]+)|\b(UNIMPLEMENTED|UNAUTHENTICATED|PERMISSION_DENIED)\b/.exec(text)?.slice(1).find((one) => one !== undefined);
}

/** Reads one text. Of kind `unknown` when no row of the table fits. Never throws. */
export function readSymptom(text: string): Symptom {
  const raw = text.slice(0, MAX_TEXT).trim();
  const row = ROWS.find(({ pattern }) => pattern.test(raw));
  const said = SPEAKERS.find(({ pattern }) => pattern.test(raw))?.said ?? row?.said ?? 'libc';
  const kind = row?.kind ?? 'unknown';
  const status = kind === 'http' || kind === 'grpc' || kind === 'unknown' || kind === 'unconnected' ? statusOf(raw, kind) : undefined;
  return { kind, phase: row?.phase ?? 'unknown', ...targetOf(raw), ...(status === undefined ? {} : { status }), said, raw };
}
