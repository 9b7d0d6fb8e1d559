/** Reads error texts. Pure: the same text is always the same symptom, whatever the cluster. */
import { ROWS, SPEAKERS } from './kinds.ts';
import type { Symptom } from './symptom.ts';
import { targetOf } from './target.ts';

/** Longer texts are cut: an error is not a book, and every pattern is run over it. */
const MAX_TEXT = 8_192;

/** The status of HTTP or the code of gRPC in a text. */
function statusOf(text: string, kind: string): string | undefined {
  if (kind === 'http') return /(?:status ?code:?|status:?|HTTP(?:\/[\d.]+)?|code(?: was)?|=) ?\(?([345]\d\d)\b/i.exec(text)?.[1] ?? /\b([45]0\d)\b/.exec(text)?.[1] ?? (/upstream connect error|no healthy upstream/.test(text) ? '503' : undefined);
  return /code = (\w+)|StatusCode\.([A-Z_]+)|\b(UNIMPLEMENTED|UNAUTHENTICATED|PERMISSION_DENIED)\b/.exec(text)?.slice(1).find((one) => one !== undefined);
}

/** Reads one text. Of kind `unknown` when no row of the table fits. Never throws. */
export function readSymptom(text: string): Symptom {
  const raw = text.slice(0, MAX_TEXT).trim();
  const row = ROWS.find(({ pattern }) => pattern.test(raw));
  const said = SPEAKERS.find(({ pattern }) => pattern.test(raw))?.said ?? row?.said ?? 'libc';
  if (row === undefined) return { kind: 'unknown', phase: 'unknown', ...targetOf(raw), said, raw };
  const status = row.kind === 'http' || row.kind === 'grpc' ? statusOf(raw, row.kind) : undefined;
  return { kind: row.kind, phase: row.phase ?? 'unknown', ...targetOf(raw), ...(status === undefined ? {} : { status }), said, raw };
}
