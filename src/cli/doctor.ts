/** `fairlead doctor`: what this machine has for the lab. */
import { ExitCode } from '../core/errors.ts';
import { installCommand, installPackages, missingPackages } from '../lab/requirements/debian.ts';
import { checkMachine, thisMachine } from '../lab/requirements/machine.ts';
import { renderChecks, renderMissing, renderWarnings } from '../lab/requirements/render.ts';
import { doctorReport } from '../lab/requirements/schema.ts';
import { flagOption, textOption } from './options.ts';
import { createProgress } from './progress.ts';
import type { Verb } from './verb.ts';

export const doctor: Verb = {
  name: 'doctor',
  summary: 'check what this machine has for the lab, and install what is missing',
  description:
    'Checks the kernel features and programs that the lab uses (`fairlead lab`, `fairlead demo` and the tests under test/lab). ' +
    'Kernel features are tried for real, in namespaces that end with the trial. Everything else of fairlead runs without them. ' +
    'Exits 3 when something is missing, after naming each with the command that brings it; what is merely short (memory, disk, inotify instances) is named, too.',
  options: [
    { flags: '-o, --output <format>', description: 'how to print the checks', choices: ['text', 'json'], default: 'text' },
    { flags: '--install', description: 'install missing packages first (root on Debian or Ubuntu); starts no service' },
    { flags: '--quiet', description: 'print nothing when nothing is missing' },
  ],
  examples: [
    { command: 'fairlead doctor', description: 'show every check' },
    { command: 'fairlead doctor --install', description: 'install the Debian packages that are missing, then show every check' },
  ],
  async run(ctx) {
    const machine = await thisMachine(ctx.env);
    let checks = await checkMachine(machine);
    const packages = missingPackages(checks);
    if (flagOption(ctx, 'install') && packages.length > 0 && machine.isRoot && machine.isDebian) {
      const progress = createProgress(ctx);
      try {
        progress.start(`Installing ${packages.join(' ')}`);
        await installPackages(packages, {
          signal: ctx.signal,
          onOutput: (text) => {
            const last = text.trim().split('\n').at(-1);
            if (last !== undefined && last !== '') progress.waiting(`apt-get: ${last}`);
          },
        });
        progress.done('Installed the missing packages');
      } finally {
        progress.stop();
      }
      checks = await checkMachine(machine);
    }
    const failed = checks.some((check) => check.verdict === 'fail');
    if (failed || !flagOption(ctx, 'quiet')) {
      if (textOption(ctx, 'output') === 'json') ctx.stdout(`${JSON.stringify(doctorReport(checks), null, 2)}\n`);
      else ctx.stdout(renderChecks(checks, { colour: ctx.colour.stdout }));
      ctx.stderr(renderWarnings(checks));
    }
    if (!failed) return ExitCode.ok;
    const left = missingPackages(checks);
    ctx.stderr(renderMissing(checks, machine, left.length > 0 ? installCommand(left) : undefined));
    return ExitCode.environment;
  },
};
