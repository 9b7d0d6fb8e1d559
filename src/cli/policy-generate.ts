/** `fairlead policy generate`: the NetworkPolicies that allow what was seen. */
import { stringify } from 'yaml';
import type { ExitCode } from '../core/errors.ts';
import { generate as make } from '../policy/generate/generate.ts';
import { prove } from '../policy/generate/prove.ts';
import { flagOption } from './options.ts';
import { codeOf, engineOf, sourcesArgument, strictOption } from './policy-input.ts';
import { flowsOf, flowsOption } from './policy-flows.ts';
import { liveOptions } from './policy-live.ts';
import type { Verb } from './verb.ts';

export const generate: Verb = {
  name: 'generate',
  summary: 'the NetworkPolicies that allow what was seen, and nothing else',
  description: 'Makes NetworkPolicies from recorded connections: one for each workload seen, which isolates it in both directions, allows the connections seen and the DNS, and nothing else. Before it writes them it proves by the policy engine that every connection seen is allowed and nothing else between the pods seen. Workloads that no connection touches are named and left open. Exits 1 when connections could not be taken in.',
  arguments: [sourcesArgument],
  options: [flowsOption('--from-flows <file>'), { flags: '--no-dns', description: 'allow the DNS only where it was seen' }, strictOption, ...liveOptions],
  examples: [{ command: 'hubble observe -o json | fairlead policy generate --from-flows - manifests/ > policies.yaml', description: 'policies for what happens now' }],
  async run(ctx): Promise<ExitCode> {
    const { flows, remarks } = await flowsOf(ctx, 'fromFlows');
    for (const remark of remarks) ctx.stderr(`${remark}\n`);
    const engine = await engineOf(ctx);
    const made = make(engine, flows, flagOption(ctx, 'dns'));
    const { pairs, faults } = prove(engine, made);
    // A policy that does not do what it is made for must not be written.
    if (faults.length > 0) throw new Error(`the generated policies do not fit what was seen: ${faults.slice(0, 3).join('; ')}`);
    for (const one of made.left) ctx.stderr(`left out: ${one}\n`);
    for (const one of made.unseen) ctx.stderr(`not seen, stays open: ${one}\n`);
    ctx.stderr(`${made.policies.length} policies for ${made.links.length} links between workloads; proved on ${pairs} pairs of pods\n`);
    ctx.stdout(made.policies.map((one) => `---\n${stringify(one)}`).join(''));
    return codeOf(made.left.length === 0);
  },
};
