/** The gate on measured traffic: nothing lost without announcement since the last one, and nothing lost at all in a window of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mesh } from '../../probe/mesh/mesh.ts';
import type { Aggregate } from '../../probe/stats/aggregate.ts';
import { DEFAULT_THRESHOLDS, evaluateGate } from '../../probe/stats/gate.ts';
import type { ProbeClass } from '../../probe/types.ts';
import type { Gate, GateVerdict } from '../engine/ports.ts';
import type { Json, Plan, StepSpec } from '../types.ts';

export interface TrafficGateOptions {
  mesh: Mesh;
  /** How long traffic is watched after each step that has a gate, milliseconds. */
  windowMs: number;
  /** Classes that must have been measured. */
  expected: readonly ProbeClass[];
  /** Unannounced losses that one gate tolerates. */
  maxUnannouncedLost: number;
  canary: Plan['canary'];
  /** Told what is waited for. */
  waiting: (what: string) => void;
}

/** Kind of the step behind which a node's policies are enforced by the new CNI. */
const PROVEN = 'prove';

/** What shows that a node's pods send and are reached: traffic between pods or, where there is no second node with a pod, with Services and from the host. */
function ends(expected: readonly ProbeClass[]): readonly ProbeClass[] {
  return expected.includes('pod-to-pod') ? ['pod-to-pod'] : ['pod-to-service', 'host-to-pod'];
}

/** Whether the pods of this node were at neither end of what was measured in the window. */
function unmeasured(seen: Aggregate, node: string, expected: readonly ProbeClass[]): string[] {
  const pairs = seen.pairs.filter((pair) => ends(expected).includes(pair.class) && pair.figures.sent > 0);
  const from = pairs.some((pair) => pair.from === `pod/${node}`);
  const to = pairs.some((pair) => pair.to === `pod/${node}`);
  return [...(from ? [] : [`nothing was sent from a pod on ${node}`]), ...(to ? [] : [`nothing was sent to a pod on ${node}`])];
}

/** Classes that still lose what was announced. */
function stillLosing(window: Aggregate): string[] {
  return Object.entries(window.classes).flatMap(([name, figures]) => (figures.announcedLost > 0 ? [`${name}: ${figures.announcedLost} of ${figures.sent} probes lost, as announced; traffic has not recovered yet`] : []));
}

function judge(options: TrafficGateOptions, since: Aggregate, window: Aggregate, node: string | undefined): GateVerdict {
  const unannounced = evaluateGate(since, { defaults: { ...DEFAULT_THRESHOLDS, minSamples: 0, maxUnannouncedLost: options.maxUnannouncedLost }, expected: [] });
  const now = evaluateGate(window, { defaults: { ...DEFAULT_THRESHOLDS, maxUnannouncedLost: options.maxUnannouncedLost }, expected: options.expected });
  // Announced losses are no failure, but while they go on the step is not over: the gate is asked again, a limited number of times.
  const missing = [...(node === undefined ? [] : unmeasured(window, node, options.expected)), ...stillLosing(window)];
  // Between two gates an answer that was late because an agent stalled decides nothing: the window that is watched now must be whole.
  const verdicts = [unannounced.verdict === 'fail' ? 'fail' : 'pass', now.verdict, missing.length > 0 ? 'unknown' : 'pass'];
  const verdict = verdicts.includes('fail') ? 'fail' : verdicts.includes('unknown') ? 'unknown' : 'pass';
  const figures = { sinceLastGate: since.totals, window: { ...window.totals, ms: options.windowMs } } as unknown as Json;
  return { verdict, reasons: [...new Set([...unannounced.reasons, ...now.reasons, ...missing])], figures };
}

/** Makes the gate. It remembers when it last judged, so that no loss falls between two gates. */
export function trafficGate(options: TrafficGateOptions): Gate {
  const { mesh, windowMs } = options;
  let judgedUntil = Date.now();
  return async (step: StepSpec, _windows, purpose) => {
    const node = step.group.startsWith('node:') ? step.node : undefined;
    if (node !== undefined) {
      options.waiting(`the probe agent on ${node}`);
      await mesh.waitForNode(node);
      await mesh.expectCanary(node, purpose === 'rollback' ? options.canary.before : step.kind === PROVEN ? options.canary.after : mesh.canaryOf(node) ?? options.canary.after);
    }
    options.waiting(`${windowMs / 1000} s of traffic`);
    const from = Date.now();
    await sleep(windowMs);
    const until = Date.now();
    const late = await mesh.settled(until);
    // What was lost before a rollback made the step fail already; afterwards it counts whether traffic is whole now.
    const verdict = judge(options, mesh.between(purpose === 'rollback' ? from : judgedUntil, until), mesh.between(from, until), node);
    if (late.length > 0 && verdict.verdict === 'pass') return { ...verdict, verdict: 'unknown', reasons: [`samples of ${late.join(', ')} could not be collected in time`] };
    // A gate that is asked again looks at the same span again: nothing is forgiven by asking twice.
    if (verdict.verdict === 'pass') judgedUntil = until;
    return verdict;
  };
}
