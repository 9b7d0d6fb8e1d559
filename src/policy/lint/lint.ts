/** All rules of lint, over one compiled state. */
import { blocksInside, openToAll } from './blocks.ts';
import type { LintContext } from './context.ts';
import { dnsForgotten } from './dns.ts';
import { duplicates } from './duplicates.ts';
import { sorted, type Finding } from './finding.ts';
import { hostNetwork } from './host-network.ts';
import { inputProblems } from './input-problems.ts';
import { equalPriorities } from './priorities.ts';
import { peersNothing, selectsNothing, unknownPorts } from './selects-nothing.ts';
import { shadowed } from './shadowed.ts';

const RULES: readonly ((context: LintContext) => Finding[])[] = [
  inputProblems, duplicates, equalPriorities, selectsNothing, peersNothing, unknownPorts, hostNetwork, blocksInside, dnsForgotten, shadowed, openToAll,
];

/** Everything that is found, the worst first. */
export function lint(context: LintContext): Finding[] {
  return sorted(RULES.flatMap((rule) => rule(context)));
}
