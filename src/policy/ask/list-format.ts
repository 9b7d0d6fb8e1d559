/** How the lines of a listing are written: every format is a prefix, the name of a target, and a suffix. */
import type { Engine } from '../compile/engine.ts';
import type { OutcomeId } from '../compile/outcome.ts';
import type { PortRange } from '../compile/port-space.ts';
import { portsText, rangesText } from './port-text.ts';

export const LIST_FORMATS = ['text', 'json', 'csv', 'dot'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

export interface LineFormat {
  header: string;
  footer: string;
  between: string;
  /** A name as it may stand in a line. */
  name(text: string): string;
  before(from: string): string;
  after(outcome: OutcomeId): string;
  /** The same for ports that no rule may know, such as those that routes lead to. */
  exactly(ports: ListedPorts): string;
}

/** What may pass, and what may pass perhaps. */
export interface ListedPorts {
  allow: readonly PortRange[];
  depends: readonly PortRange[];
}

/** Ports in words and as ranges, which JSON alone asks for. */
interface Ended {
  allow: string;
  depends: string;
  ranges(): ListedPorts;
}

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const quoted = (text: string): string => JSON.stringify(text).slice(1, -1);
const plain = ({ allow, depends }: Ended): string => [allow, ...(depends === '' ? [] : [`depends: ${depends}`])].filter((one) => one !== '').join(' | ');

function jsonPorts(one: Ended): string {
  const { allow, depends } = one.ranges();
  return `"allow":${JSON.stringify(allow)},"depends":${JSON.stringify(depends)}`;
}

/** The format of that name. */
export function lineFormat(format: ListFormat, engine: Engine, level: string): LineFormat {
  const { end, ...rest } = FORMATS[format](engine.state.enforcer.name, level);
  return {
    ...rest,
    after(outcome) {
      const { allow, depends } = engine.outcomes.get(outcome);
      const text = (set: number): string => (engine.ports.sets.isEmpty(set) ? '' : portsText(engine, set));
      return end({ allow: text(allow), depends: text(depends), ranges: () => ({ allow: engine.ports.rangesOf(allow), depends: engine.ports.rangesOf(depends) }) });
    },
    exactly: (ports) => end({ allow: rangesText(ports.allow), depends: rangesText(ports.depends), ranges: () => ports }),
  };
}

type Made = Omit<LineFormat, 'after' | 'exactly'> & { end(one: Ended): string };

const FORMATS: Readonly<Record<ListFormat, (enforcer: string, level: string) => Made>> = {
  text: () => ({ header: '', footer: '', between: '', name: (text) => text, before: (from) => `${from} => `, end: (one) => ` : ${plain(one)}\n` }),
  csv: () => ({ header: 'from,to,allow,depends\n', footer: '', between: '', name: csvField, before: (from) => `${from},`, end: ({ allow, depends }) => `,${csvField(allow)},${csvField(depends)}\n` }),
  json: (enforcer, level) => ({
    header: `{"version":1,"enforcer":${JSON.stringify(enforcer)},"level":${JSON.stringify(level)},"edges":[`, footer: '\n]}\n', between: ',', name: quoted,
    before: (from) => `\n{"from":"${from}","to":"`, end: (one) => `",${jsonPorts(one)}}`,
  }),
  dot: () => ({ header: 'digraph connectivity {\n  rankdir=LR;\n', footer: '}\n', between: '', name: quoted, before: (from) => `  "${from}" -> "`, end: (one) => `" [label="${quoted(plain(one))}"];\n` }),
};
