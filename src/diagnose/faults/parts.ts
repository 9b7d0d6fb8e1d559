/** Parts that the entries of the knowledge base are put together from. */
import { RULES } from '../../audit/rules.ts';
import type { Fix } from '../../core/finding.ts';
import type { Fault, Target, Test } from './fault.ts';

/** An entry as it is written down: names of the catalogue's faults stand there. */
export type Entry = Omit<Fault, 'name'> & { name?: string };

/** What the audit's rule says is to be done. Errors: one that names a rule that there is not. */
export function fixOf(id: string): readonly Fix[] {
  const found = RULES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`the knowledge base names rule ${id}, which there is not`);
  return found.fix;
}

/** It is a fault of these CNIs alone. */
const only = (...cnis: readonly string[]): Test => ({ at: 'cni', refutes: ['flannel', 'calico', 'canal', 'cilium', 'other', 'none'].filter((one) => !cnis.includes(one)) });
export const CALICO = only('calico', 'canal');
export const FLANNEL = only('flannel', 'canal');
export const CILIUM = only('cilium');
/** CNIs whose pods hang on a bridge. */
export const BRIDGE = only('flannel', 'canal', 'other');
export const K3S_CONTROLLER: Test = { at: 'enforcer', refutes: ['calico', 'cilium', 'other', 'none'] };

/** The complaint itself is the fault's own words: logs of another time or place prove nothing of a connection. */
export const OWN_WORDS = { at: 'symptom', is: ['component', 'sandbox', 'pod-state', 'address-in-use'] } as const;

/** What is between nodes: it takes two of them, and it does not stop the target's own node. */
export const BETWEEN_NODES: readonly Test[] = [
  { at: 'placement', refutes: ['same'] },
  { at: 'connect-direct', for: ['timeout', 'no-route'], refutes: ['ok', 'refused'] },
  { at: 'connect-client-node', for: ['timeout', 'no-route'], against: ['ok'] },
  { at: 'connect-target-node', for: ['ok'], against: ['timeout', 'refused', 'no-route'] },
  // What never goes into the tunnel says nothing of it.
  { at: 'route', against: ['missing', 'unreachable', 'diverted'] },
  // Nodes that do not reach each other at all are another matter than a tunnel.
  { at: 'connect-nodes', for: ['ok', 'refused'], against: ['timeout', 'no-route'] },
];
const TUNNEL_WORDS = ['lost', 'dropped', 'no-port', 'not-taken', 'bad-checksum', 'unsent'] as const;
/** What is sent into the tunnel is lost before the other node's tunnel device has it, and it shows as one of these: not where both directions work. */
export const throughTunnel = (...as: readonly (typeof TUNNEL_WORDS)[number][]): Test => ({ at: 'tunnel', for: as, against: TUNNEL_WORDS.filter((one) => !as.includes(one)), refutes: ['arrives'] });
/** What is at the other end itself: nobody else is refused or served, wherever he asks from. */
export const AT_TARGET: readonly Test[] = [
  { at: 'connect-inside', for: ['refused'], refutes: ['ok'] },
  { at: 'connect-target-node', for: ['refused'], refutes: ['ok'] },
  { at: 'connect-direct', against: ['ok'] },
];
/** What comes between a Service and its pods: the pods themselves answer. */
export const AT_SERVICE: readonly Test[] = [{ at: 'connect-direct', for: ['ok'], against: ['timeout', 'refused', 'no-route'] }, { at: 'connect-client', refutes: ['ok'] }];

/** Ends that the pod network leads to, or that are asked through it. */
export const REMOTE: readonly Target[] = ['pod', 'service', 'api-server', 'dns', 'node', 'load-balancer', 'outside', 'name'];
/** What runs in pods, behind Services or not. */
export const PODS: readonly Target[] = ['pod', 'service', 'dns', 'load-balancer'];
/** The pod itself. */
export const SELF: readonly Target[] = ['loopback', 'own-pod'];
