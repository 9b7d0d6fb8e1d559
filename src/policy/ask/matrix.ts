/** All connectivity as a page: a table of who (rows) may reach whom (columns), readable without scripts. */
import { between, type Engine } from '../compile/engine.ts';
import type { EndpointClass } from '../compile/universe.ts';
import { UsageError } from '../../core/errors.ts';
import { namesOf, type Level } from './end-names.ts';
import { onNode } from './list.ts';
import { portsText } from './port-text.ts';
import { isEverything, Visible } from './rectangles.ts';

/** Larger tables are no help to anybody, and slow in every browser. */
const MOST = 400;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `body{font:13px system-ui,sans-serif;margin:1.5em}table{border-collapse:collapse}th{font-weight:normal;text-align:left;white-space:nowrap;padding:1px 4px}thead th{writing-mode:vertical-rl;transform:rotate(180deg);vertical-align:bottom}td{border:1px solid #ddd;min-width:1.6em;height:1.6em;text-align:center}td.all{background:#9bd39b}td.some{background:#d9efc2}td.depends{background:#ffe08a}td.self{background:#eee}@media (prefers-color-scheme:dark){body{background:#181818;color:#ddd}td{border-color:#444}td.all{background:#2e6b2e}td.some{background:#55752e}td.depends{background:#7a6010}td.self{background:#333}}`;

interface End {
  name: string;
  class: number;
}

/** The ends of the table: one per name; where a workload's pods are of several classes, one per class. */
function endsOf(engine: Engine, level: Level): End[] {
  const ends = engine.universe.classes.slice(0, engine.universe.inside).flatMap((one, index) => namesOf(one, level, false).map((name) => ({ name, class: index })));
  if (ends.length > MOST) throw new UsageError(`A table of ${ends.length} ends is too large to look at; at most ${MOST} are shown.`, { hint: 'take --level class, or another format' });
  return ends;
}

/** Where the pods of a class run; undefined where it is not one place, or not known: then a host's own node makes it depend. */
function nodeOf({ pods }: EndpointClass): string | undefined {
  const [first] = pods;
  return pods.every((pod) => pod.node === first?.node) ? first?.node : undefined;
}

/** What stands in a cell: everything, some ports, something that depends, or nothing. */
function cell(engine: Engine, visible: Visible, from: End, to: End): string {
  const source = engine.universe.classes[from.class]!;
  const target = engine.universe.classes[to.class]!;
  if (from.name === to.name && source.pods.length === 1) return '<td class="self" title="itself"></td>';
  const outcome = visible.of(source.kind === 'host' && target.kind === 'pod'
    ? onNode(engine, engine.egress.at(from.class, to.class), engine.ingress.at(to.class, from.class), nodeOf(source), nodeOf(target))
    : between(engine, from.class, to.class));
  if (outcome === undefined) return `<td title="${escaped(`${from.name} → ${to.name}: nothing`)}"></td>`;
  const { allow, depends } = engine.outcomes.get(outcome);
  const { sets } = engine.ports;
  const text = [...(sets.isEmpty(allow) ? [] : [portsText(engine, allow)]), ...(sets.isEmpty(depends) ? [] : [`depends: ${portsText(engine, depends)}`])].join(' | ');
  const [kind, sign] = !sets.isEmpty(depends) ? ['depends', '?'] : isEverything(engine, allow) ? ['all', '●'] : ['some', '○'];
  return `<td class="${kind}" title="${escaped(`${from.name} → ${to.name}: ${text}`)}">${sign}</td>`;
}

/** The page. Errors: UsageError for more ends than can be looked at. */
export function* matrix(engine: Engine, level: Level): Generator<string> {
  const ends = endsOf(engine, level);
  const visible = new Visible(engine);
  yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Connectivity</title><style>${STYLE}</style></head><body>\n<h1>What may talk to what</h1>\n<p>Rows open connections to columns, over TCP, UDP and SCTP; enforced by ${escaped(engine.state.enforcer.name)}. ● everything, ○ some ports, ? depends; each cell names its ports.</p>\n<table><thead><tr><th></th>${ends.map((one) => `<th scope="col">${escaped(one.name)}</th>`).join('')}</tr></thead><tbody>\n`;
  for (const from of ends) yield `<tr><th scope="row">${escaped(from.name)}</th>${ends.map((to) => cell(engine, visible, from, to)).join('')}</tr>\n`;
  yield '</tbody></table></body></html>\n';
}
