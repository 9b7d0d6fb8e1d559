/** Options that shape a plan, the same for `plan` and `migrate`. */
import { defaultOptions, type TakeoverOptions } from '../migrate/routes/flannel-to-calico/plan.ts';
import { durationOption, textOption } from './options.ts';
import type { VerbContext, VerbOption } from './verb.ts';

export const routeOptions: VerbOption[] = [
  { flags: '--drain-timeout <duration>', description: "how long a node's pods may take to move; then the node is given back", default: `${defaultOptions.drainTimeoutMs / 1000}s` },
  { flags: '--start-timeout <duration>', description: 'how long the new CNI may take to be complete on a node', default: `${defaultOptions.startTimeoutMs / 1000}s` },
  { flags: '--agent-image <image>', description: 'image of the probe agent', default: defaultOptions.agentImage },
  { flags: '--pinned-pods <answer>', description: 'pods that a volume or their node selector ties to their node: refuse to migrate, or stop them until their node is given back', choices: ['refuse', 'stop'], default: defaultOptions.pinnedPods },
];

/** What was given on the command line, defaults included. */
export function givenRouteOptions(ctx: VerbContext): TakeoverOptions {
  return {
    drainTimeoutMs: durationOption(ctx, 'drainTimeout') ?? defaultOptions.drainTimeoutMs,
    startTimeoutMs: durationOption(ctx, 'startTimeout') ?? defaultOptions.startTimeoutMs,
    agentImage: textOption(ctx, 'agentImage') ?? defaultOptions.agentImage,
    pinnedPods: textOption(ctx, 'pinnedPods') === 'stop' ? 'stop' : 'refuse',
  };
}
