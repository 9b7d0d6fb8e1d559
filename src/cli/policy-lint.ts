/** `fairlead policy lint`: what is wrong with policies, or not as it looks. */
import type { ExitCode } from '../core/errors.ts';
import { compile } from '../policy/compile/engine.ts';
import { lintContext } from '../policy/lint/context.ts';
import { findingsText } from '../policy/lint/finding.ts';
import { lint as lintAll } from '../policy/lint/lint.ts';
import { readState } from '../policy/state.ts';
import { listArgument, textOption } from './options.ts';
import { codeOf, enforcerOption, loadedOf, sourcesArgument } from './policy-input.ts';
import { liveOptions } from './policy-live.ts';
import { formatOption } from './policy-ask.ts';
import type { Verb } from './verb.ts';

export const lint: Verb = {
  name: 'lint',
  summary: 'policies that do not do what they look like',
  description: 'Finds policies that the API server would refuse, that select nothing, that are shadowed or redundant, that mean something else under another CNI, and pods that cannot reach the DNS. Exits 1 when there are errors or warnings.',
  arguments: [sourcesArgument],
  options: [formatOption, enforcerOption, ...liveOptions],
  examples: [{ command: 'fairlead policy lint manifests/', description: 'look at the policies of a repository' }],
  async run(ctx): Promise<ExitCode> {
    const loaded = await loadedOf(ctx, listArgument(ctx, 'source'));
    const { state, problems } = readState(loaded, textOption(ctx, 'enforcer') ?? 'auto');
    const [engine] = compile([state]);
    const findings = lintAll(lintContext(engine!, loaded.objects, problems));
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify({ version: 1, enforcer: state.enforcer.name, findings }, null, 2)}\n` : findingsText(findings));
    return codeOf(findings.every((one) => one.severity === 'info'));
  },
};
