/** The plan of the takeover: every step with its node, actions, impact and undo; a pure function of the facts. */
import type { CalicoSettings } from '../../../cni/calico/settings.ts';
import type { NodeSeed } from '../../../cni/calico/seed.ts';
import { calicoImages, migrationLabel, vxlanDevice } from '../../../cni/calico/version.ts';
import { bridgeName } from '../../../cni/flannel/names.ts';
import type { ProbeClass } from '../../../probe/types.ts';
import type { PinnedPods } from '../../steps/drain-checks.ts';
import type { Impact, Json, StepGroup, StepSpec } from '../../types.ts';
import type { TakeoverFacts, TakeoverNode } from './facts.ts';
import { frozenConf, onCalico } from './names.ts';
import { apiRestart, everythingStops } from './plan-impacts.ts';
import { handOverPolicies } from './plan-policies.ts';

/** Pods are not ended while requests would go on to them. */
const PROXIES = 'wait until kube-controller-manager and the service proxy of every node follow a new Service fairlead-system/fairlead-proxy-check-…; remove it again';

export interface TakeoverOptions {
  /** Longest time a node's pods may take to move, milliseconds. */
  drainTimeoutMs: number;
  /** Longest time for Calico to be complete on a node. */
  startTimeoutMs: number;
  /** Image of the probe agent, which also serves as the canary. */
  agentImage: string;
  /** What happens with pods that cannot run on another node than theirs. */
  pinnedPods: PinnedPods;
}

export const defaultOptions: TakeoverOptions = { pinnedPods: 'refuse', drainTimeoutMs: 300_000, startTimeoutMs: 120_000, agentImage: 'ghcr.io/fairlead/agent:dev' };

/** For images of a few hundred megabytes over a slow line; nothing is interrupted meanwhile. */
const FETCH_TIMEOUT_MS = 900_000;
/** What is announced for the pods of DaemonSets to end, milliseconds: twice the default grace period. */
const CLEAR_MS = 60_000;

const json = (value: unknown): Json => value as Json;

export type Draft = Omit<StepSpec, 'group' | 'id' | 'impact' | 'invariants' | 'gate' | 'params'> & Partial<Pick<StepSpec, 'impact' | 'invariants' | 'gate'>> & { params: unknown };

/** Makes the steps of one group; ids are `group/kind`, or `group/kind:node` where a kind comes once per node. */
function group(name: StepGroup, drafts: Draft[]): StepSpec[] {
  const repeated = new Set(drafts.map(({ kind }) => kind).filter((kind, index, all) => all.indexOf(kind) !== index));
  return drafts.map((draft) => ({
    impact: [], invariants: [], gate: false, ...draft,
    id: `${name}/${draft.kind}${repeated.has(draft.kind) ? `:${draft.node ?? ''}` : ''}`,
    group: name,
    params: json(draft.params),
  }));
}

function seedOf(node: TakeoverNode): NodeSeed {
  return { node: node.name, address: node.internalIp, tunnelAddress: node.tunnelAddress, tunnelMac: node.vtepMac };
}

function settingsOf(facts: TakeoverFacts): CalicoSettings {
  const { vni, port, mtu } = facts.tunnel;
  return { clusterCidr: facts.clusterCidr, vni, port, mtu, cniConfDir: facts.placement.after.confDir, cniBinDir: facts.placement.after.binDir, nodeSelector: { [migrationLabel]: onCalico } };
}

/** Whether DNS would miss queries while nodes are drained. On a single node no second server could go on answering. */
function needsHardDns(facts: TakeoverFacts): facts is TakeoverFacts & { dns: NonNullable<TakeoverFacts['dns']> } {
  return facts.nodes.length > 1 && facts.dns !== undefined && !(facts.dns.replicas > 1 && facts.dns.graceful);
}

/** Images of what starts on every node, each with a command in it that ends at once; the last one is that of pods which stay for a moment. */
function fetching(nodes: string[], { agentImage }: TakeoverOptions): Draft {
  const images = [{ image: calicoImages.node, command: ['/bin/calico-node', '-v'] }, { image: calicoImages.cni, command: ['/opt/cni/bin/calico', '-v'] }, { image: agentImage, command: ['node', '-e', '0'] }];
  return {
    kind: 'fetch-images', title: 'Fetch the images that every node will need',
    actions: [`apply DaemonSet fairlead-system/fairlead-images, which runs each of ${images.map(({ image }) => image).join(', ')} once on every node; delete it`],
    undo: ['delete that DaemonSet; images stay'],
    params: { nodes, images, timeoutMs: FETCH_TIMEOUT_MS },
  };
}

function prepare(facts: TakeoverFacts, options: TakeoverOptions): StepSpec[] {
  const names = facts.nodes.map((node) => node.name);
  const servers = facts.nodes.filter((node) => node.role === 'server');
  const kinds = [['v1', 'Node'], ['apps/v1', 'DaemonSet'], ['networking.k8s.io/v1', 'NetworkPolicy'], ['policy/v1', 'PodDisruptionBudget'], ['crd.projectcalico.org/v1', 'FelixConfiguration'], ['crd.projectcalico.org/v1', 'IPPool']].map(([apiVersion, kind]) => ({ apiVersion, kind }));
  const dns: Draft[] = !needsHardDns(facts) ? [] : [{
    kind: 'harden-dns',
    title: 'Give the cluster two DNS servers that end gracefully',
    actions: [`apply Deployment ${facts.dns.namespace}/fairlead-${facts.dns.name}: a copy with 2 replicas on different nodes and a preStop sleep of 5 s`, PROXIES, `take the pods of ${facts.dns.namespace}/${facts.dns.name} out of their Service, scale it to 0, delete them`],
    undo: [`scale ${facts.dns.namespace}/${facts.dns.name} to ${facts.dns.replicas}, retire and delete Deployment fairlead-${facts.dns.name}`],
    invariants: [1],
    params: { namespace: facts.dns.namespace, name: facts.dns.name },
  }];
  const builtIn: Draft[] = facts.daemonSet !== undefined ? [{
    kind: 'release-nodes',
    title: "Keep Flannel's DaemonSet away from nodes that move",
    actions: [`patch DaemonSet ${facts.daemonSet.namespace}/${facts.daemonSet.name}: updateStrategy OnDelete (so that no pod restarts), node affinity ${migrationLabel} in (flannel), which every node is`],
    undo: ['put updateStrategy and affinity back'],
    invariants: [1, 9],
    params: { daemonSet: facts.daemonSet },
  }] : [{
    kind: 'stage',
    title: 'Copy the built-in CNI to where containerd looks by default, on every node',
    actions: names.map((name) => `${name}: ${facts.placement.before.confDir}/10-flannel.conflist → ${facts.placement.after.confDir}/${frozenConf}; plugins of ${facts.placement.before.binDir} → ${facts.placement.after.binDir} (those that are missing there); its tunnel is noted, to be put back should the node be rebooted before it moves`),
    undo: ['remove the copied files'],
    invariants: [4],
    params: { nodes: names, placement: facts.placement, device: facts.tunnel.device },
  }];
  return group('prepare', [
    { kind: 'backup', title: 'Save the datastore, objects and network state', actions: ['snapshot of the datastore on a server', 'objects of both CNIs, NetworkPolicies and disruption budgets', 'devices, routes, neighbours, packet filter and CNI directories of every node'], undo: ['nothing: a backup is kept'], invariants: [9], params: { server: servers[0]?.name ?? names[0], nodes: names, kinds } },
    ...dns,
    fetching(names, options),
    { kind: 'install', title: 'Install Calico, inert', actions: ['apply the CustomResourceDefinitions and RBAC of Calico', `apply FelixConfiguration default (VXLAN, VNI ${facts.tunnel.vni}, port ${facts.tunnel.port}, MTU ${facts.tunnel.mtu}) and IPPool ${facts.clusterCidr}`, `apply DaemonSet calico-node (${calicoImages.node}) for nodes labelled ${migrationLabel}=calico: none yet`, 'apply Deployment calico-kube-controllers'], undo: ['delete what was applied and was not there before'], invariants: [1, 3], params: { settings: settingsOf(facts) } },
    { kind: 'seed', title: "Tell Calico where every node's tunnel ends", actions: facts.nodes.map((node) => `annotate Node ${node.name}: address ${node.internalIp}, tunnel ${node.tunnelAddress}, MAC ${node.vtepMac}; label ${migrationLabel}=flannel`), undo: ['put the former annotations and labels back'], invariants: [5], params: { seeds: facts.nodes.map(seedOf) } },
    ...builtIn,
    ...(facts.daemonSet === undefined ? servers.map((node): Draft => switchOff(facts, node, servers.length)) : []),
  ]);
}

function switchOff(facts: TakeoverFacts, node: TakeoverNode, servers: number): Draft {
  return {
    kind: 'switch-off', node: node.name,
    title: `Switch the built-in Flannel off on server ${node.name}`,
    actions: [`${node.name}: write /etc/rancher/k3s/config.yaml.d/90-fairlead.yaml with flannel-backend: none`, `${node.name}: systemctl restart k3s; pods, devices, routes and rules stay`],
    undo: ['remove that file', 'systemctl restart k3s'],
    impact: [apiRestart(node.name, servers)],
    invariants: [4, 8], gate: true,
    params: { node: node.name, device: facts.tunnel.device },
  };
}

/** What pods of the node in flight miss, from the moment they go until the gate that follows. */
function podsInFlight(node: string, maxMs: number): Impact[] {
  const either: ProbeClass[] = ['pod-to-pod', 'host-to-pod', 'long-lived', 'denied'];
  const from: ProbeClass[] = ['pod-to-service', 'dns', 'api-server', 'egress'];
  return [
    { classes: either, scope: 'either', node, maxMs, reason: `DaemonSet pods of ${node} are removed and start again under the new CNI` },
    { classes: from, scope: 'from', node, maxMs, reason: `DaemonSet pods of ${node} are removed and start again under the new CNI` },
  ];
}

function drainOf({ name }: TakeoverNode, tied: readonly string[], options: TakeoverOptions): Draft {
  return {
    kind: 'drain', node: name, title: `Move the pods of ${name} to other nodes`,
    actions: [`ask for leave to evict the pods of ${name} (dry-run)`, PROXIES, `cordon ${name}`, 'evict its pods, one replica of a workload at a time, honouring disruption budgets', ...tied.map((by) => `${by} cannot move: down until ${name} is given back`)],
    undo: [`uncordon ${name}`], invariants: [8],
    params: { node: name, timeoutMs: options.drainTimeoutMs, pinnedPods: options.pinnedPods },
  };
}

function moveNode(facts: TakeoverFacts, node: TakeoverNode, options: TakeoverOptions): StepSpec[] {
  const { name } = node;
  const tied = facts.tied.filter((tie) => tie.node === name).map((tie) => tie.by);
  const places = facts.placement.after;
  const device = facts.tunnel.device;
  const others = facts.nodes.filter((other) => other.name !== name);
  const expected = { podCidr: node.podCidr, vni: facts.tunnel.vni, port: facts.tunnel.port, mtu: facts.tunnel.mtu, tunnelMac: node.vtepMac, peers: others.map((other) => ({ ...seedOf(other), podCidr: other.podCidr })) };
  const leaving: Draft[] = facts.daemonSet !== undefined
    ? [{ kind: 'leave', node: name, title: `Flannel's pod leaves ${name}`, actions: [`label Node ${name} ${migrationLabel}=none; wait until Flannel's pod has gone`], undo: [`label Node ${name} ${migrationLabel}=flannel; wait until Flannel's pod is back`], invariants: [5], params: { node: name, device, daemonSet: facts.daemonSet } }]
    : node.role === 'agent'
      ? [{ kind: 'restart', node: name, title: `Restart the service of ${name}, which then no longer runs Flannel`, actions: [`${name}: systemctl restart k3s-agent; pods, devices, routes and rules stay`], undo: ['nothing: the node goes on with the copied configuration and the devices as they are'], invariants: [1, 4], params: { node: name, device } }]
      : [];
  const alone = others.length === 0;
  return group(`node:${name}`, [
    ...(alone ? [] : [drainOf(node, tied, options)]),
    ...leaving,
    { kind: 'clear', node: name, title: alone ? `Stop all pods of ${name} that use the pod network and hold new ones back` : `Hold new pods on ${name} back and remove those of DaemonSets`, actions: [PROXIES, `${name}: write ${places.confDir}/00-fairlead-hold.conflist (refuses new pods, still removes old ones)`, `delete the remaining pods of ${name} that use the pod network; wait until ${bridgeName} has no ports`], undo: ['remove the hold; pods start again'], impact: alone ? [everythingStops(name, 2 * options.startTimeoutMs + CLEAR_MS)] : podsInFlight(name, options.startTimeoutMs + CLEAR_MS), invariants: [2], params: { node: name, places, timeoutMs: options.startTimeoutMs, waitForReturn: alone } },
    { kind: 'handover', node: name, title: `Hand the tunnel of ${name} over`, actions: [`${name}: ip link set ${device} name ${vxlanDevice}; ip link delete ${bridgeName}; remove Flannel's packet filter rules`], undo: [`${name}: ip link set ${vxlanDevice} name ${device}; put back its addresses, routes, neighbours, forwarding entries and Flannel's rules`], invariants: [3, 5], params: { node: name, device, mac: node.vtepMac, vni: facts.tunnel.vni, port: facts.tunnel.port } },
    { kind: 'start', node: name, title: `Start Calico on ${name}`, actions: [`label Node ${name} ${migrationLabel}=calico; wait until calico-node is Ready and has programmed every peer`, `${name}: remove the other CNI configurations and the hold`], undo: [`remove pods with addresses of Calico, label Node ${name} ${migrationLabel}=none, wait until calico-node has gone`, `${name}: remove what Calico left, put the former CNI configuration back`], invariants: [4, 5], params: { node: name, places, expected, timeoutMs: options.startTimeoutMs } },
    ...(alone ? [{ kind: 'return-pods', node: name, title: `Wait for the pods of ${name}`, actions: [`wait until every pod of ${name} has an address and, as far as they do, is Ready`], undo: ['nothing: it only waits'], params: { node: name, timeoutMs: options.startTimeoutMs } }] : []),
    { kind: 'prove', node: name, title: `Prove that Calico lives on ${name}`, actions: [`start a pod on ${name}; reach it from ${alone ? 'a second pod' : 'every node'}; cut it off by a deny-all policy; remove both`, ...(facts.policyController?.runs === true ? [`(${facts.policyController.name} may be what cuts it off; that Calico does so alone is proven by policy-flush)`] : [])], undo: ['remove the pod and the policy'], invariants: [7], gate: true, params: { node: name, podCidr: node.podCidr, image: options.agentImage, from: facts.nodes.map((other) => other.name), timeoutMs: options.startTimeoutMs } },
    ...(alone ? [] : [{ kind: 'uncordon', node: name, title: `Give ${name} back to the scheduler`, actions: [`uncordon ${name}`, ...tied.map((by) => `wait for the pods of ${by}`)], undo: [`cordon and drain ${name}`], gate: true, params: { node: name, timeoutMs: options.drainTimeoutMs, tied } }]),
  ]);
}

function settle(facts: TakeoverFacts, options: TakeoverOptions): StepSpec[] {
  return group('settle', [
    { kind: 'finish', title: 'Let Calico run on every node without a label', actions: [`remove ${migrationLabel} from the DaemonSet's node selector; calico-node restarts node by node; remove the label from the nodes`], undo: ['put label and node selector back'], invariants: [1], gate: true, params: { nodes: facts.nodes.map((node) => node.name) } },
    ...(needsHardDns(facts) ? [{ kind: 'return-dns', title: "Return to the cluster's own DNS Deployment", actions: [`scale ${facts.dns.namespace}/${facts.dns.name} to ${facts.dns.replicas}`, PROXIES, `retire and delete Deployment fairlead-${facts.dns.name}`], undo: ['give the cluster two DNS servers again'], invariants: [1], gate: true, params: { namespace: facts.dns.namespace, name: facts.dns.name, replicas: facts.dns.replicas } }] : []),
    ...handOverPolicies(facts, options),
  ]);
}

function commit(facts: TakeoverFacts): StepSpec[] {
  const options = { confDirs: [...new Set([facts.placement.before.confDir, facts.placement.after.confDir])], extraPaths: [...facts.leftoverPaths, `${facts.placement.after.binDir}/flannel`], clusterCidr: facts.clusterCidr };
  return group('commit', [
    ...(facts.daemonSet === undefined ? [] : [{ kind: 'remove-flannel', title: "Remove Flannel's objects", actions: [`delete DaemonSet ${facts.daemonSet.namespace}/${facts.daemonSet.name} and the other objects of its manifest`], undo: [], params: { daemonSet: facts.daemonSet } }]),
    ...facts.nodes.map((node): Draft => ({ kind: 'clean-node', node: node.name, title: `Remove what Flannel left on ${node.name}`, actions: [`${node.name}: remove Flannel's files, leases, rules and annotations`], undo: [], params: { node: node.name, options } })),
    { kind: 'settled', title: 'Judge the traffic once more', actions: ['measure every class of traffic'], undo: [], gate: true, params: {} },
  ]);
}

/** All steps, in order: agents move before servers. */
export function takeoverSteps(facts: TakeoverFacts, options: TakeoverOptions = defaultOptions): StepSpec[] {
  return [...prepare(facts, options), ...facts.nodes.flatMap((node) => moveNode(facts, node, options)), ...settle(facts, options), ...commit(facts)];
}
