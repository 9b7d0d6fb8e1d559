/** How the lines of a listing are written: every format is a prefix, the name of a target, and a suffix. */
import type { Engine } from '../compile/engine.ts';
import type { OutcomeId } from '../compile/outcome.ts';
import { portsText } from './port-text.ts';

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
}

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const quoted = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The format of that name. */
export function lineFormat(format: ListFormat, engine: Engine, level: string): LineFormat {
  const parts = (outcome: OutcomeId): { allow: string; depends: string } => {
    const { allow, depends } = engine.outcomes.get(outcome);
    const text = (set: number): string => (engine.ports.sets.isEmpty(set) ? '' : portsText(engine, set));
    return { allow: text(allow), depends: text(depends) };
  };
  const plain = (outcome: OutcomeId): string => {
    const { allow, depends } = parts(outcome);
    return [allow, ...(depends === '' ? [] : [`depends: ${depends}`])].filter((one) => one !== '').join(' | ');
  };
  switch (format) {
    case 'text': return { header: '', footer: '', between: '', name: (text) => text, before: (from) => `${from} => `, after: (outcome) => ` : ${plain(outcome)}\n` };
    case 'csv': return {
      header: 'from,to,allow,depends\n', footer: '', between: '', name: csvField, before: (from) => `${from},`,
      after: (outcome) => `,${csvField(parts(outcome).allow)},${csvField(parts(outcome).depends)}\n`,
    };
    case 'json': return {
      header: `{"version":1,"enforcer":${JSON.stringify(engine.state.enforcer.name)},"level":${JSON.stringify(level)},"edges":[`, footer: '\n]}\n', between: ',', name: quoted,
      before: (from) => `\n{"from":"${from}","to":"`, after: (outcome) => `",${jsonPorts(engine, outcome)}}`,
    };
    case 'dot': return { header: 'digraph connectivity {\n  rankdir=LR;\n', footer: '}\n', between: '', name: quoted, before: (from) => `  "${from}" -> "`, after: (outcome) => `" [label="${quoted(plain(outcome))}"];\n` };
  }
}

function jsonPorts(engine: Engine, outcome: OutcomeId): string {
  const { allow, depends } = engine.outcomes.get(outcome);
  return `"allow":${JSON.stringify(engine.ports.rangesOf(allow))},"depends":${JSON.stringify(engine.ports.rangesOf(depends))}`;
}
