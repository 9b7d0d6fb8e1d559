/** For rules that judge one host at a time. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import { needsHosts, type Found } from './rule.ts';
import type { View } from './view.ts';

/** Findings for hosts, at most one for each; unknown without facts of hosts. */
export function perHost(view: View, judge: (host: HostFacts) => Omit<Found, 'subjects'> | undefined): readonly Found[] | { unknown: string } {
  const missing = needsHosts(view);
  if (missing !== undefined) return missing;
  return view.hosts.flatMap((one) => {
    const found = judge(one);
    return found === undefined ? [] : [{ ...found, subjects: [`Node ${one.node}`] }];
  });
}
