/** `fairlead policy impact`: which of the connections that were seen the policies would deny. */
import type { ExitCode } from '../core/errors.ts';
import { impactOf, impactText } from '../policy/flows/impact.ts';
import { textOption } from './options.ts';
import { formatOption } from './policy-ask.ts';
import { flowsOf, flowsOption } from './policy-flows.ts';
import { codeOf, engineOf, sourcesArgument, stateOptions } from './policy-input.ts';
import type { Verb } from './verb.ts';

export const impact: Verb = {
  name: 'impact',
  summary: 'which connections that were seen the policies would deny',
  description: 'Judges recorded connections by the policies as the enforcer takes them, and names those that would be denied, with how often they were seen and the rules that decide. Of a capture the connections that were opened in it count, once each, wherever on their way they were seen. What happened while nobody recorded is not in it: nightly jobs, for instance. Exits 1 when anything would be denied or cannot be told.',
  arguments: [sourcesArgument],
  options: [flowsOption('--flows <file>'), formatOption, ...stateOptions],
  examples: [{ command: 'fairlead policy impact --flows node.pcap --enforcer calico snapshot.tgz', description: 'which connections of a capture would be denied; the snapshot names the pods behind the addresses' }, { command: 'conntrack -L | fairlead policy impact --flows - --enforcer calico manifests/', description: 'what of the traffic of now would be denied when Calico enforces the policies' }],
  async run(ctx): Promise<ExitCode> {
    const { flows, remarks } = await flowsOf(ctx, 'flows');
    const found = impactOf(await engineOf(ctx), flows);
    for (const remark of remarks) ctx.stderr(`${remark}\n`);
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify({ version: 1, ...found }, null, 2)}\n` : impactText(found));
    return codeOf(found.hits.length === 0);
  },
};
