/** How often the first cause is the right one, offline: `node bench/diagnose/offline.ts [--seeds N] [--only REGEX]` writes bench/diagnose/RESULTS.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FLAVOURS, healthy } from '../../src/audit/testing/healthy.ts';
import { RULES } from '../../src/audit/rules.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import type { DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import { TEXTS } from '../../src/diagnose/testing/cluster.ts';
import { INCIDENTS, makeIncident } from '../../src/diagnose/testing/incidents.ts';
import { runMain } from '../../src/cli/testing/run-main.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '5' }, only: { type: 'string', default: '' } } });
const [seeds, only] = [Number(values.seeds), new RegExp(values.only)];
const dir = mkdtempSync(join(tmpdir(), 'fairlead-diagnose-'));

/** Diagnoses as a user would: through files and the command line. */
async function diagnose(objects: readonly object[], args: readonly string[]): Promise<DiagnosisReport> {
  const file = join(dir, 'cluster.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const ran = await runMain('diagnose', ...args, '--snapshot', file, '-o', 'json');
  if (ran.stdout === '') throw new Error(`${args.join(' ')}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as DiagnosisReport;
}

interface Score { found: number; runs: number; first: number; three: number; proved: number; wrong: number; network: number }
const score = (): Score => ({ found: 0, runs: 0, first: 0, three: 0, proved: 0, wrong: 0, network: 0 });
const misses: string[] = [];

/** Counts one run. Wrong is a proved cause that is neither the fault, nor the same by another name, nor what it is a case of. */
function count(into: Score, report: DiagnosisReport, right: readonly string[], also: readonly string[], network: boolean | 'unknown' | undefined, what: string): void {
  const proved = report.causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);
  const [first] = report.causes;
  const good = first !== undefined && first.certainty !== 'excluded' && right.includes(first.fault);
  const wrong = proved.filter((fault) => !right.includes(fault) && !also.includes(fault));
  into.runs++;
  into.first += Number(good);
  into.three += Number(report.causes.slice(0, 3).some(({ fault, certainty }) => right.includes(fault) && certainty !== 'excluded'));
  into.proved += Number(proved.some((fault) => right.includes(fault)));
  into.found += Number(report.causes.some(({ fault, certainty }) => right.includes(fault) && (certainty === 'likely' || certainty === 'proved')));
  into.wrong += wrong.length;
  into.network += Number(network === undefined || report.network === network);
  if (!good || wrong.length > 0 || (network !== undefined && report.network !== network)) misses.push(`${what}: first ${first?.fault ?? '-'} (${first?.certainty ?? '-'}), proved ${proved.join(' ') || '-'}, network ${String(report.network)}; right is ${right.join(' or ')}, network ${String(network)}`);
}

const incidents = score();
const rows: string[] = [];
const { caseOf } = await import('../../src/diagnose/faults/faults.ts').then(({ faultOf }) => ({ caseOf: (id: string): readonly string[] => faultOf(id).caseOf ?? [] }));
for (const incident of INCIDENTS.filter(({ fault, what }) => only.test(`${fault} ${what}`))) {
  const own = score();
  for (let seed = 1; seed <= seeds; seed++) {
    const made = makeIncident(incident, seed);
    const report = await diagnose(made.objects, made.args);
    const right = [incident.fault, ...(incident.or ?? [])];
    for (const one of [own, incidents]) count(one, report, right, right.flatMap(caseOf), incident.network, `${incident.what} (${made.flavour}, seed ${seed})`);
  }
  rows.push(`| ${incident.fault} | ${incident.what} | ${own.first}/${own.runs} | ${own.proved}/${own.runs} | ${own.wrong} | ${own.network}/${own.runs} |`);
}
// Each was counted into its own score, too.
const told = [...new Set(misses)];

const rules = score();
misses.length = 0;
for (const rule of RULES.filter(({ faults, id }) => faults.length > 0 && only.test(id))) {
  const bad = typeof rule.bad === 'function' ? rule.bad() : rule.bad;
  // The fixture has nothing else wrong on purpose; what else is proved there is not counted as wrong, but listed.
  const report = await diagnose(bad, []);
  const proved = report.causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);
  count(rules, report, rule.faults, proved, undefined, `${rule.id} ${rule.title}`);
}
const ruleMisses = [...misses];

/** Complaints about healthy clusters, and none: whatever is said to be proved is wrong. */
const CLIENTS = [['--from', 'shop/web-1'], []];
const complaintsAbout = (flavour: (typeof FLAVOURS)[number]): (readonly string[])[] => {
  const address = `${flavour.startsWith('k3s') ? '10.43' : '10.96'}.3.2`;
  return [[], ...Object.values(TEXTS).flat().flatMap((text) => CLIENTS.map((from) => [text(address, 5432), ...from]))];
};
const complaints = values.only === '' ? FLAVOURS.flatMap((flavour) => complaintsAbout(flavour).map((args) => ({ flavour, args }))) : [];
const falseProofs: string[] = [];
for (const { flavour, args } of complaints) {
  const report = await diagnose(healthy(flavour), args);
  const proved = report.causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);
  if (proved.length > 0) falseProofs.push(`${flavour}: ${args.join(' ') || 'the whole cluster'}: ${proved.join(' ')}`);
}
rmSync(dir, { recursive: true });

const percent = (part: number, of: number): string => `${part} of ${of} (${of === 0 ? '-' : ((100 * part) / of).toFixed(1)} %)`;
const page = `# Diagnoses with known causes, offline

Written by \`node bench/diagnose/offline.ts --seeds ${seeds}\`: through files and the command line, without a cluster. These are fixtures, made by the same hands as the rules; what it does in a living cluster they do not show.

| | runs | first cause right | right one among the first three | right one proved or likely | right one proved | wrongly proved | network right |
|---|---|---|---|---|---|---|---|
| incidents in healthy clusters, ${INCIDENTS.length} kinds × ${seeds} seeds | ${incidents.runs} | ${percent(incidents.first, incidents.runs)} | ${percent(incidents.three, incidents.runs)} | ${percent(incidents.found, incidents.runs)} | ${percent(incidents.proved, incidents.runs)} | ${incidents.wrong} | ${percent(incidents.network, incidents.runs)} |
| bad examples of the audit's rules, nothing complained of | ${rules.runs} | ${percent(rules.first, rules.runs)} | ${percent(rules.three, rules.runs)} | ${percent(rules.found, rules.runs)} | ${percent(rules.proved, rules.runs)} | not counted | not counted |
| complaints about healthy clusters | ${complaints.length} | | | | | ${falseProofs.length} | |

## Incidents

| fault | what | first | proved | wrongly proved | network |
|---|---|---|---|---|---|
${rows.join('\n')}

## What was missed

${[...told, ...ruleMisses, ...falseProofs].map((line) => `- ${line}`).join('\n') || 'Nothing.'}
`;
if (values.only === '') writeFileSync(join(packageRoot(), 'bench/diagnose/RESULTS.md'), page);
process.stdout.write(page);
