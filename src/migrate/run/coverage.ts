/** Which kinds of traffic a run can measure, and saying so when it is not all of them. */
import { PROBE_CLASSES, type ProbeClass } from '../../probe/types.ts';
import type { Precondition } from '../types.ts';

/** Classes whose one end stands outside the cluster. */
const OUTSIDE: readonly ProbeClass[] = ['node-port', 'egress'];

/** Classes that are measured: those that need a prober outside the cluster only where there is one. */
export function measuredClasses(access: { outside?: unknown }): ProbeClass[] {
  return PROBE_CLASSES.filter((name) => access.outside !== undefined || !OUTSIDE.includes(name));
}

/** Classes that nothing was measured of, given those of which something was. */
export function unmeasuredClasses(measured: readonly string[]): ProbeClass[] {
  return PROBE_CLASSES.filter((name) => !measured.includes(name));
}

/** What a plan says about it. A class that is not measured is unknown; it does not stop a migration, but it never counts as whole. */
export function coverage(measured: readonly ProbeClass[]): Precondition {
  const missing = unmeasuredClasses(measured);
  return {
    id: 'coverage',
    title: 'Every kind of traffic is measured',
    verdict: missing.length === 0 ? 'pass' : 'unknown',
    expected: 'probes of every class',
    observed: missing.length === 0 ? 'probes of every class' : `no prober outside the cluster: what becomes of ${missing.join(' and ')} traffic stays unknown, and no gate judges it`,
  };
}
