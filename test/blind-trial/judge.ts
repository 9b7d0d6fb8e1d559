/** What diagnoses of one case are worth, beside the truth. Pure. */
import { isNetwork } from '../../src/diagnose/faults/fault.ts';
import { faultOf } from '../../src/diagnose/faults/faults.ts';
import type { DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import type { CaseSet, Truth } from './case.ts';

export interface Judged {
  /** The verdicts of the tool, one for each complaint. */
  verdicts: string[];
  /** The first three causes, with their certainty. */
  top: string[];
  proved: string[];
  /** The true cause first, and among the first three; of a compound, either. False where the knowledge base has none. */
  first: boolean;
  three: boolean;
  /** Of how many of the faults that were made it speaks: proved, or among the first three and likely. */
  named: number;
  /** Proved causes that are not true. */
  falselyProved: string[];
  /** What it says of the network, and whether that is true: `open` where it does not commit itself. */
  network: 'right' | 'open' | 'wrong';
  /** It says in so many words that it cannot tell: not even a likely cause is put forward. */
  cannotTell: boolean;
  /** The broken parts of the way, as it says. */
  broken: string[];
  /** It names a part as broken that is, and none on the way before it. */
  hop: boolean;
}

type Cause = DiagnosisReport['causes'][number];
const counts = ({ certainty }: Cause): boolean => certainty !== 'excluded';

/** What is true besides: what was declared, and the general form of each fault that was made. */
function trueIds({ faults, also = {} }: Truth): Set<string> {
  const made = faults.flat();
  return new Set([...made, ...Object.keys(also), ...[...made, ...Object.keys(also)].flatMap((id) => faultOf(id).caseOf ?? [])]);
}

function networkOf(reports: readonly DiagnosisReport[], truth: Truth): Judged['network'] {
  // Of several complaints one may be none of the network's.
  const said = reports.map(({ network }) => network);
  if (truth.network ? said.includes(true) : said.every((one) => one === false)) return 'right';
  return said.some((one) => one === 'unknown') ? 'open' : 'wrong';
}

/** Judges the diagnoses of a case: one for each of its complaints. */
export function judge(truth: Truth, reports: readonly DiagnosisReport[]): Judged {
  const right = trueIds(truth);
  const made = truth.faults.flat();
  const heads = reports.map(({ causes }) => causes.slice(0, 3).filter(counts));
  const proved = reports.flatMap(({ causes }) => causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault));
  const told = new Set([...proved, ...heads.flat().filter(({ certainty }) => certainty === 'likely').map(({ fault }) => fault)]);
  const broken = reports.flatMap(({ path }) => path.filter(({ state }) => state === 'broken').map(({ part }) => part));
  return {
    verdicts: reports.map(({ verdict }) => verdict), top: heads.flat().map(({ fault, certainty }) => `${fault} ${certainty}`), proved,
    // A complaint of several may be of either fault.
    first: heads.every(([first]) => first !== undefined && made.includes(first.fault)), three: heads.every((three) => three.some(({ fault }) => made.includes(fault))),
    named: truth.faults.filter((names) => names.some((id) => told.has(id))).length,
    falselyProved: [...new Set(proved.filter((id) => !right.has(id)))], network: networkOf(reports, truth),
    cannotTell: reports.every(({ verdict }) => verdict === 'undecided'),
    broken, hop: broken[0] !== undefined && truth.broken !== undefined && (truth.broken as readonly string[]).includes(broken[0]),
  };
}

/** Whether the case went as it should, by its set. */
export function passed(set: CaseSet, truth: Truth, one: Judged): boolean {
  if (one.falselyProved.length > 0) return false;
  if (set === 'unknown') return one.cannotTell && one.hop;
  if (set === 'compound') return one.named === truth.faults.length;
  return one.first && (set === 'known' || one.network === 'right');
}

/** What the network is to blame for, by the knowledge base: for tests of the cases. */
export const isOfNetwork = (id: string): boolean => isNetwork(faultOf(id));
