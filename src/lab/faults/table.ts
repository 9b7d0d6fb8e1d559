/** All faults by name, and those that cannot be had. */
import { UsageError } from '../../core/errors.ts';
import type { Fault } from './fault.ts';
import { stuckPod } from './pods.ts';
import { apiDown, apiHang, felixCrash, felixCrashLoop, felixHang, killTool, nodeReboot } from './processes.ts';
import { calicoCannotStart, diskFull } from './storage.ts';
import { arpSilence, drop, mtuBlackHole, oneWayDrop } from './switch.ts';
import { mtuSmall, staleFdb, wrongVtepMac } from './tunnel.ts';

export const FAULTS: readonly Fault[] = [
  drop, oneWayDrop, mtuBlackHole, arpSilence,
  wrongVtepMac, staleFdb, mtuSmall,
  calicoCannotStart, felixCrash, felixCrashLoop, felixHang, diskFull, stuckPod,
  nodeReboot, apiDown, apiHang, killTool,
];

/** Faults that people ask for and a lab of namespaces cannot have, with the reason. */
export const IMPOSSIBLE: Readonly<Record<string, string>> = {
  'conntrack-full': 'the size of the connection table (nf_conntrack_max) is one for the whole machine and read-only inside a network namespace',
  clock: 'all nodes share the machine\'s clock; time namespaces do not cover the wall clock',
};

/** Finds a fault. Errors: UsageError naming all faults, or why this one cannot be had. */
export function findFault(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name);
  if (fault) return fault;
  const why = IMPOSSIBLE[name];
  if (why !== undefined) throw new UsageError(`the fault ${name} cannot be had in a lab: ${why}`);
  throw new UsageError(`there is no fault called \`${name}\``, { hint: `faults: ${FAULTS.map((one) => one.name).join(', ')}` });
}
