/** Reads the hosts that matter: those of both ends and the control plane, whose settings say which CNI runs; or all where the whole cluster is looked at. */
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import { readHostFacts } from '../../distro/host-facts.ts';
import type { NodeShell } from '../../node/shell.ts';
import { View } from '../../audit/view.ts';
import { findEnds } from '../ends.ts';
import { symptomFrom, type Inputs } from '../diagnose.ts';

/** Hosts that are read at once. */
const AT_ONCE = 8;

const isServer = (labels: Readonly<Record<string, string>> = {}): boolean => 'node-role.kubernetes.io/control-plane' in labels;

/** Names of the nodes that are worth reading, sorted. Errors: UsageError for ends that the cluster does not have. */
export function nodesToRead(objects: Snapshot, inputs: Inputs): string[] {
  const view = new View(objects);
  const ends = findEnds(view, inputs.asked, symptomFrom(inputs).symptom);
  const client = ends.from === undefined ? undefined : 'pod' in ends.from ? ends.from.pod.spec?.nodeName : ends.from.node;
  const known = new Set([client, ends.node?.metadata.name, ...ends.pods.map(({ spec }) => spec?.nodeName)]);
  // A complaint whose ends are not known may be about any node.
  const wanted = view.nodes.some(({ metadata }) => known.has(metadata.name)) ? view.nodes.filter(({ metadata }) => known.has(metadata.name) || isServer(metadata.labels)) : view.nodes;
  return wanted.map(({ metadata }) => metadata.name).toSorted();
}

/** The snapshot with the facts of these hosts. Nothing that cannot be read makes it reject. */
export async function withHosts(objects: Snapshot, nodes: readonly string[], shellOf: (node: string) => NodeShell, waiting: (what: string) => void = () => undefined): Promise<Snapshot> {
  const hosts: Snapshot['hosts'] = [];
  for (let at = 0; at < nodes.length; at += AT_ONCE) {
    const batch = nodes.slice(at, at + AT_ONCE);
    waiting(`hosts ${batch.join(', ')}`);
    hosts.push(...(await Promise.all(batch.map((node) => readHostFacts(shellOf(node))))));
  }
  return { ...objects, hosts, unknown: objects.unknown.filter(({ what }) => what !== 'facts of hosts') };
}
