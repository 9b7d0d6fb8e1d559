/** policy/dns-forgotten: pods whose egress is isolated and that cannot ask for a name. */
import { bitsOf, eachBit, meets } from '../compile/bits.ts';
import type { Isolation } from '../model/rules.ts';
import type { Pod } from '../world/world.ts';
import type { LintContext } from './context.ts';
import { placeOf, subjectOf, type Finding } from './finding.ts';

/** How CoreDNS and kube-dns are labelled in every distribution (Service kube-dns, selector). */
const isDns = (pod: Pod): boolean => pod.labels['k8s-app'] === 'kube-dns';
const PORT = 53;

/** By class, the first policy of those asked first that isolates its egress. */
function isolatedBy(engine: LintContext['engine']): Map<number, Isolation> {
  const found = new Map<number, Isolation>();
  for (const one of engine.egress.side.stages.flatMap((stage) => stage.stage.isolations)) {
    if (one.direction !== 'egress') continue;
    const { may, few } = engine.evaluator.extent(one.subject);
    const take = (index: number): void => { if (!found.has(index)) found.set(index, one); };
    if (few === undefined) eachBit(may, take);
    else few.forEach(take);
  }
  return found;
}

export function dnsForgotten({ engine }: LintContext): Finding[] {
  const { universe, egress, ports, outcomes } = engine;
  const servers = engine.state.world.pods.filter(isDns);
  // Without a server in the input any destination will do.
  const targets = bitsOf(universe.room, servers.length > 0 ? servers.map((pod) => universe.ofPod(pod)) : universe.classes.keys());
  const atom = ports.atom('UDP', PORT);
  const isolations = isolatedBy(engine);
  const byPolicy = new Map<string, { finding: Finding; pods: string[] }>();
  universe.classes.forEach((one, index) => {
    if (one.kind !== 'pod' || one.pods.length === 0 || one.pods.every(isDns)) return;
    const reaches = egress.groupsOf(index).some(({ peers, outcome }) => meets(peers, targets) && (ports.sets.has(outcomes.get(outcome).allow, atom) || ports.sets.has(outcomes.get(outcome).depends, atom)));
    if (reaches) return;
    const isolation = isolations.get(index);
    if (isolation === undefined) return;
    const { policy, path } = isolation;
    const known = byPolicy.get(subjectOf(policy)) ?? {
      pods: [],
      finding: {
        rule: 'policy/dns-forgotten', severity: 'warning', subjects: [subjectOf(policy)], summary: '', evidence: [placeOf(policy, path, 'derived')],
        why: 'Nearly everything begins by asking for a name; what cannot looks as if the network were down.',
        fix: ['allow egress to UDP and TCP 53 of the pods labelled k8s-app=kube-dns in kube-system'], refs: ['https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/'],
      } satisfies Finding,
    };
    known.pods.push(...one.pods.map((pod) => pod.id));
    byPolicy.set(subjectOf(policy), known);
  });
  return [...byPolicy.values()].map(({ finding, pods }) => ({ ...finding, summary: `isolates the egress of ${pods.length === 1 ? pods[0] ?? '' : `${pods.length} pods, such as ${pods[0] ?? ''}`}, and no policy lets them reach the DNS` }));
}
