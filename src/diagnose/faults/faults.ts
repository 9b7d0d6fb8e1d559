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
import type { Entry } from './parts.ts';
import { POLICY } from './policy.ts';
import { SELDON } from './seldon.ts';
import { WORKLOAD } from './workload.ts';

const nameOf = (id: string): string => CATALOGUE.find((one) => one.id === id)?.name ?? id;

/** Faults that belong together, as they stand in one file. */
export interface Family { name: string; about: string; faults: readonly Fault[] }

const family = (name: string, about: string, entries: readonly Entry[]): Family => ({ name, about, faults: entries.map((entry) => ({ ...entry, name: entry.name ?? nameOf(entry.id) })) });

export const FAMILIES: readonly Family[] = [
  family('workload', 'what runs in pods', WORKLOAD), family('seldon', 'Seldon Core', SELDON), family('cluster', 'objects of the cluster: Services, names, nodes', CLUSTER), family('policy', 'policies', POLICY),
  family('dns', 'names and connection tracking', DNS), family('host', 'hosts', HOST), family('overlay', 'tunnels between nodes, and sizes', OVERLAY), family('cni', 'CNI configurations, and what an earlier CNI left', CNI),
  family('address', 'ranges, and who gives addresses out', ADDRESS), family('arp', "gateways of Calico's pods", ARP), family('load-balancer', 'load balancers', LOAD_BALANCER), family('filter', "packet filters of the host's own", FILTER),
];

export const KNOWN_FAULTS: readonly Fault[] = FAMILIES.flatMap(({ faults }) => faults);

/** One fault. Errors: one that names an id that there is not. */
export function faultOf(id: string): Fault {
  const found = KNOWN_FAULTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no fault ${id}`);
  return found;
}
