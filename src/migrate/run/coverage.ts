/** Which kinds of traffic a run can measure, and saying so when it is not all of them. */
import { PROBE_CLASSES, type ProbeClass } from '../../probe/types.ts';
import type { Precondition } from '../types.ts';

/** Classes whose one end stands outside the cluster. */
const OUTSIDE: readonly ProbeClass[] = ['node-port', 'egress'];

/** Classes whose two ends are pods on different nodes. */
const BETWEEN_NODES: readonly ProbeClass[] = ['pod-to-pod', 'long-lived', 'denied'];

/** Classes that are measured: those that need a prober outside the cluster, or a second node, only where there is one. */
export function measuredClasses({ outside, nodes }: { outside?: unknown; nodes: number }): ProbeClass[] {
  const missing = [...(outside === undefined ? OUTSIDE : []), ...(nodes === 1 ? BETWEEN_NODES : [])];
  return PROBE_CLASSES.filter((name) => !missing.includes(name));
}

/** Classes that nothing was measured of, given those of which something was. */
export function unmeasuredClasses(measured: readonly string[]): ProbeClass[] {
  return PROBE_CLASSES.filter((name) => !measured.includes(name));
}

/** What a plan says about a prober outside the cluster. A class that is not measured is unknown; it does not stop a migration, but it never counts as whole. */
export function coverage({ outside }: { outside?: unknown }): Precondition {
  const there = outside !== undefined;
  return {
    id: 'coverage',
    title: 'Traffic from and to the outside is measured',
    verdict: there ? 'pass' : 'unknown',
    expected: 'a prober outside the cluster',
    observed: there ? 'a prober outside the cluster' : `no prober outside the cluster: what becomes of ${OUTSIDE.join(' and ')} traffic stays unknown, and no gate judges it`,
  };
}
