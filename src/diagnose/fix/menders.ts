/** What `diagnose --fix` does about each fault. Pure. */
import type { Fault, Layer } from '../faults/fault.ts';
import type { Scene } from '../observe/scene.ts';
import { DNS_MENDERS } from './dns.ts';
import { cannot, type Cannot, type Mender, type Remedy } from './mender.ts';
import { POLICY_MENDERS } from './policy.ts';
import { SERVICE_MENDERS } from './service.ts';

export const MENDERS: readonly Mender[] = [...SERVICE_MENDERS, ...DNS_MENDERS, ...POLICY_MENDERS];

const ON_HOSTS = "what mends it is done on hosts or in a CNI's configuration, and Fairlead mends objects of the Kubernetes API alone";
/** Why nothing is done about the faults of a layer that have no mender. */
const WHY_NOT: Readonly<Record<Layer, string>> = {
  application: "it is the application's own matter: no change of a Kubernetes object that a program could know mends it", configuration: 'what was meant, the objects do not tell', pod: ON_HOSTS, cni: ON_HOSTS, address: ON_HOSTS, overlay: ON_HOSTS, mtu: ON_HOSTS, host: ON_HOSTS,
  policy: 'which change is meant, the policies do not tell', service: ON_HOSTS, dns: 'what mends it is no change of an object that a program could know', 'load-balancer': 'which address or announcement is meant, only you know',
};
/** Of single faults, where more can be said. */
const OWN_WHY: Readonly<Record<string, string>> = { X4: 'on which address a process listens is decided by its own configuration (often a variable or argument such as HOST or --bind): no object of Kubernetes changes it' };

const menderOf = (id: string): Mender | undefined => MENDERS.find(({ faults }) => faults.includes(id));
const whyNot = ({ id, layer }: Pick<Fault, 'id' | 'layer'>): string => OWN_WHY[id] ?? WHY_NOT[layer];

/** For a fault's page: what is done, or why nothing. */
export function byProgram(fault: Pick<Fault, 'id' | 'layer'>): string {
  return menderOf(fault.id)?.does ?? `Nothing: ${whyNot(fault)}.`;
}

/** What mends a proved fault, or why a program cannot. */
export function remedyFor(fault: Pick<Fault, 'id' | 'layer'>, scene: Scene): Remedy | Cannot {
  return menderOf(fault.id)?.find(scene) ?? cannot(whyNot(fault));
}
