/** `fairlead leftovers`: what a CNI that was left is still on the nodes. */
import { ExitCode } from '../core/errors.ts';
import { flannelLeftovers } from '../migrate/routes/flannel-to-calico/route.ts';
import { textOption } from './options.ts';
import type { Verb } from './verb.ts';
import { accessOptions, withAccess } from './via.ts';

export const leftovers: Verb = {
  name: 'leftovers',
  summary: 'what the former CNI left on the nodes',
  description: 'Looks on every node for what Flannel leaves behind: devices, routes, packet filter rules, files, leases, annotations. Changes nothing. Exits 1 when something is left. While Flannel still runs, everything of it is shown.',
  options: [...accessOptions, { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' }],
  run: (ctx) =>
    withAccess(ctx, async (access) => {
      const found = await flannelLeftovers(access.cluster, access.shell);
      if (textOption(ctx, 'output') === 'json') ctx.stdout(`${JSON.stringify(found, null, 2)}\n`);
      else ctx.stdout(found.length === 0 ? 'nothing of Flannel is left on any node\n' : found.map((one) => `${one.node}: ${one.what}: ${one.evidence}\n`).join(''));
      return found.length === 0 ? ExitCode.ok : ExitCode.findings;
    }),
};
