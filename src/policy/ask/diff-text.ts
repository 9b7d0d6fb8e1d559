/** Writes differences as text, JSON or CSV. */
import type { Engine } from '../compile/engine.ts';
import { firstBit } from '../compile/bits.ts';
import { EMPTY, type SetId } from '../compile/set-table.ts';
import { answer } from './answer.ts';
import type { Change, Changed, Difference } from './diff.ts';
import type { End } from './ends.ts';
import { portsText } from './port-text.ts';
import { reasonsOf } from './reasons.ts';

export const DIFF_FORMATS = ['text', 'json', 'csv'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

const KINDS = ['closed', 'opened', 'mayClose', 'mayOpen'] as const;
const SIGNS: Readonly<Record<keyof Change, string>> = { closed: '-', opened: '+', mayClose: '?-', mayOpen: '?+' };

/** How many connections between ends, each counted once whatever its ports, changed in each way. */
export type Counts = Record<keyof Change, number>;

interface Options {
  format: DiffFormat;
  /** Say for each change which rules are behind it, in the state where it is denied. */
  explain: boolean;
}

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A source, and the targets that are others than it. */
interface Row {
  source: string;
  targets: readonly string[];
}

function rowsOf(from: readonly string[], to: readonly string[]): Row[] {
  return from.map((source) => ({ source, targets: to.includes(source) ? to.filter((target) => target !== source) : to })).filter(({ targets }) => targets.length > 0);
}

/** A line for each pair; what lines of one source have in common is joined in, which makes thousands cheap. */
function linesOf(rows: readonly Row[], before: (source: string) => string, name: (target: string) => string, after: string): string {
  return rows.map(({ source, targets }) => {
    const begin = before(source);
    return `${begin}${targets.map(name).join(`${after}${begin}`)}${after}`;
  }).join('');
}

/** Why the first of these ports is denied where it is. */
function reasons(engine: Engine, side: 'a' | 'b', { from, to }: Changed['ends'], set: SetId): string[] {
  const end = (joint: Changed['ends']['from']): End => {
    const pod = joint.pods[0]?.[side];
    return pod === undefined ? { kind: 'address', class: joint[side], name: 'outside' } : { kind: 'pod', pod, class: joint[side], name: pod.id };
  };
  const { protocol, port } = engine.ports.first(firstBit(engine.ports.sets.bits(set)));
  const [source, target] = [end(from), end(to)];
  if (source.kind === 'pod' && target.kind === 'pod' && source.pod === target.pod) return [];
  return reasonsOf(answer(engine, source, target, protocol, port), 'field');
}

/** The differences in pieces of text; `counts` is right when the last piece has come. */
export function* diffText(a: Engine, b: Engine, difference: Difference, { format, explain }: Options, counts: Counts): Generator<string> {
  if (format === 'json') yield `{"version":1,"enforcerA":${JSON.stringify(a.state.enforcer.name)},"enforcerB":${JSON.stringify(b.state.enforcer.name)},"onlyA":${JSON.stringify(difference.onlyA)},"onlyB":${JSON.stringify(difference.onlyB)},"changes":[`;
  if (format === 'csv') yield 'change,from,to,ports\n';
  if (format === 'text') {
    for (const name of difference.onlyA) yield `only before: ${name}\n`;
    for (const name of difference.onlyB) yield `only after: ${name}\n`;
  }
  let first = true;
  const texts = new Map<SetId, string>();
  for (const changed of difference.changes) {
    const { from, to, change } = changed;
    for (const kind of KINDS) {
      const set = change[kind];
      if (set === EMPTY) continue;
      const ports = texts.get(set) ?? portsText(a, set);
      texts.set(set, ports);
      const rows = rowsOf(from, to);
      if (rows.length === 0) continue;
      for (const { targets } of rows) counts[kind] += targets.length;
      const why = explain ? reasons(...(kind === 'closed' || kind === 'mayClose' ? [b, 'b' as const] : [a, 'a' as const]) as [Engine, 'a' | 'b'], changed.ends, set) : [];
      if (format === 'json') {
        const pairs = rows.flatMap(({ source, targets }) => targets.map((target) => [source, target] as const));
        yield pairs.map(([source, target], index) => `${first && index === 0 ? '' : ','}\n${JSON.stringify({ change: kind, from: source, to: target, ports: a.ports.rangesOf(set), ...(explain ? { because: why } : {}) })}`).join('');
      } else if (format === 'csv') yield linesOf(rows, (source) => `${kind},${csvField(source)},`, csvField, `,${csvField(ports)}\n`);
      else yield linesOf(rows, (source) => `${SIGNS[kind]} ${source} => `, (target) => target, ` : ${ports}\n`) + why.map((reason) => `      ${reason}\n`).join('');
      first = false;
    }
  }
  if (format === 'json') yield '\n]}\n';
}

/** The last line: how much changed. */
export function countsText({ closed, opened, mayClose, mayOpen }: Counts): string {
  const perhaps = [...(mayClose > 0 ? [`${mayClose} may close`] : []), ...(mayOpen > 0 ? [`${mayOpen} may open`] : [])];
  return `${closed} closed, ${opened} opened${perhaps.length > 0 ? `, ${perhaps.join(', ')}` : ''} (pairs of ends)\n`;
}
