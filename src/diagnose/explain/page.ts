/** The page of a fault, and the index of all: for `fairlead diagnose explain` and for docs/faults/. Pure. */
import { fixBlocks, indexMarkdown, pageMarkdown, pageText, type Block, type Item, type Page } from '../../report/page.ts';
import type { Target } from '../faults/fault.ts';
import { FAMILIES, KNOWN_FAULTS } from '../faults/faults.ts';
import { KIND_WORDS, type SymptomKind } from '../symptom/symptom.ts';
import { explained } from './explained.ts';
import type { Explained } from './schema.ts';

const TARGETS: Readonly<Record<Target, string>> = {
  'loopback': '127.0.0.1 of the pod', 'own-pod': "the pod's own address", 'pod': 'a pod', 'service': 'a Service', 'api-server': 'the API server', 'dns': 'DNS', 'node': 'a node', 'load-balancer': 'an address of a load balancer',
  'outside': 'something outside the cluster', 'nothing': 'an address that nothing has', 'name': 'a name',
};

/** As code: with more backticks around it than are in it. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return `${fence}${text.startsWith('`') || text.endsWith('`') ? ` ${text} ` : text}${fence}`;
}
const or = (words: readonly string[]): string => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`);
const codes = (words: readonly string[]): string => or(words.map(code));

/** Kinds in words, a client's answer to each other end. */
function showText({ kinds, to, phase, text }: Explained['shows'][number]): string {
  const where = to === undefined ? '' : `; at the other end: ${or(to.map((one) => TARGETS[one as Target]))}`;
  const when = phase === 'established' ? ', on a connection that stands' : phase === 'connect' ? ', before the connection stands' : '';
  return `${or(kinds.map((kind: SymptomKind) => KIND_WORDS[kind]))}${when}${where}${text === undefined ? '' : `; the text fits ${code(text)}`}`;
}

const list = (lead: string, items: readonly string[]): Block[] => (items.length === 0 ? [] : [{ lead, items: items.map((text): Item => ({ text })) }]);

function side({ observations }: Explained, lead: string, of: 'for' | 'against' | 'refutes'): Block[] {
  return list(lead, observations.filter((one) => one[of].length > 0).map((one) => `${one.question}: ${codes(one[of])}`));
}

function proofBlocks({ proofs, foundAlone }: Explained): Block[] {
  const ways = [
    ...proofs.map((proof) => proof.map(({ question, is }) => `${question}: ${codes(is)}`).join('; and ')),
    ...foundAlone.map((id) => `where nothing was complained of: that the audit's rule ${id} finds it`),
  ];
  return ways.length === 0 ? [{ lead: 'What proves it', text: 'Nothing that Fairlead can observe: it is never more than likely.' }] : list(`What proves it${ways.length > 1 ? ', each by itself' : ''}, where it explains the complaint and nothing speaks against it`, ways);
}

/** Observations by price, the cheapest first. */
function prices({ observations }: Explained): Block[] {
  const byPrice = Map.groupBy(observations, ({ price }) => price.what);
  return list('What tells it from others, the cheapest first', [...byPrice].map(([what, own]) => `${what}: ${own.map(({ question }) => question).join('; ')}`));
}

/** The page of one fault. */
function pageOf(one: Explained): Page {
  const titleOf = (id: string): string => `${id} (${KNOWN_FAULTS.find((fault) => fault.id === id)?.title ?? ''})`;
  const shows = one.shows.map(showText);
  return {
    title: `${one.fault}: ${one.title}`,
    blocks: [
      { text: `${code(one.name)}. Family: ${one.family.about}. ${one.network ? 'A fault of the network.' : 'The network is not to blame.'}` },
      ...(shows.length === 0 ? [{ lead: 'How it shows', text: 'In no error of a client: it is found by looking.' }] : list('How it shows', shows)),
      ...list('Its own words in logs and events, as regular expressions', one.says.map(code)),
      ...side(one, 'What speaks for it', 'for'), ...side(one, 'What speaks against it', 'against'), ...side(one, 'What refutes it', 'refutes'),
      ...proofBlocks(one), ...prices(one),
      ...list('Popular mistakes', one.beliefs.map(({ belief, text, source }) => `${belief === undefined ? '' : `Believed: ${belief} In truth: `}${text}${source === undefined ? '' : ` (${source})`}`)),
      ...fixBlocks('What mends it', one.fix),
      { lead: 'What `fairlead diagnose --fix` does', text: one.byProgram },
      { lead: 'How to verify', text: one.verify },
      ...list('Related', [...one.caseOf.map((id) => `it is a case of ${titleOf(id)}`), ...one.cases.map((id) => `${titleOf(id)} is a case of it`)]),
      ...(one.rules.length === 0 ? [] : [{ lead: 'Rules of the audit that find it', text: `${one.rules.join(', ')}; \`fairlead audit explain ${one.rules[0] ?? ''}\`.` }]),
      { lead: 'Sources', text: `${one.source.join(', ')}.` },
    ],
  };
}

export const faultMarkdown = (one: Explained): string => pageMarkdown(pageOf(one), { generated: false });
export const faultText = (one: Explained): string => pageText(pageOf(one));

const HEAD = ['| fault | what is wrong | network |', '|---|---|---|'];
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Markdown of all faults by family. `linked`: to their pages. */
export function faultsMarkdown({ linked }: { linked: boolean }): string {
  const sections = FAMILIES.map(({ name, about, faults }) => [`## ${name}: ${about}`, '', ...HEAD, ...faults.map(explained).map(({ fault, name: called, title, network }) => `| ${linked ? `[${fault}](${fault}.md)` : fault} \`${called}\` | ${cell(title)} | ${network ? 'yes' : 'no'} |`)]);
  return indexMarkdown('Faults that `diagnose` knows', { generated: linked }, [['From the frequent to the rare. `network`: whether it is a fault of the network. On a terminal: `fairlead diagnose explain ID`.'], ...sections]);
}

/** All faults by family, for a terminal. */
export function faultsText(): string {
  return FAMILIES.map(({ name, about, faults }) => `${name}: ${about}\n${faults.map(({ id, name: called, title }) => `  ${id.padEnd(4)} ${called.padEnd(38)} ${title}\n`).join('')}`).join('\n');
}

/** The files of docs/faults/ by name. */
export function faultPages(): Map<string, string> {
  return new Map([['README.md', faultsMarkdown({ linked: true })], ...KNOWN_FAULTS.map((fault) => [`${fault.id}.md`, pageMarkdown(pageOf(explained(fault)), { generated: true })] as const)]);
}
