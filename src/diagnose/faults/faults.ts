/** The knowledge base: every fault, from the frequent to the rare. A fault joins by its family's file; a family by one line here. */
import { FAULTS as CATALOGUE } from '../../audit/fault-ids.ts';
import { ADDRESS } from './address.ts';
import { ARP } from './arp.ts';
import { CLUSTER } from './cluster.ts';
import { CNI } from './cni.ts';
import { DNS } from './dns.ts';
import type { Fault } from './fault.ts';
import { FILTER, HOST } from './host.ts';
import { LOAD_BALANCER } from './load-balancer.ts';
import { OVERLAY } from './overlay.ts';
import { POLICY } from './policy.ts';
import { SELDON } from './seldon.ts';
import { WORKLOAD } from './workload.ts';

const nameOf = (id: string): string => CATALOGUE.find((one) => one.id === id)?.name ?? id;

export const KNOWN_FAULTS: readonly Fault[] = [...WORKLOAD, ...SELDON, ...CLUSTER, ...POLICY, ...DNS, ...HOST, ...OVERLAY, ...CNI, ...ADDRESS, ...ARP, ...LOAD_BALANCER, ...FILTER].map((entry) => ({ ...entry, name: entry.name ?? nameOf(entry.id) }));

/** One fault. Errors: one that names an id that there is not. */
export function faultOf(id: string): Fault {
  const found = KNOWN_FAULTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no fault ${id}`);
  return found;
}
