/** `fairlead policy impact`: which of the connections that were seen the policies would deny. */
import { readFileSync } from 'node:fs';
import { UsageError, type ExitCode } from '../core/errors.ts';
import { impactOf, impactText } from '../policy/flows/impact.ts';
import { readFlows } from '../policy/flows/read-flows.ts';
import type { Flows } from '../policy/flows/flow.ts';
import { textOption } from './options.ts';
import { formatOption } from './policy-ask.ts';
import { codeOf, engineOf, requiredText, sourcesArgument, stateOptions } from './policy-input.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';

export const flowsOption = (flags: string): VerbOption => ({ flags, description: 'connections that were seen: output of conntrack -L or hubble observe -o json, Calico flow logs, or lines of {"from", "to", "protocol", "port", "count"}; - for standard input', required: true });

/** The flows of an option's file. */
export function flowsOf(ctx: VerbContext, option: string): Flows {
  const file = requiredText(ctx, option);
  try {
    return readFlows(readFileSync(file === '-' ? 0 : file), file);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`The flows in ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export const impact: Verb = {
  name: 'impact',
  summary: 'which connections that were seen the policies would deny',
  description: 'Judges recorded connections by the policies as the enforcer takes them, and names those that would be denied, with how often they were seen and the rules that decide. What happened while nobody recorded is not in it: nightly jobs, for instance. Exits 1 when anything would be denied or cannot be told.',
  arguments: [sourcesArgument],
  options: [flowsOption('--flows <file>'), formatOption, ...stateOptions],
  examples: [{ command: 'conntrack -L | fairlead policy impact --flows - --enforcer calico manifests/', description: 'what of the traffic of now would be denied when Calico enforces the policies' }],
  async run(ctx): Promise<ExitCode> {
    const { flows, passedOver } = flowsOf(ctx, 'flows');
    const found = impactOf(await engineOf(ctx), flows);
    if (passedOver > 0) ctx.stderr(`${passedOver} ${passedOver === 1 ? 'line is' : 'lines are'} no connection of TCP, UDP or SCTP\n`);
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify({ version: 1, ...found }, null, 2)}\n` : impactText(found));
    return codeOf(found.hits.length === 0);
  },
};
