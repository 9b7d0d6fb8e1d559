/** What must hold before a takeover, judged from a survey: pure. */
import type { Precondition } from '../../types.ts';
import { policyControllerCheck } from './policy-survey.ts';
import type { NodeView, Survey } from './read-facts.ts';
import { singleNodeChecks } from './single-node.ts';

/** Kubernetes minors that Calico v3.31 was tested with upstream, and the one the lab runs (docs.tigera.io, system requirements). */
const MINORS = { min: 31, max: 34 };

const list = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.join(', '));

function judge(id: string, title: string, ok: boolean | undefined, expected: string, observed: string, fix: string): Precondition {
  return { id, title, verdict: ok === undefined ? 'unknown' : ok ? 'pass' : 'fail', expected, observed, ...(ok === true ? {} : { fix }) };
}

function nodesWhere(nodes: readonly NodeView[], predicate: (node: NodeView) => boolean): string[] {
  return nodes.filter(predicate).map((node) => node.object.metadata.name);
}

function isReady(node: NodeView): boolean {
  return node.object.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}

function backendChecks(seen: Survey): Precondition[] {
  const backends = [...new Set(seen.flannel?.nodes.map((node) => node.backend))].toSorted();
  const direct = seen.flannel?.netConf?.Backend?.DirectRouting === true;
  const families = nodesWhere(seen.nodes, (node) => ((node.object.spec as { podCIDRs?: string[] }).podCIDRs ?? []).length > 1);
  const secure = backends.filter((backend) => backend === 'wireguard' || backend === 'ipsec');
  return [
    judge('flannel', 'Flannel runs the pod network of every node', seen.flannel !== undefined && seen.flannel.nodesWithout.length === 0, 'Flannel annotations on every Node', seen.flannel === undefined ? 'no Flannel found' : `nodes without: ${list(seen.flannel.nodesWithout)}`, 'this route only leaves Flannel; check with `kubectl get nodes -o yaml` which CNI the cluster runs'),
    judge('backend', 'Flannel uses VXLAN', backends.length === 1 && backends[0] === 'vxlan', 'vxlan on every node', list(backends), secure.length > 0 ? 'leaving an encrypting backend would send pod traffic in clear text; this route does not do that' : 'the takeover keeps the tunnel, so both sides must speak VXLAN; host-gw and others need the parallel route, which this version does not have'),
    judge('direct-routing', 'DirectRouting is off', !direct, 'DirectRouting not set', direct ? 'DirectRouting: true' : 'not set', 'remove DirectRouting from net-conf.json and restart Flannel first'),
    judge('single-stack', 'The cluster is IPv4 only', families.length === 0, 'one podCIDR per node', families.length === 0 ? 'one podCIDR per node' : `dual-stack nodes: ${list(families)}`, 'dual-stack clusters are not supported by this version'),
  ];
}

function nodeChecks(seen: Survey): Precondition[] {
  const notReady = nodesWhere(seen.nodes, (node) => !isReady(node));
  const cordoned = nodesWhere(seen.nodes, (node) => (node.object.spec as { unschedulable?: boolean }).unschedulable === true);
  const mixed = new Set(seen.nodes.map((node) => node.distribution.name)).size > 1;
  const small = nodesWhere(seen.nodes, (node) => Number((node.object.spec.podCIDR ?? '/32').split('/')[1]) > 26);
  const windows = nodesWhere(seen.nodes, (node) => node.object.metadata.labels?.['kubernetes.io/os'] === 'windows');
  const wrong = seen.nodes.flatMap((node) => node.contradictions);
  const tunnels = [...new Set(seen.nodes.map(({ flannel: { tunnel } }) => (tunnel === undefined ? 'none' : `${tunnel.name} VNI ${tunnel.vni} port ${tunnel.port} MTU ${tunnel.mtu}`)))].toSorted();
  const networks = [...new Set(seen.nodes.map((node) => node.flannel.subnetEnv?.network ?? 'unknown'))];
  const dirs = new Set(seen.nodes.map((node) => `${node.cni.confDir} ${node.cni.binDirs[0]}`));
  return [
    judge('nodes-ready', 'Every node is Ready', notReady.length === 0, 'all Ready', notReady.length === 0 ? `${seen.nodes.length} Ready` : `not Ready: ${list(notReady)}`, 'repair those nodes first: `kubectl describe node`'),
    judge('nodes-schedulable', 'No node is cordoned', cordoned.length === 0, 'none cordoned', `cordoned: ${list(cordoned)}`, 'kubectl uncordon them, or finish what they were cordoned for'),
    judge('one-distribution', 'All nodes are of one distribution', !mixed, 'one', list([...new Set(seen.nodes.map((node) => node.distribution.name))]), 'mixed clusters are not supported'),
    judge('linux', 'All nodes run Linux', windows.length === 0, 'no Windows nodes', `Windows: ${list(windows)}`, 'this route does not support Windows nodes'),
    judge('same-tunnel', 'All nodes have the same tunnel', tunnels.length === 1 && tunnels[0] !== 'none', 'one device, VNI, port and MTU everywhere', list(tunnels), 'restart Flannel on the nodes that differ, so that all take the same settings'),
    judge('kernel-agrees', "Kernel, Flannel's annotations and podCIDR tell the same story", wrong.length === 0, 'no contradiction', wrong.length === 0 ? 'no contradiction' : wrong.join('; '), 'restart Flannel on those nodes; its annotations are written at start'),
    judge('one-network', "All nodes know the same pod range, and it covers every node's podCIDR", networks.length === 1 && networks[0] !== 'unknown', 'one FLANNEL_NETWORK', list(networks), 'compare /run/flannel/subnet.env of the nodes'),
    judge('pod-range-size', 'podCIDRs are large enough', small.length === 0, '/26 or larger per node', small.length === 0 ? 'all /26 or larger' : `smaller: ${list(small)}`, 'this route keeps the podCIDRs as they are'),
    judge('same-directories', 'containerd looks for CNI in the same directories everywhere', dirs.size === 1, 'one pair of directories', list([...dirs]), 'align conf_dir and bin_dir of the nodes'),
  ];
}

function clusterChecks(seen: Survey): Precondition[] {
  const minor = Number(/^v1\.(\d+)/.exec(seen.cluster.kubernetes)?.[1]);
  return [
    judge('kubernetes-version', 'Kubernetes is of a version that Calico v3.31 supports', Number.isNaN(minor) ? undefined : minor >= MINORS.min && minor <= MINORS.max, `v1.${MINORS.min} to v1.${MINORS.max}`, seen.cluster.kubernetes, 'upgrade Kubernetes first, within the supported range'),
    policyControllerCheck(seen.policyController, seen.nodes.map((node) => node.object.metadata.name)),
    ...(seen.singleNode === undefined ? [] : singleNodeChecks(seen.singleNode)),
  ];
}

/** All preconditions, each with what was expected and what was seen. */
export function preconditions(seen: Survey): Precondition[] {
  return [...backendChecks(seen), ...nodeChecks(seen), ...clusterChecks(seen)];
}
