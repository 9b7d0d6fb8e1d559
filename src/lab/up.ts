/** `lab up`: from nothing to a cluster whose nodes are Ready. */
import { constants, copyFileSync, existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { applyCalico } from './clusters/calico.ts';
import { Cluster } from '../cluster/client.ts';
import { isReady, type NodeObject } from '../cluster/objects.ts';
import { waitUntil } from '../cluster/wait.ts';
import { FairleadError, UsageError } from '../core/errors.ts';
import { addressAt, parsePrefix } from '../net/prefix.ts';
import { readText } from '../node/shell.ts';
import { appsManifests } from './apps/manifests.ts';
import { agentBundle } from './agent-bundle.ts';
import { coreDns, flannelDaemonSet } from './clusters/addons.ts';
import { K3S_KUBECONFIG, k3sDisk, k3sDns, k3sKubeconfig } from './clusters/k3s.ts';
import { kubeadmDisk } from './clusters/kubeadm.ts';
import { kubeconfig, makePki, type ClusterPki } from './clusters/pki.ts';
import type { Profile } from './clusters/layout.ts';
import { buildImages, type BuiltImage } from './images/build.ts';
import { imageDefinitions } from './images/definitions.ts';
import { prepareImageStore } from './images/image-store.ts';
import { cloneImageStore } from './images/store-clone.ts';
import { bootNode, writeDisk } from './nodes/node.ts';
import { labShell, ownProcess } from './nodes/shell.ts';
import { makeUnderlay, nodeAddress } from './nodes/underlay.ts';
import { cacheDir, checkLabName, labPaths, nodePaths } from './paths.ts';
import { checkRanges } from './ranges.ts';
import { freePort, startRelay } from './relay.ts';
import { requireLab } from './requirements/machine.ts';
import { COMPONENT_NAMES, type ComponentName } from './sources/names.ts';
import type { OnSourceEvent } from './sources/progress.ts';
import { findK3s, resolveComponents, type ComponentSource } from './sources/resolve.ts';
import { createState, refuseTakenName, writeState, type LabNode, type LabState } from './state.ts';

export interface UpOptions {
  name: string;
  profile: Profile;
  nodes: number;
  cni: LabState['cni'];
  flannelBackend: LabState['flannelBackend'];
  clusterCidr: string;
  serviceCidr: string;
  /** Deploy the demo applications. */
  apps: boolean;
  componentsDirectory?: string;
  releaseBase?: string;
  /** A real K3s for the profile `k3s`. */
  k3s?: string;
  signal?: AbortSignal;
  onSource: OnSourceEvent;
  /** Told of each phase as it begins. */
  onPhase: (phase: string) => void;
}

function plan(options: UpOptions, apiPort: number): LabState {
  if (options.k3s !== undefined && options.profile !== 'k3s') throw new UsageError(`--k3s ${options.k3s} has no meaning for the profile ${options.profile}, in which no K3s runs`);
  const name = checkLabName(options.name);
  refuseTakenName(name);
  const { clusterCidr, serviceCidr } = checkRanges(options, options.nodes);
  const nodes = Array.from({ length: options.nodes }, (_, index): LabNode => ({
    name: index === 0 ? `${name}-server-1` : `${name}-agent-${index}`,
    role: index === 0 ? 'server' : 'agent',
    address: nodeAddress(index),
  }));
  return {
    version: 1, name, profile: options.profile, cni: options.cni, flannelBackend: options.flannelBackend,
    clusterCidr, serviceCidr,
    clusterDns: addressAt(parsePrefix(serviceCidr), 10), clusterDomain: 'cluster.local',
    nodes, apiPort, createdAt: new Date().toISOString(), phase: 'creating',
  };
}

/** Puts files of this machine (name → path) into a directory of the lab. */
function layFiles(directory: string, files: Record<string, string>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, path] of Object.entries(files)) {
    try {
      linkSync(path, join(directory, name));
    } catch {
      // Another file system, or a source that may not be linked to: a copy does as well.
      copyFileSync(path, join(directory, name), constants.COPYFILE_FICLONE);
    }
  }
}

/** Applies the network where it is not part of the distribution, as K3s' Flannel is. */
async function deployNetwork(cluster: Cluster, state: LabState): Promise<void> {
  if (state.profile !== 'kubeadm' || state.cni !== 'flannel') return;
  for (const object of flannelDaemonSet({ clusterCidr: state.clusterCidr, backend: state.flannelBackend })) await cluster.apply(object);
}

async function deployDns(cluster: Cluster, state: LabState): Promise<void> {
  const [server] = state.nodes;
  if (state.profile === 'k3s' && server !== undefined) {
    const file = k3sDns(state);
    await labShell(state.name, server.name).write(file.path, file.content, file.mode);
    return;
  }
  const dns = coreDns({ domain: state.clusterDomain, address: state.clusterDns, replicas: 2, lameduck: true, nodes: state.nodes });
  for (const object of dns) await cluster.apply(object);
}

/** Waits until Flannel has written its subnet on every node. Before that a node is Ready and yet every sandbox on it fails, and a kubelet comes back to a failed one only after 10 s and more: nothing is deployed until then. */
async function waitForFlannel(state: LabState, options: UpOptions): Promise<void> {
  if (state.cni !== 'flannel') return;
  options.onPhase('waiting for Flannel');
  await Promise.all(state.nodes.map(({ name }) => waitUntil(async () => {
    const { code } = await labShell(state.name, name).run(['test', '-s', '/run/flannel/subnet.env']);
    return code === 0 ? true : undefined;
  }, { timeoutMs: 120_000, what: `Flannel on ${name}`, ...(options.signal ? { signal: options.signal } : {}) })));
}

async function waitForNodes(cluster: Cluster, state: LabState, options: UpOptions): Promise<void> {
  const look = (ready: (node: NodeObject) => boolean) => async (): Promise<true | undefined> => {
    const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
    return nodes.length === state.nodes.length && nodes.every(ready) ? true : undefined;
  };
  const wait = { timeoutMs: 120_000, ...(options.signal ? { signal: options.signal } : {}) };
  options.onPhase('waiting for the nodes to register');
  await waitUntil(look(() => true), { ...wait, what: `${state.nodes.length} registered nodes` });
  // The kubelet may not give itself this label (NodeRestriction); K3s and kubeadm set it from outside, too.
  const server = { apiVersion: 'v1', kind: 'Node', name: state.nodes[0]?.name ?? '' };
  const labels = { 'node-role.kubernetes.io/control-plane': state.profile === 'k3s' ? 'true' : '' };
  await cluster.patch(server, { metadata: { labels }, ...(state.profile === 'kubeadm' ? { spec: { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } } : {}) }, 'strategic');
  if (state.cni === 'none') return;
  if (state.cni === 'calico') await applyCalico(cluster, state);
  options.onPhase('waiting for the nodes to be Ready');
  await waitUntil(look(isReady), { ...wait, what: `${state.nodes.length} Ready nodes` });
}

/** Waits until a Deployment has all its replicas available. */
async function waitForDeployment(cluster: Cluster, ref: { namespace: string; name: string }, options: UpOptions): Promise<void> {
  await waitUntil(async () => {
    const deployment = await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', ...ref });
    const { replicas } = (deployment?.['spec'] ?? {}) as { replicas?: number };
    const status = (deployment?.['status'] ?? {}) as { availableReplicas?: number; observedGeneration?: number };
    return replicas !== undefined && status.observedGeneration === deployment?.metadata.generation && status.availableReplicas === replicas ? true : undefined;
  }, { timeoutMs: 180_000, what: `Deployment ${ref.namespace}/${ref.name} to be available`, ...(options.signal ? { signal: options.signal } : {}) });
}

/** The cluster is of use once names resolve and, when asked for, the demo applications answer. */
async function waitForWorkloads(cluster: Cluster, state: LabState, options: UpOptions): Promise<void> {
  if (state.cni === 'none') return;
  const apps = options.apps ? appsManifests({ clusterDomain: state.clusterDomain }) : [];
  for (const object of apps) await cluster.apply(object);
  options.onPhase('waiting for CoreDNS');
  await waitForDeployment(cluster, { namespace: 'kube-system', name: 'coredns' }, options);
  for (const { kind, metadata } of apps) {
    if (kind !== 'Deployment') continue;
    options.onPhase(`waiting for ${metadata.namespace}/${metadata.name}`);
    await waitForDeployment(cluster, { namespace: metadata.namespace ?? 'default', name: metadata.name }, options);
  }
}

/** What a lab is made from, on this machine. */
interface Materials {
  programs: Record<string, string>;
  images: BuiltImage[];
  /** The image store to clone for each node; absent where the nodes import the images themselves. */
  store?: string;
  /** A real K3s, when there is one. */
  k3s?: ComponentSource;
}

/** Resolves programs and images; nothing of the lab exists yet. */
async function gather(options: UpOptions): Promise<Materials> {
  options.onPhase('looking for the components');
  const wanted = COMPONENT_NAMES.filter((name): name is ComponentName => name !== 'k3s-release');
  const sources = {
    cacheDir: cacheDir(), onProgress: options.onSource,
    directory: options.componentsDirectory, releaseBase: options.releaseBase, k3s: options.k3s, signal: options.signal,
  };
  // First, because a file that cannot be used should not be refused after ten minutes of building.
  const k3s = options.profile === 'k3s' ? await findK3s(sources) : undefined;
  const components = await resolveComponents(wanted, sources);
  const programs = Object.fromEntries([...components].map(([name, source]) => [name, source.path]));
  options.onPhase('preparing the images');
  const definitions = await imageDefinitions(components, { agentBundle: await agentBundle(), nodeBinary: process.execPath });
  const images = await buildImages(definitions, cacheDir());
  if (k3s !== undefined) return { programs: { ...programs, k3s: k3s.path }, images, k3s };
  const store = await prepareImageStore({
    images, cacheDir: cacheDir(), programs: { containerd: programs['containerd'] ?? '', ctr: programs['ctr'] ?? '' },
    ...(options.signal ? { signal: options.signal } : {}),
    onImport: (reference, done, total) => options.onPhase(`importing image ${done + 1} of ${total}: ${reference}`),
  });
  return { programs, images, store };
}

/** Brings a lab up. What it makes carries the lab's name from the first step on, so `lab down` removes it whatever happens in between. */
export async function labUp(options: UpOptions): Promise<LabState> {
  await requireLab();
  const planned = plan(options, await freePort());
  const materials = await gather(options);
  const { k3s } = materials;
  const state: LabState = k3s === undefined ? planned : { ...planned, k3s: { version: k3s.version, path: resolve(k3s.path) } };
  createState({ ...state, creator: ownProcess() });
  try {
    await makeLab(state, materials, options);
  } catch (error) {
    // Whoever cleans up must not end this process any more; it may live on.
    if (existsSync(labPaths(state.name).dir)) writeState(state);
    if (!(error instanceof FairleadError)) throw error;
    const hint = error.hint ?? `\`fairlead lab status --name ${state.name}\` and \`fairlead lab exec --name ${state.name} NODE -- journalctl\` show how far it came, \`fairlead lab down --name ${state.name}\` removes it`;
    throw new FairleadError(error.exitCode, error.message, { hint, cause: error });
  }
  const up: LabState = { ...state, phase: 'up' };
  writeState(up);
  return up;
}

/** The administrator's kubeconfig for this machine. A K3s server writes one, with an authority that is its own. */
async function adminKubeconfig(state: LabState, server: LabNode, pki: ClusterPki, options: UpOptions): Promise<string> {
  const url = `https://127.0.0.1:${state.apiPort}`;
  if (state.profile !== 'k3s') return kubeconfig(url, pki.serverCa.cert, 'admin', pki.admin);
  const shell = labShell(state.name, server.name);
  const text = await waitUntil(() => readText(shell, K3S_KUBECONFIG), { timeoutMs: 120_000, what: `${K3S_KUBECONFIG} on ${server.name}`, ...(options.signal ? { signal: options.signal } : {}) });
  return k3sKubeconfig(text, url);
}

async function makeLab(state: LabState, materials: Materials, options: UpOptions): Promise<void> {
  const { programs, images, store } = materials;
  const server = state.nodes[0] as LabNode;
  const pki = await makePki({ serverAddress: server.address, serverName: server.name, serviceAddress: addressAt(parsePrefix(state.serviceCidr), 1), domain: state.clusterDomain, singleAuthority: state.profile === 'kubeadm' });
  options.onPhase('making the nodes');
  const paths = labPaths(state.name);
  layFiles(join(paths.dir, 'bin'), programs);
  if (store === undefined) layFiles(paths.images, Object.fromEntries(images.map(({ archive }) => [basename(archive), archive])));
  await makeUnderlay(state.name, [state.clusterCidr, state.serviceCidr]);
  const makeDisk = state.profile === 'k3s' ? k3sDisk : kubeadmDisk;
  await Promise.all(state.nodes.map(async (node) => {
    writeDisk(state.name, node.name, await makeDisk(state, node, pki, programs));
    const { containerd } = nodePaths(state.name, node.name);
    if (store === undefined) mkdirSync(containerd, { recursive: true });
    else await cloneImageStore(store, containerd);
    options.signal?.throwIfAborted();
    await bootNode(state.name, node.name, node.address);
  }));
  startRelay(state.name, state.apiPort, `${server.address}:6443`);
  options.onPhase('waiting for the API server');
  writeFileSync(paths.kubeconfig, await adminKubeconfig(state, server, pki, options), { mode: 0o600 });
  const cluster = await Cluster.connect({ kubeconfig: paths.kubeconfig });
  try {
    await waitUntil(async () => ((await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' })) ? true : undefined), { timeoutMs: 120_000, what: 'the API server', ...(options.signal ? { signal: options.signal } : {}) });
    await deployNetwork(cluster, state);
    await waitForNodes(cluster, state, options);
    await waitForFlannel(state, options);
    await deployDns(cluster, state);
    await waitForWorkloads(cluster, state, options);
  } finally {
    cluster.close();
  }
}
