/** Reads from the cluster and its nodes what a takeover needs to know. Changes nothing. */
import { detectFlannel, type FlannelInstallation } from '../../../cni/flannel/detect.ts';
import { contradictions, inspectFlannel, type FlannelNode } from '../../../cni/flannel/inspect.ts';
import { internalIp, type KubeObject, type NodeObject } from '../../../cluster/objects.ts';
import type { Cluster } from '../../../cluster/client.ts';
import { detectHost } from '../../../distro/detect.ts';
import type { Host, Distribution } from '../../../distro/distribution.ts';
import type { CniDirs } from '../../../node/facts/containerd-config.ts';
import { readText, type NodeShell } from '../../../node/shell.ts';
import { surveyDrain, tiesByNode, type DrainView } from '../../steps/drain-checks.ts';
import type { TakeoverFacts, TakeoverNode } from './facts.ts';
import { surveySingleNode, type SingleNodeView } from './single-node.ts';
import { policyFacts, surveyPolicyController, type PolicyControllerView } from './policy-survey.ts';

/** What was seen of one node. */
export interface NodeView {
  object: NodeObject;
  host: Host;
  distribution: Distribution;
  cni: CniDirs;
  flannel: FlannelNode;
  bootId: string;
  contradictions: string[];
}

export interface Survey {
  flannel: FlannelInstallation | undefined;
  nodes: NodeView[];
  cluster: TakeoverFacts['cluster'];
  policyController: PolicyControllerView | undefined;
  /** Only where there is one node. */
  singleNode: SingleNodeView | undefined;
  dns: TakeoverFacts['dns'];
  /** Absent with a single node, which is not drained. */
  drain: DrainView | undefined;
}

/** How long a budget is given to allow an eviction, milliseconds: its controller learns of pods and of changes with a delay. */
const BUDGET_LAG_MS = 10_000;

async function viewNode(object: NodeObject, shell: NodeShell, flannel: FlannelInstallation | undefined): Promise<NodeView> {
  const { distribution, host } = await detectHost(shell);
  const seen = await inspectFlannel(shell);
  const said = flannel?.nodes.find((entry) => entry.node === object.metadata.name);
  return {
    object, host, distribution, flannel: seen,
    cni: await distribution.cniDirs(shell, host),
    bootId: ((await readText(shell, '/proc/sys/kernel/random/boot_id')) ?? '').trim(),
    contradictions: said === undefined ? [] : contradictions(seen, said),
  };
}

/** Seconds a DNS server goes on answering after SIGTERM, by preStop hook or the health plugin's lameduck. */
function endsGracefully(deployment: KubeObject, corefile: string): boolean {
  const spec = deployment['spec'] as { template?: { spec?: { containers?: { lifecycle?: { preStop?: object } }[] } } };
  return /lameduck\s+[1-9]/.test(corefile) || spec.template?.spec?.containers?.some((container) => container.lifecycle?.preStop !== undefined) === true;
}

async function surveyDns(cluster: Cluster): Promise<Survey['dns']> {
  const deployments = await cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' });
  const [deployment] = deployments.filter((object) => object.metadata.labels?.['fairlead.dev/stand-in'] === undefined);
  if (deployment === undefined) return undefined;
  const config = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'coredns' });
  const corefile = (config?.['data'] as Record<string, string> | undefined)?.['Corefile'] ?? '';
  return { namespace: 'kube-system', name: deployment.metadata.name, replicas: (deployment['spec'] as { replicas?: number }).replicas ?? 1, graceful: endsGracefully(deployment, corefile) };
}

/** Looks at everything. Errors: EnvironmentError for a node that cannot be reached or is of no known distribution. */
export async function survey(cluster: Cluster, shell: (node: string) => NodeShell): Promise<Survey> {
  const flannel = await detectFlannel(cluster);
  const objects = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const nodes = await Promise.all(objects.map((object) => viewNode(object, shell(object.metadata.name), flannel)));
  const system = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
  return {
    flannel, nodes,
    cluster: { id: system?.metadata.uid ?? '', name: cluster.endpoint, kubernetes: (await cluster.version()).gitVersion },
    policyController: await surveyPolicyController(nodes, shell),
    singleNode: nodes.length === 1 ? await surveySingleNode(cluster) : undefined,
    dns: await surveyDns(cluster),
    drain: nodes.length > 1 ? await surveyDrain(cluster, { patienceMs: BUDGET_LAG_MS }) : undefined,
  };
}

function takeoverNode(view: NodeView): TakeoverNode {
  const { metadata, spec } = view.object;
  return {
    name: metadata.name,
    role: view.host.role,
    internalIp: internalIp(view.object) ?? '',
    podCidr: spec.podCIDR ?? '',
    bootId: view.bootId,
    vtepMac: view.flannel.tunnel?.mac ?? '',
    tunnelAddress: (spec.podCIDR ?? '').split('/')[0] ?? '',
  };
}

/** Reduces a survey whose preconditions hold to what the plan is made from. Agents move first, servers last, each by name. */
export function factsOf(seen: Survey): TakeoverFacts {
  const [first] = seen.nodes;
  const tunnel = first?.flannel.tunnel;
  if (first === undefined || tunnel?.vni === undefined) throw new TypeError('factsOf needs a survey whose preconditions hold');
  const order = (node: TakeoverNode): string => `${node.role === 'agent' ? 0 : 1} ${node.name}`;
  return {
    cluster: seen.cluster,
    distro: first.distribution.name === 'k3s' ? 'k3s' : 'kubeadm',
    nodes: seen.nodes.map(takeoverNode).toSorted((a, b) => order(a).localeCompare(order(b), 'en')),
    tunnel: { device: tunnel.name, vni: tunnel.vni, port: tunnel.port ?? 8472, mtu: tunnel.mtu },
    clusterCidr: first.flannel.subnetEnv?.network ?? '',
    placement: {
      before: { confDir: first.cni.confDir, binDir: first.cni.binDirs[0] ?? '' },
      after: { confDir: first.distribution.cniDirsWhenOff.confDir, binDir: first.distribution.cniDirsWhenOff.binDirs[0] ?? '' },
    },
    ...(seen.flannel?.daemonSet === undefined ? {} : { daemonSet: seen.flannel.daemonSet }),
    policyController: policyFacts(seen.policyController),
    dns: seen.dns,
    tied: tiesByNode(seen.drain?.pins ?? []),
    leftoverPaths: [...first.distribution.cniPaths],
  };
}
