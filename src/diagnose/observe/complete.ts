/** Whether a rule of the audit that found nothing had all before it that it looks at, at both ends of the connection. Pure. */
import { clientNode, type Scene } from './scene.ts';

/** Nodes of both ends. Empty where one of them is not known. */
function endNodes(scene: Scene): string[] {
  const { ends } = scene;
  const all = [clientNode(scene), ...(ends.node === undefined ? [] : [ends.node.metadata.name]), ...ends.pods.map(({ spec }) => spec?.nodeName)];
  return all.length < 2 || all.includes(undefined) ? [] : [...new Set(all.filter((one) => one !== undefined))];
}

type Host = NonNullable<ReturnType<Scene['view']['index']['host']>>;
type NodeOf = Scene['view']['nodes'][number];
const onHosts = (has: (host: Host) => boolean) => ({ view }: Scene, nodes: readonly string[]): boolean => nodes.every((name) => { const host = view.index.host(name); return host !== undefined && has(host); });
const onNodes = (has: (node: NodeOf) => boolean) => ({ view }: Scene, nodes: readonly string[]): boolean => nodes.every((name) => view.nodes.some((node) => node.metadata.name === name && has(node)));
const annotated = (key: string): ((node: NodeOf) => boolean) => ({ metadata, status }) => metadata.annotations?.[key] !== undefined && (status?.addresses?.length ?? 0) > 0;

/** K3s writes its own name there wherever it runs, and who has no cloud provider writes nothing. */
const isCloud = (providerID: string | undefined): boolean => providerID !== undefined && !providerID.startsWith('k3s://');

/** What rules need to have seen, for those whose finding nothing excludes a fault. */
const NEEDS: Readonly<Record<string, (scene: Scene, nodes: readonly string[]) => boolean>> = {
  'FL-HOST-012': onNodes(annotated('flannel.alpha.coreos.com/public-ip')),
  'FL-HOST-013': onNodes(annotated('projectcalico.org/IPv4Address')),
  'FL-VXLAN-001': onHosts(({ links }) => links !== undefined),
  'FL-VXLAN-002': onHosts(({ links }) => links?.some(({ vxlan }) => vxlan !== undefined) === true),
  'FL-VXLAN-005': onNodes(({ spec }) => isCloud(spec.providerID)),
  'FL-CNI-001': ({ view }) => view.snapshot.source === 'live' && view.index.complete('DaemonSet'),
};

/** Whether nothing is left that the rule could have found, had it been read. */
export function sawAll(rule: string, scene: Scene): boolean {
  const [need, nodes] = [NEEDS[rule], endNodes(scene)];
  return need === undefined || (nodes.length > 0 && need(scene, nodes));
}
