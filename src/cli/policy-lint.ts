/** `fairlead policy lint`: what is wrong with policies, or not as it looks. */
import type { ExitCode } from '../core/errors.ts';
import { compile } from '../policy/compile/engine.ts';
import { lintContext } from '../policy/lint/context.ts';
import { findingsText, type Finding } from '../policy/lint/finding.ts';
import { lint as lintAll } from '../policy/lint/lint.ts';
import { readState } from '../policy/state.ts';
import type { Read } from '../policy/watch/follow.ts';
import { flagOption, listArgument, textOption } from './options.ts';
import { codeOf, enforcerOption, loadedOf, sourcesArgument, strictOption, tellProblems } from './policy-input.ts';
import { liveOptions } from './policy-live.ts';
import { formatOption } from './policy-ask.ts';
import { follow, isWatching, watchOption, write, type Watching } from './policy-watch.ts';
import type { Verb } from './verb.ts';

export const lint: Verb = {
  name: 'lint',
  summary: 'policies that do not do what they look like',
  description: 'Finds policies that the API server would refuse, that select nothing, that are shadowed or redundant, that mean something else under another CNI, and pods that cannot reach the DNS. Exits 1 when there are errors or warnings.',
  arguments: [sourcesArgument],
  options: [formatOption, watchOption, enforcerOption, strictOption, ...liveOptions],
  examples: [{ command: 'fairlead policy lint manifests/', description: 'look at the policies of a repository' }],
  async run(ctx): Promise<ExitCode> {
    const [sources, enforcer, output] = [listArgument(ctx, 'source'), textOption(ctx, 'enforcer') ?? 'auto', textOption(ctx, 'output') ?? 'text'];
    if (isWatching(ctx, sources, { option: output, plain: 'text' })) {
      return await follow(ctx, [{ inputs: sources, enforcer }], async ([first]) => {
        const findings = findingsOf(first!);
        await write(ctx, [findingsText(findings)]);
        return watchedFindings(findings);
      }, { flawed: true });
    }
    const loaded = await loadedOf(ctx, sources);
    const read = { ...readState(loaded, enforcer), loaded };
    // Otherwise they are findings like others.
    if (flagOption(ctx, 'strict')) tellProblems(ctx, read.problems);
    const findings = findingsOf(read);
    ctx.stdout(output === 'json' ? `${JSON.stringify({ version: 1, enforcer: read.state.enforcer.name, findings }, null, 2)}\n` : findingsText(findings));
    return codeOf(isGood(findings));
  },
};

const isGood = (findings: readonly Finding[]): boolean => findings.every((one) => one.severity === 'info');

function findingsOf({ state, loaded, problems }: Read): Finding[] {
  const [engine] = compile([state]);
  return lintAll(lintContext(engine!, loaded.objects, problems));
}

/** Findings that are new, and those that are gone; a finding that only stands elsewhere now is neither. */
function watchedFindings(first: readonly Finding[]): Watching {
  let findings = first;
  const keyOf = ({ rule, subjects, summary }: Finding): string => JSON.stringify([rule, subjects, summary]);
  return {
    next([now]) {
      const before = findings;
      findings = findingsOf(now!);
      const [known, still] = [new Set(before.map(keyOf)), new Set(findings.map(keyOf))];
      const [fresh, gone] = [findings.filter((one) => !known.has(keyOf(one))), before.filter((one) => !still.has(keyOf(one)))];
      const pieces = [...(fresh.length === 0 ? [] : [findingsText(fresh)]), ...gone.map(({ severity, subjects, summary, rule }) => `gone: ${severity}: ${subjects.join(', ')}: ${summary} [${rule}]\n`)];
      return { pieces, summary: () => `${fresh.length} new, ${gone.length} gone, ${findings.length} in all` };
    },
    good: () => isGood(findings),
  };
}
