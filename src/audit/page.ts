/** The page of a rule, the list of all, and the table from faults to rules: generated into docs/rules/. */
import { dump } from 'js-yaml';
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

/** Markdown of one rule. */
export function rulePage(rule: Rule): string {
  const faults = rule.faults.map((id) => `${id} \`${FAULTS.find((one) => one.id === id)?.name ?? ''}\``);
  const parts = [
    `# ${rule.id}: ${rule.title}`,
    'Made from the code by `npm run generate`; do not edit.',
    `Severity: ${rule.severity}. Family: ${FAMILIES[familyOf(rule.id)] ?? ''}.${faults.length === 0 ? '' : ` Faults: ${faults.join(', ')}.`}`,
    `**What is looked at.** ${rule.looksAt}`,
    `**What breaks, and how it shows.** ${rule.why}`,
    ...(rule.fix.length === 0 ? [] : ['**What to do.**', rule.fix.map((fix) => `- ${fix.what}${fix.command === undefined ? '' : `\n\n  \`\`\`\n${fix.command.split('\n').map((line) => `  ${line}`).join('\n')}\n  \`\`\``}`).join('\n')]),
    '**An input that it finds.**',
    `\`\`\`yaml\n${yamlOf(typeof rule.bad === 'function' ? rule.bad() : rule.bad).trimEnd()}\n\`\`\``,
    '**The same put right.**',
    `\`\`\`yaml\n${yamlOf(rule.good).trimEnd()}\n\`\`\``,
    ...(rule.refs.length === 0 ? [] : [`**References.** ${rule.refs.join(', ')}.`]),
    `**To switch it off** for one object: a line \`# fairlead:ignore ${rule.id} REASON\` in its YAML, or the annotation \`fairlead.dev/ignore: "${rule.id}: REASON"\`. For all: \`--skip ${rule.id}\`.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Markdown of the list of rules and of the table from faults to rules. */
export function rulesIndex(rules: readonly Rule[]): string {
  const lines = ['# Rules of the audit', '', 'Made from the code by `npm run generate`; do not edit.', ''];
  for (const [family, about] of Object.entries(FAMILIES)) {
    const own = rules.filter(({ id }) => familyOf(id) === family);
    if (own.length === 0) continue;
    lines.push(`## ${family}: ${about}`, '', '| rule | finds | severity |', '|---|---|---|', ...own.map(({ id, title, severity }) => `| [${id}](${id}.md) | ${title.replaceAll('|', '\\|')} | ${severity} |`), '');
  }
  lines.push('## Which rule finds which fault', '', 'Faults are those of the catalogue that Fairlead goes by (`src/audit/fault-ids.ts`).', '', '| fault | name | rules, or why none |', '|---|---|---|');
  for (const { id, name, hidden } of FAULTS) {
    const own = rules.filter(({ faults }) => faults.includes(id)).map((rule) => `[${rule.id}](${rule.id}.md)`);
    lines.push(`| ${id} | \`${name}\` | ${own.length > 0 ? own.join(', ') : `a snapshot cannot show it: ${hidden ?? ''}`} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The files of docs/rules/ by name. */
export function rulePages(rules: readonly Rule[]): Map<string, string> {
  return new Map([['README.md', rulesIndex(rules)], ...rules.map((rule) => [`${rule.id}.md`, rulePage(rule)] as const)]);
}
