/** `fairlead policy convert`: policies in another dialect, lossless or not at all. */
import { stringify } from 'yaml';
import { FairleadError, ExitCode } from '../core/errors.ts';
import { convert as make, losses, TARGETS, type Target } from '../policy/convert/convert.ts';
import { enforcerOf } from '../policy/enforcers/enforcers.ts';
import { readState } from '../policy/state.ts';
import { listArgument } from './options.ts';
import { codeOf, loadedOf, requiredText, sourcesArgument, strictOption, tellProblems } from './policy-input.ts';
import { liveOptions } from './policy-live.ts';
import type { Verb } from './verb.ts';

export const convert: Verb = {
  name: 'convert',
  summary: 'policies in the language of another CNI',
  description: 'Writes policies in another dialect: those of Kubernetes as Calico\'s or Cilium\'s, Calico\'s as Kubernetes\' ones; those that are of the dialect already stay as they are. Each is converted without loss or refused with the field that stands against it; before anything is written, the connectivity of the pods in the input is compared by the policy engine and must be the same. Exits 1 when any was refused.',
  arguments: [sourcesArgument],
  options: [{ flags: '--to <dialect>', description: 'the dialect', choices: TARGETS, required: true }, strictOption, ...liveOptions],
  examples: [{ command: 'fairlead policy convert --to calico manifests/ > calico.yaml', description: 'Kubernetes\' policies as Calico\'s' }],
  async run(ctx): Promise<ExitCode> {
    const target = requiredText(ctx, 'to') as Target;
    const loaded = await loadedOf(ctx, listArgument(ctx, 'source'));
    const enforcer = enforcerOf(target === 'cilium' ? 'cilium' : 'calico');
    const { state, problems } = readState(loaded, enforcer.name);
    tellProblems(ctx, problems);
    const made = make(loaded.objects, problems, target);
    for (const one of made.refused) ctx.stderr(`refused: ${one}\n`);
    const lost = made.refused.length === 0 ? losses(loaded.objects, made.policies, state.world, enforcer) : [];
    if (lost.length > 0) throw new FairleadError(ExitCode.findings, `The converted policies would not do the same: ${lost.slice(0, 3).join('; ')}.`, { hint: 'nothing was written; the order of Calico\'s policies, or a name that both dialects share, may be the reason' });
    ctx.stderr(`${made.policies.length} converted, ${made.refused.length} refused${made.refused.length === 0 ? '; the connectivity of all pods is the same' : '; what is left of the others was not compared'}\n`);
    ctx.stdout(made.policies.map((one) => `---\n${stringify(one)}`).join(''));
    return codeOf(made.refused.length === 0);
  },
};
