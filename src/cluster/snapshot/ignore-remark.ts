/** Remarks that switch a rule off for one object, in the file or on the object itself; without a reason they count for nothing. */
import type { KubeObject } from '../objects.ts';

const REMARK = /^[ \t]*#[ \t]*fairlead:ignore[ \t]+(FL-[A-Z0-9]+-\d{3})[ \t]*:?[ \t]*(.*)$/gm;
export const IGNORE_ANNOTATION = 'fairlead.dev/ignore';

/** Remarks `# fairlead:ignore RULE reason` in an object's text, and its annotation `fairlead.dev/ignore: RULE reason` (several with `;`). */
export function ignoreRemarks(text: string, object: KubeObject): { rule: string; reason: string }[] {
  const remarks = text.includes('fairlead:ignore') ? [...text.matchAll(REMARK)].map((match) => ({ rule: match[1] ?? '', reason: (match[2] ?? '').trim() })) : [];
  const annotated = (object.metadata.annotations?.[IGNORE_ANNOTATION] ?? '').split(';').flatMap((part) => {
    const match = /^\s*(FL-[A-Z0-9]+-\d{3})\s*:?\s*(.*)$/s.exec(part);
    return match === null ? [] : [{ rule: match[1] ?? '', reason: (match[2] ?? '').trim() }];
  });
  return [...remarks, ...annotated].filter((one) => one.reason !== '');
}
