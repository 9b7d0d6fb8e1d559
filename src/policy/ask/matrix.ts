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

type CellKind = 'self' | 'none' | 'all' | 'some' | 'depends';

interface Cell {
  kind: CellKind;
  /** Who, whom, and the ports. */
  title: string;
}

const SIGNS: Readonly<Record<CellKind, string>> = { self: '', none: '', all: '●', some: '○', depends: '?' };

/** What stands in a cell: everything, some ports, something that depends, or nothing. */
function cellOf(engine: Engine, visible: Visible, from: End, to: End): Cell {
  const source = engine.universe.classes[from.class]!;
  const target = engine.universe.classes[to.class]!;
  if (from.name === to.name && source.pods.length === 1) return { kind: 'self', title: 'itself' };
  const outcome = visible.of(source.kind === 'host' && target.kind === 'pod'
    ? onNode(engine, engine.egress.at(from.class, to.class), engine.ingress.at(to.class, from.class), nodeOf(source), nodeOf(target))
    : between(engine, from.class, to.class));
  const title = `${from.name} → ${to.name}`;
  if (outcome === undefined) return { kind: 'none', title: `${title}: nothing` };
  const { allow, depends } = engine.outcomes.get(outcome);
  const { sets } = engine.ports;
  const text = [...(sets.isEmpty(allow) ? [] : [portsText(engine, allow)]), ...(sets.isEmpty(depends) ? [] : [`depends: ${portsText(engine, depends)}`])].join(' | ');
  return { kind: !sets.isEmpty(depends) ? 'depends' : isEverything(engine, allow) ? 'all' : 'some', title: `${title}: ${text}` };
}

const LEGEND = '● everything, ○ some ports, ? depends';
const headline = (engine: Engine): string => `Rows open connections to columns, over TCP, UDP and SCTP; enforced by ${engine.state.enforcer.name}. ${LEGEND}; each cell names its ports.`;

/** The page. Errors: UsageError for more ends than can be looked at. */
export function* matrix(engine: Engine, level: Level): Generator<string> {
  const ends = endsOf(engine, level);
  const visible = new Visible(engine);
  const cell = (from: End, to: End): string => {
    const { kind, title } = cellOf(engine, visible, from, to);
    return `<td${kind === 'none' ? '' : ` class="${kind}"`} title="${escaped(title)}">${SIGNS[kind]}</td>`;
  };
  yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Connectivity</title><style>${STYLE}</style></head><body>\n<h1>What may talk to what</h1>\n<p>${escaped(headline(engine))}</p>\n<table><thead><tr><th></th>${ends.map((one) => `<th scope="col">${escaped(one.name)}</th>`).join('')}</tr></thead><tbody>\n`;
  for (const from of ends) yield `<tr><th scope="row">${escaped(from.name)}</th>${ends.map((to) => cell(from, to)).join('')}</tr>\n`;
  yield '</tbody></table></body></html>\n';
}

/** Sizes of the drawing, in pixels: a cell, and a letter of its names. */
const [CELL, LETTER] = [18, 7];

const SVG_STYLE = 'svg{font:12px system-ui,sans-serif;background:#fff}rect{stroke:#ddd}.none{fill:#fff}.self{fill:#eee}.all{fill:#9bd39b}.some{fill:#d9efc2}.depends{fill:#ffe08a}';

/** The same table as a drawing, for documents that show pictures. Errors: UsageError for more ends than can be looked at. */
export function* matrixSvg(engine: Engine, level: Level): Generator<string> {
  const ends = endsOf(engine, level);
  const visible = new Visible(engine);
  const margin = 16 + LETTER * Math.max(0, ...ends.map(({ name }) => name.length));
  const [width, height] = [Math.max(margin + CELL * ends.length + 16, LETTER * headline(engine).length), margin + CELL * ends.length + 40];
  const center = (index: number): number => margin + CELL * index + CELL / 2;
  yield `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">\n<title>What may talk to what</title>\n<style>${SVG_STYLE}</style>\n`;
  for (const [index, { name }] of ends.entries()) {
    yield `<text x="${margin - 6}" y="${center(index) + 4}" text-anchor="end">${escaped(name)}</text>\n<text transform="translate(${center(index) + 4} ${margin - 6}) rotate(-90)">${escaped(name)}</text>\n`;
  }
  for (const [row, from] of ends.entries()) {
    for (const [column, to] of ends.entries()) {
      const { kind, title } = cellOf(engine, visible, from, to);
      const [x, y] = [margin + CELL * column, margin + CELL * row];
      yield `<g><title>${escaped(title)}</title><rect class="${kind}" x="${x}" y="${y}" width="${CELL}" height="${CELL}"/>${SIGNS[kind] === '' ? '' : `<text x="${center(column)}" y="${center(row) + 4}" text-anchor="middle">${SIGNS[kind]}</text>`}</g>\n`;
    }
  }
  yield `<text x="8" y="${height - 12}">${escaped(headline(engine))}</text>\n</svg>\n`;
}
