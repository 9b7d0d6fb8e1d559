/** The page of a rule, the list of all, and the table from faults to rules: generated into docs/rules/. */
import { dump } from 'js-yaml';
import { fixBlocks, indexMarkdown, pageMarkdown, type Page } from '../report/page.ts';
import { FAULTS } from './fault-ids.ts';
import type { Example, Rule } from './rule.ts';
import { familyOf } from './select.ts';

/** What the families are about. */
export const FAMILIES: Readonly<Record<string, string>> = {
  CIDR: 'address ranges', IPAM: 'addresses of pods', MTU: 'packet sizes', VXLAN: 'tunnels', ARP: 'gateways of pods', HOST: 'hosts', CNI: 'state of CNIs', POL: 'policies',
  SVC: 'Services', LB: 'load balancers', DNS: 'names', ML: 'MLOps stack', RISK: 'what would stop a change',
};

/** Objects that are shown of an example; large ones are cut. */
const SHOWN = 6;

function yamlOf(example: Example): string {
  const more = example.length - SHOWN;
  return example.slice(0, SHOWN).map((object) => dump(object, { lineWidth: 120, flowLevel: 4, noRefs: true })).join('---\n') + (more > 0 ? `# … and ${more} more\n` : '');
}

/** The page of one rule. */
function pageOf(rule: Rule): Page {
  const faults = rule.faults.map((id) => `${id} \`${FAULTS.find((one) => one.id === id)?.name ?? ''}\``);
  return {
    title: `${rule.id}: ${rule.title}`,
    blocks: [
      { text: `Severity: ${rule.severity}. Family: ${FAMILIES[familyOf(rule.id)] ?? ''}.${faults.length === 0 ? '' : ` Faults: ${faults.join(', ')}.`}` },
      { lead: 'What is looked at', text: rule.looksAt },
      { lead: 'What breaks, and how it shows', text: rule.why },
      ...fixBlocks('What to do', rule.fix),
      { lead: 'An input that it finds', language: 'yaml', code: yamlOf(typeof rule.bad === 'function' ? rule.bad() : rule.bad).trimEnd() },
      { lead: 'The same put right', language: 'yaml', code: yamlOf(rule.good).trimEnd() },
      ...(rule.refs.length === 0 ? [] : [{ lead: 'References', text: `${rule.refs.join(', ')}.` }]),
      { text: `**To switch it off** for one object: a line \`# fairlead:ignore ${rule.id} REASON\` in its YAML, or the annotation \`fairlead.dev/ignore: "${rule.id}: REASON"\`. For all: \`--skip ${rule.id}\`.` },
    ],
  };
}

/** Markdown of one rule. `generated`: with the line that says that it is. */
export function rulePage(rule: Rule, options: { generated: boolean }): string {
  return pageMarkdown(pageOf(rule), options);
}

/** Markdown of the list of rules and of the table from faults to rules. */
function rulesIndex(rules: readonly Rule[]): string {
  const families = Object.entries(FAMILIES).flatMap(([family, about]) => {
    const own = rules.filter(({ id }) => familyOf(id) === family);
    return own.length === 0 ? [] : [[`## ${family}: ${about}`, '', '| rule | finds | severity |', '|---|---|---|', ...own.map(({ id, title, severity }) => `| [${id}](${id}.md) | ${title.replaceAll('|', '\\|')} | ${severity} |`)]];
  });
  const faults = FAULTS.map(({ id, name, hidden }) => {
    const own = rules.filter((rule) => rule.faults.includes(id)).map((rule) => `[${rule.id}](${rule.id}.md)`);
    return `| [${id}](../faults/${id}.md) | \`${name}\` | ${own.length > 0 ? own.join(', ') : `a snapshot cannot show it: ${hidden ?? ''}`} |`;
  });
  return indexMarkdown('Rules of the audit', { generated: true }, [...families, ['## Which rule finds which fault', '', 'Faults are those of the catalogue that Fairlead goes by (`src/audit/fault-ids.ts`); each has its page in [docs/faults](../faults/README.md).', '', '| fault | name | rules, or why none |', '|---|---|---|', ...faults]]);
}

/** The files of docs/rules/ by name. */
export function rulePages(rules: readonly Rule[]): Map<string, string> {
  return new Map([['README.md', rulesIndex(rules)], ...rules.map((rule) => [`${rule.id}.md`, rulePage(rule, { generated: true })] as const)]);
}
