/** Files that say who must and who must not reach whom. */
import { parseDocument, LineCounter, isMap, isSeq, isNode } from 'yaml';
import { UsageError } from '../../core/errors.ts';
import { at, fields, list, text, whole } from '../../cluster/fields.ts';
import { TRANSPORTS, type Protocol } from '../model/ports.ts';

/** One end by name as in a question, or all pods of namespaces and labels. */
export type EndSet = { name: string } | { namespaces: readonly string[] | undefined; labels: Readonly<Record<string, string>> };

export interface Expectation {
  name: string;
  /** 1-based. */
  line: number;
  from: EndSet;
  to: EndSet;
  /** Undefined for every port of TCP, UDP and SCTP. */
  port: { protocol: Protocol; port: number } | undefined;
  expect: 'allow' | 'deny';
}

const HINT = 'see docs/guides/policy.md, "Expectations"';

function endSet(value: unknown, where: string): EndSet {
  const name = text(value);
  if (name !== undefined) return { name };
  const given = fields(value);
  const namespace = text(given['namespace']);
  const namespaces = namespace === undefined ? (Array.isArray(given['namespaces']) ? list(given['namespaces']).map(String) : undefined) : [namespace];
  const labels = Object.fromEntries(Object.entries(fields(given['labels'])).map(([key, one]) => [key, String(one)]));
  const unknown = Object.keys(given).filter((key) => !['namespace', 'namespaces', 'labels'].includes(key));
  if (unknown.length > 0 || (namespaces === undefined && Object.keys(labels).length === 0)) throw new UsageError(`${where}: expected the name of an end, or {namespace or namespaces, labels}${unknown.length > 0 ? `; ${unknown.join(', ')} is not known` : ''}.`, { hint: HINT });
  return { namespaces, labels };
}

function portOf(given: unknown, where: string): Expectation['port'] {
  const port = at(given, 'port');
  const protocol = text(at(given, 'protocol')) ?? 'TCP';
  if (port === undefined || port === 'any') return undefined;
  const number = whole(port);
  if (number === undefined || number < 0 || number > 65_535) throw new UsageError(`${where}.port: ${JSON.stringify(port)} is neither a port nor any.`, { hint: HINT });
  if (!TRANSPORTS.includes(protocol as Protocol)) throw new UsageError(`${where}.protocol: ${JSON.stringify(protocol)} is none of ${TRANSPORTS.join(', ')}.`, { hint: HINT });
  return { protocol: protocol as Protocol, port: number };
}

/** One entry: a single expectation, or tenants that must not reach each other, which are many. */
function entryOf(value: unknown, line: number, where: string): Expectation[] {
  const isolated = at(value, 'isolated');
  if (Array.isArray(isolated)) {
    const tenants = isolated.map((one, index) => ({ set: Array.isArray(one) ? { namespaces: one.map(String), labels: {} } : typeof one === 'string' ? { namespaces: [one], labels: {} } : endSet(one, `${where}.isolated[${index}]`), name: typeof one === 'string' ? one : JSON.stringify(one) }));
    return tenants.flatMap((from) => tenants.filter((to) => to !== from).map((to): Expectation => ({ name: `${text(at(value, 'name')) ?? 'isolated'}: ${from.name} → ${to.name}`, line, from: from.set, to: to.set, port: undefined, expect: 'deny' })));
  }
  const expect = at(value, 'expect');
  if (expect !== 'allow' && expect !== 'deny') throw new UsageError(`${where}.expect: ${JSON.stringify(expect) ?? 'nothing'}; expected allow or deny.`, { hint: HINT });
  const [from, to] = [endSet(at(value, 'from'), `${where}.from`), endSet(at(value, 'to'), `${where}.to`)];
  const shown = (set: EndSet): string => ('name' in set ? set.name : JSON.stringify(set));
  return [{ name: text(at(value, 'name')) ?? `${shown(from)} → ${shown(to)}`, line, from, to, port: portOf(value, where), expect }];
}

/** The expectations of a file. Errors: UsageError naming file, line and field. */
export function parseExpectations(source: string, file: string): Expectation[] {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, logLevel: 'silent' });
  const [broken] = document.errors;
  if (broken !== undefined) throw new UsageError(`${file}:${lines.linePos(broken.pos[0]).line}: This is not YAML: ${broken.message.split('\n')[0]}`);
  const entries = isMap(document.contents) ? document.contents.get('expectations', true) : undefined;
  if (!isSeq(entries)) throw new UsageError(`${file}: expected a mapping with the list \`expectations\`.`, { hint: HINT });
  return entries.items.flatMap((item, index) => {
    const line = isNode(item) ? lines.linePos(item.range?.[0] ?? 0).line : 1;
    return entryOf(isNode(item) ? item.toJS(document) : item, line, `${file}:${line}: expectations[${index}]`);
  });
}
