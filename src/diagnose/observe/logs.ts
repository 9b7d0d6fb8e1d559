/** Observations of texts: error texts, logs and events, in which faults have words of their own. */
import type { EventObject } from '../../cluster/snapshot/typed.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { KNOWN_FAULTS } from '../faults/faults.ts';
import { readSymptom } from '../symptom/parse.ts';
import type { Symptom } from '../symptom/symptom.ts';
import { isReady } from './pod-state.ts';
import { fact, nameOf, type Scene } from './scene.ts';

/** Text of a log, and what it is called. */
export interface Log { name: string; text: string }

/** Lines of a log that are read; a longer one is read from its end, where the trouble is. */
const MAX_LINES = 50_000;

const linesOf = ({ text }: Log): string[] => text.split('\n').slice(-MAX_LINES);

/** Words with which servers say that they listen now, and the port. */
const LISTENS = /(?:running|listening|started|serving|bound|up)\b[^\n]{0,60}?(?::|port[ =:]+)(\d{2,5})\b/i;
/** An error has these, and a line that merely mentions a word of one has not. */
const COMPLAINS = /error|fail|refused|timed? ?out|timeout|unreachable|no route|reset|denied|no such host|cannot|unable|exceeded|exhausted|not ready|warn|E\d{4} /i;

/** The symptom that a log tells of most often; of equally frequent ones the last. */
export function symptomOf(logs: readonly Log[]): { symptom: Symptom; count: number; of: number } | undefined {
  const found = new Map<string, { symptom: Symptom; count: number }>();
  for (const line of logs.flatMap(linesOf)) {
    if (!COMPLAINS.test(line)) continue;
    const symptom = readSymptom(line);
    if (symptom.kind === 'unknown') continue;
    const key = [symptom.kind, symptom.address ?? symptom.name ?? '', symptom.port ?? ''].join(' ');
    const before = found.get(key);
    found.delete(key);
    found.set(key, { symptom, count: (before?.count ?? 0) + 1 });
  }
  const all = [...found.values()];
  const best = all.toReversed().toSorted((a, b) => b.count - a.count)[0];
  return best === undefined ? undefined : { ...best, of: all.length };
}

/** Time of a line, as text that can be compared with others of its form; undefined without one. */
function timeOf(line: string): { form: string; text: string } | undefined {
  const full = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?/.exec(line)?.[0];
  if (full !== undefined) return { form: 'date', text: full.replace('T', ' ').replace(',', '.') };
  const clock = /\b\d\d:\d\d:\d\d(?:[.,]\d+)?/.exec(line)?.[0];
  return clock === undefined ? undefined : { form: 'clock', text: clock.replace(',', '.') };
}

/** Whether the listener that was missing came up later. */
function listenerLater(logs: readonly Log[], { kind, port }: Symptom): Fact | undefined {
  if (kind !== 'refused' || port === undefined || logs.length === 0) return undefined;
  const lines = logs.flatMap((log) => linesOf(log).map((line, at) => ({ log: log.name, line, at })));
  const refusals = lines.filter(({ line }) => { const one = readSymptom(line); return one.kind === 'refused' && one.port === port; });
  const starts = lines.filter(({ line }) => Number(LISTENS.exec(line)?.[1]) === port && !COMPLAINS.test(line));
  const [last, start] = [refusals.at(-1), starts.at(-1)];
  if (last === undefined || start === undefined) return undefined;
  const [a, b] = [timeOf(last.line), timeOf(start.line)];
  if ((a === undefined || b === undefined || a.form !== b.form) && last.log !== start.log) return undefined;
  const later = a !== undefined && b !== undefined && a.form === b.form ? b.text > a.text : start.at > last.at;
  const evidence = [last, start].map(({ log, line }) => ({ source: `log ${log}`, excerpt: line.trim().slice(0, 300), level: 'observed' as const }));
  return fact(later ? 'yes' : 'no', later ? `the listener on port ${port} came up after the last refusal: it was the order of the start` : `connections to port ${port} were refused after its listener had come up: it went away again`, ...evidence);
}

/** Events of what is on the path; of everything where nothing was asked for. Of a pod that is Ready now they tell of what it got over, and of one that is gone nothing that lasts. */
function eventsOf({ view, ends }: Scene): EventObject[] {
  const known = new Map(view.pods.map((pod) => [nameOf(pod), isReady(pod)]));
  const isOver = (name: string): boolean => known.get(name) ?? view.index.complete('Pod');
  const nameIn = ({ involvedObject: about }: EventObject): string | undefined => (about?.kind === 'Pod' ? `${about.namespace ?? 'default'}/${about.name ?? ''}` : undefined);
  const events = view.index.objects<EventObject>('Event').filter((event) => { const name = nameIn(event); return name === undefined || !isOver(name); });
  if (ends.target === undefined && ends.from === undefined) return events;
  const pods = new Set([...ends.pods, ...(ends.from !== undefined && 'pod' in ends.from ? [ends.from.pod] : [])].map(nameOf));
  return events.filter((event) => pods.has(nameIn(event) ?? ''));
}

/** Whether lines are events of some of the pods at the other end, and of nobody else. */
function isOfSome({ ends }: Scene, found: readonly { pod?: string }[]): boolean {
  const targets = new Set(ends.pods.map(nameOf));
  const client = ends.from !== undefined && 'pod' in ends.from ? nameOf(ends.from.pod) : undefined;
  const pods = new Set(found.map(({ pod }) => pod));
  return targets.size > 1 && pods.size < targets.size && [...pods].every((pod) => pod !== undefined && pod !== client && targets.has(pod));
}

/** What texts say, by fault; and whether a listener came up later. */
export function textFacts(scene: Scene, texts: readonly string[], logs: readonly Log[]): Map<ObservationId, Fact> {
  const facts = new Map<ObservationId, Fact>();
  const lines: { source: string; line: string; pod?: string }[] = [
    ...texts.map((line) => ({ source: 'error text', line })),
    ...logs.flatMap((log) => linesOf(log).map((line) => ({ source: `log ${log.name}`, line }))),
    ...eventsOf(scene).map(({ message = '', reason = '', involvedObject: about }) => ({ source: `event about ${about?.kind ?? ''} ${about?.namespace ?? ''}/${about?.name ?? ''}`, line: `${reason}: ${message}`, ...(about?.kind === 'Pod' ? { pod: `${about.namespace ?? 'default'}/${about.name ?? ''}` } : {}) })),
  ].filter(({ line }) => line.trim() !== '');
  for (const { id, says = [] } of KNOWN_FAULTS) {
    const found = lines.filter(({ line }) => says.some((pattern) => pattern.test(line)));
    const [first] = found;
    if (first === undefined) continue;
    const some = isOfSome(scene, found);
    facts.set(`says:${id}`, { ...fact('said', `${first.source}: ${first.line.trim().slice(0, 200)}${found.length > 1 ? ` (${found.length} times)` : ''}${some ? ` (some of ${scene.ends.pods.length} pods at the other end)` : ''}`, ...found.slice(0, 2).map(({ source, line }) => ({ source, excerpt: line.trim().slice(0, 300), level: 'observed' as const }))), ...(some ? { weak: 'one-of-several' as const } : {}) });
  }
  const later = scene.symptom === undefined ? undefined : listenerLater(logs, scene.symptom);
  if (later !== undefined) facts.set('listener-later', later);
  return facts;
}
