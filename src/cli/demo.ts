/** `fairlead demo`: the whole job on a cluster of its own: start it with Flannel and applications, migrate it to Calico, show what was lost. */
import { ExitCode } from '../core/errors.ts';
import { labDown } from '../lab/down.ts';
import { labNames } from '../lab/state.ts';
import { lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { migrate } from './migrate.ts';
import { flagOption, textOption } from './options.ts';
import { formatDuration } from './progress.ts';
import type { OptionValue, Verb, VerbContext } from './verb.ts';

const NAME = 'demo';

function verbOf(group: Verb, name: string): Verb {
  const found = group.verbs?.find((verb) => verb.name === name);
  if (found === undefined) throw new TypeError(`no verb ${name} in ${group.name}`);
  return found;
}

/** Runs another verb with its own defaults and the given options. */
async function call(ctx: VerbContext, verb: Verb, options: Record<string, OptionValue>): Promise<ExitCode> {
  const defaults = Object.fromEntries((verb.options ?? []).flatMap((option) => {
    const long = /--([a-z-]+)/.exec(option.flags)?.[1]?.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return option.default === undefined || long === undefined ? [] : [[long, option.default]];
  }));
  return ((await verb.run?.({ ...ctx, args: {}, options: { ...defaults, ...options } })) ?? ExitCode.ok);
}

export const demo: Verb = {
  name: 'demo',
  summary: 'migrate a cluster of its own from Flannel to Calico and show what was lost',
  description: 'Starts a real cluster of network namespaces with Flannel and applications on it, migrates it to Calico node by node while every kind of traffic is measured, prints what was lost, writes demo-report/, and removes the cluster again. Takes about five minutes once the components are built.',
  options: [
    { flags: '--profile <profile>', description: 'which distribution to imitate', choices: ['k3s', 'kubeadm'], default: 'k3s' },
    { flags: '--nodes <count>', description: 'number of nodes', default: '3' },
    { flags: '--gate-window <duration>', description: 'how long traffic is watched at each gate', default: '8s' },
    { flags: '--report <dir>', description: 'directory of the report', default: 'demo-report' },
    { flags: '--keep', description: 'leave the cluster running' },
  ],
  async run(ctx) {
    const started = performance.now();
    const via = `lab:${NAME}`;
    if (labNames().includes(NAME)) await labDown(NAME);
    let code: ExitCode = ExitCode.environment;
    try {
      code = await call({ ...ctx, stdout: (text) => ctx.stderr(text) }, verbOf(lab, 'up'), { name: NAME, apps: true, profile: textOption(ctx, 'profile'), nodes: textOption(ctx, 'nodes') });
      const report = textOption(ctx, 'report') ?? 'demo-report';
      // A single K3s server takes its API with it when it restarts; that is announced, and accepted here by name.
      code = await call(ctx, migrate, { via, yes: true, accept: ['api-server'], report, gateWindow: textOption(ctx, 'gateWindow') });
      if (code === ExitCode.ok) code = await call(ctx, leftovers, { via });
      ctx.stderr(`demo ${code === ExitCode.ok ? 'passed' : 'failed'} after ${formatDuration(performance.now() - started)}; the report is in ${report}/\n`);
    } finally {
      if (flagOption(ctx, 'keep')) ctx.stderr(`the cluster is still there: \`fairlead lab status --name ${NAME}\`, \`fairlead lab down --name ${NAME}\`\n`);
      else await labDown(NAME);
    }
    return code;
  },
};
