/** What a plan may announce without being asked: more needs an explicit flag and stands in the first line. */
import type { ProbeClass } from '../../probe/types.ts';
import type { Impact, Plan, StepSpec } from '../types.ts';

/** Pods of the node in flight are being moved or restarted: whatever ends at one of them may be missing. */
const EITHER_END: readonly ProbeClass[] = ['pod-to-pod', 'host-to-pod', 'long-lived', 'denied'];
/** Served by others: only those pods themselves may miss it, as clients. */
const CLIENT_ONLY: readonly ProbeClass[] = ['pod-to-service', 'dns', 'api-server', 'egress'];

export interface Excess {
  step: StepSpec;
  impact: Impact;
  /** Those of the impact's classes that exceed the cap. */
  classes: readonly ProbeClass[];
  /** What exceeds the cap, half a sentence. */
  why: string;
}

/**
 * Announcements beyond the default cap (issue §4: pods being moved, DaemonSet pods of the node in flight and
 * host→pod on that node), in plan order.
 */
export function beyondCap(plan: Pick<Plan, 'steps'>): Excess[] {
  return plan.steps.flatMap((step) =>
    step.impact.flatMap((impact) => {
      const beyond = excess(step, impact);
      return beyond === undefined ? [] : [{ step, impact, ...beyond }];
    }),
  );
}

function excess(step: StepSpec, impact: Impact): Pick<Excess, 'classes' | 'why'> | undefined {
  const { classes } = impact;
  if (impact.scope === 'any' || impact.node === undefined) return { classes, why: 'it is not confined to one node' };
  if (impact.node !== step.node) return { classes, why: `it hits ${impact.node}, which is not the node in flight` };
  const wide = classes.filter((one) => !EITHER_END.includes(one) && !(CLIENT_ONLY.includes(one) && impact.scope === 'from'));
  if (wide.length === 0) return undefined;
  return { classes: wide, why: `${wide.join(', ')} ${wide.length === 1 ? 'is' : 'are'} more than pods of the node in flight missing their own traffic` };
}
