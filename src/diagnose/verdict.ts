/** What the judgements come to: one cause, several, or none that can be told; and whether it is the network. Pure. */
import type { Facts } from './fact.ts';
import { isNetwork } from './faults/fault.ts';
import type { Hop } from './path.ts';
import { KIND_WORDS } from './symptom/symptom.ts';
import { separateCauses, type Complaint, type Judgement } from './rank.ts';

export interface Verdict {
  /** `cause`: one is proved. `several`: more than one is proved. `likely`: some are likely, none is proved. `works`: the connection was tried and stood. `undecided`: it cannot be told. `nothing`: nothing was found of what was looked at. */
  kind: 'cause' | 'several' | 'likely' | 'works' | 'undecided' | 'nothing';
  summary: string;
  network: boolean | 'unknown';
}

/**
 * Whether it is the network: as the proved causes say, where they agree. Where none is proved, no when every cause
 * that is still possible is none of the network's, yes when every one is and one is likely. `carries`: the connection
 * stands, and packets of any size arrive; then what is merely possible is not counted.
 */
function networkOf(causes: readonly Judgement[], asked: boolean, carries: boolean): boolean | 'unknown' {
  const proved = causes.filter(({ certainty }) => certainty === 'proved');
  const open = causes.filter(({ certainty, for: fors }) => certainty === 'likely' || (certainty === 'possible' && !carries && (asked || fors.length > 0)));
  if (proved.length > 0) {
    const kinds = new Set(proved.map(({ fault }) => isNetwork(fault)));
    return kinds.size > 1 ? true : proved.some(({ fault }) => isNetwork(fault));
  }
  if (open.length === 0) return 'unknown';
  if (open.every(({ fault }) => !isNetwork(fault))) return false;
  return open.every(({ fault }) => isNetwork(fault)) && open.some(({ certainty }) => certainty === 'likely') ? true : 'unknown';
}

const NETWORK = (network: Verdict['network']): string => (network === 'unknown' ? '' : network ? '' : ' The network is not to blame.');

/** The verdict. `asked`: something was complained of; without it what is wrong in the cluster is told. */
export function verdictOf(causes: readonly Judgement[], facts: Facts, path: readonly Hop[], { asked, symptom, now }: Complaint & { asked: boolean }): Verdict {
  const of = (certainty: Judgement['certainty']): Judgement[] => causes.filter((one) => one.certainty === certainty);
  const [proved, likely] = [separateCauses(causes), of('likely')];
  const works = facts.get('connect-client')?.value === 'ok';
  const carries = works && facts.get('large-packets')?.value === 'fits';
  const network = networkOf(causes, asked, carries);
  const [first, second] = proved;
  const since = (one: Judgement): string => (one.now === undefined || symptom === undefined || now === undefined ? '' : ` The complaint was "${KIND_WORDS[symptom.kind]}"; tried again, the connection came to "${KIND_WORDS[now.kind]}", and that is what this explains.`);
  if (first !== undefined && second === undefined) return { kind: 'cause', network, summary: `${first.fault.title} (${first.fault.id}): proved.${since(first)}${NETWORK(network)}` };
  if (first !== undefined) return { kind: 'several', network, summary: `${proved.length} causes are proved${asked ? ', and each of them is enough' : ''}; the first: ${first.fault.title} (${first.fault.id}).${since(first)}${NETWORK(network)}` };
  const [best] = likely;
  if (works && best?.confirmed !== true && (best === undefined || network !== false)) return { kind: 'works', network: 'unknown', summary: 'The connection was tried, and it stands now. What went wrong before, it does not show.' };
  const broken = path.find(({ state }) => state === 'broken');
  const where = broken === undefined ? '' : ` The way is broken at: ${broken.label} (${broken.why}).`;
  if (best !== undefined) return { kind: 'likely', network, summary: `${likely.length === 1 ? 'Likely' : `${likely.length} causes are likely; first`}: ${best.fault.title} (${best.fault.id}). It is not proved.${since(best)}${works ? ` The connection itself stands now${carries ? ', and large packets arrive' : ': small packets get through'}.` : ''}${where}${NETWORK(network)}` };
  if (!asked) return { kind: 'nothing', network: 'unknown', summary: 'Nothing was found of what could be looked at. That is no proof that nothing is wrong.' };
  const possible = of('possible').length;
  return { kind: 'undecided', network, summary: `Cannot tell.${possible === 0 ? ' Nothing that is known looks like that.' : ` ${possible} causes are possible, and nothing that was seen speaks for one of them.`}${where}${NETWORK(network)}` };
}
