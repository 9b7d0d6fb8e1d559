/** The route as verbs use it: survey, preconditions, plan, handlers. */
import { detectCalico } from '../../../cni/calico/detect.ts';
import { calicoNodePod } from '../../../cni/calico/health.ts';
import { findFlannelLeftovers } from '../../../cni/flannel/leftovers.ts';
import type { Leftover } from '../../../cni/leftover.ts';
import type { Cluster } from '../../../cluster/client.ts';
import type { NodeObject } from '../../../cluster/objects.ts';
import { detectHost } from '../../../distro/detect.ts';
import type { NodeShell } from '../../../node/shell.ts';
import { sealPlan } from '../../plan/digest.ts';
import { drainChecks } from '../../steps/drain-checks.ts';
import type { Plan, Precondition } from '../../types.ts';
import { defaultOptions, takeoverSteps, type TakeoverOptions } from './plan.ts';
import { preconditions } from './preconditions.ts';
import { factsOf, survey } from './read-facts.ts';

export { handlers } from './handlers.ts';

export interface Draft {
  preconditions: Precondition[];
  /** Absent when a precondition does not hold. */
  plan?: Plan;
}

/** Reads the cluster and draws the plan up; changes nothing. `alsoKnown` stands in the plan with the route's own preconditions. */
export async function draftPlan(cluster: Cluster, shell: (node: string) => NodeShell, options: Partial<TakeoverOptions> = {}, alsoKnown: readonly Precondition[] = []): Promise<Draft> {
  const seen = await survey(cluster, shell);
  const all = { ...defaultOptions, ...options };
  const checks = [...preconditions(seen), ...(seen.drain === undefined ? [] : drainChecks(seen.drain, all.pinnedPods))];
  const calico = await detectCalico(cluster);
  checks.push({ id: 'no-calico', title: 'Calico is not installed yet', verdict: calico === undefined ? 'pass' : 'fail', expected: 'no Calico', observed: calico === undefined ? 'no Calico' : 'Calico is there', ...(calico === undefined ? {} : { fix: 'if that is an unfinished migration: `fairlead migrate status`; otherwise remove the other installation' }) });
  checks.push(...alsoKnown);
  if (checks.some((check) => check.verdict === 'fail')) return { preconditions: checks };
  const facts = factsOf(seen);
  const plan = sealPlan({
    cluster: { id: facts.cluster.id, name: facts.cluster.name, distro: facts.distro, kubernetes: facts.cluster.kubernetes, nodes: facts.nodes.map(({ name, role, bootId }) => ({ name, role, bootId })) },
    from: 'flannel', to: 'calico', canary: { before: facts.policyController?.runs === true ? 'denied' : 'open', after: 'denied' }, options: all, preconditions: checks, steps: takeoverSteps(facts, all),
  }, new Date());
  return { preconditions: checks, plan };
}

/** Which CNI each node is found on. */
export async function cniOfNodes(cluster: Cluster): Promise<{ name: string; cni: string }[]> {
  const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  return Promise.all(nodes.map(async ({ metadata: { name } }) => ({ name, cni: (await calicoNodePod(cluster, name)).ready ? 'calico' : 'flannel' })));
}

/** What Flannel left on every node. */
export async function flannelLeftovers(cluster: Cluster, shell: (node: string) => NodeShell): Promise<Leftover[]> {
  const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const found = await Promise.all(nodes.map(async (node) => {
    const one = shell(node.metadata.name);
    const { distribution, host } = await detectHost(one);
    const dirs = await distribution.cniDirs(one, host);
    const paths = findFlannelLeftovers(one, { confDirs: [dirs.confDir, distribution.cniDirsWhenOff.confDir], extraPaths: distribution.cniPaths });
    const annotations = Object.keys(node.metadata.annotations ?? {}).filter((key) => key.startsWith('flannel.alpha.coreos.com/'));
    const marks = annotations.map((key): Leftover => ({ kind: 'file', node: node.metadata.name, what: `annotation ${key}`, evidence: `Node ${node.metadata.name} carries it`, removal: [] }));
    return [...(await paths), ...marks];
  }));
  return found.flat();
}
