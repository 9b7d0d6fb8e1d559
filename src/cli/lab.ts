/** `fairlead lab`: a real multi-node Kubernetes in network namespaces. */
import { existsSync, readFileSync } from 'node:fs';
import { ExitCode, UsageError } from '../core/errors.ts';
import { buildAll } from '../lab/sources/build-all.ts';
import { labDown } from '../lab/down.ts';
import { enterNode } from '../lab/nodes/shell.ts';
import { cacheDir, labPaths } from '../lab/paths.ts';
import { rebootNode } from '../lab/reboot.ts';
import { describeSource } from './describe-source.ts';
import { fault } from './lab-fault.ts';
import { findNode, labNames, readState } from '../lab/state.ts';
import { labStatus, renderStatus } from '../lab/status.ts';
import { labUp } from '../lab/up.ts';
import { flagOption, integerOption, listArgument, textArgument, textOption } from './options.ts';
import { createProgress } from './progress.ts';
import { runInherited } from './run-inherited.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';

const nameOption: VerbOption = { flags: '--name <lab>', description: 'name of the lab', default: 'lab' };
const nameOf = (ctx: VerbContext): string => textOption(ctx, 'name') ?? 'lab';

const up: Verb = {
  name: 'up',
  summary: 'start a cluster',
  description: 'Starts a real Kubernetes cluster of several nodes on this machine, each node a set of Linux namespaces. Needs root and Linux; `fairlead doctor` shows what else.',
  options: [
    nameOption,
    { flags: '--profile <profile>', description: 'which distribution to imitate', choices: ['k3s', 'kubeadm'], default: 'k3s' },
    { flags: '--nodes <count>', description: 'number of nodes; the first runs the control plane', default: '3' },
    { flags: '--cni <cni>', description: 'network of the pods', choices: ['flannel', 'calico', 'none'], default: 'flannel' },
    { flags: '--flannel-backend <backend>', description: "Flannel's backend", choices: ['vxlan', 'host-gw'], default: 'vxlan' },
    { flags: '--cluster-cidr <prefix>', description: 'addresses of pods', default: '10.42.0.0/16' },
    { flags: '--service-cidr <prefix>', description: 'addresses of Services', default: '10.43.0.0/16' },
    { flags: '--apps', description: 'deploy the demo applications' },
    { flags: '--components <dir>', description: 'take programs from this directory first' },
    { flags: '--k3s <file>', description: 'run this K3s binary in the profile k3s; without it one from --components, PATH or --release-base is taken, and else a stand-in' },
    { flags: '--release-base <url>', description: 'take programs from official releases below this address before building any' },
  ],
  examples: [{ command: 'fairlead lab up --nodes 3 --apps', description: 'three nodes with Flannel and the demo applications' }],
  async run(ctx) {
    const progress = createProgress(ctx);
    try {
      const started = performance.now();
      const componentsDirectory = textOption(ctx, 'components');
      const k3s = textOption(ctx, 'k3s');
      const releaseBase = textOption(ctx, 'releaseBase') ?? ctx.env['FAIRLEAD_RELEASE_BASE'];
      const state = await labUp({
        name: nameOf(ctx),
        profile: textOption(ctx, 'profile') === 'kubeadm' ? 'kubeadm' : 'k3s',
        nodes: integerOption(ctx, 'nodes', { min: 1, max: 20 }) ?? 3,
        cni: (textOption(ctx, 'cni') ?? 'flannel') as 'flannel' | 'calico' | 'none',
        flannelBackend: textOption(ctx, 'flannelBackend') === 'host-gw' ? 'host-gw' : 'vxlan',
        clusterCidr: textOption(ctx, 'clusterCidr') ?? '10.42.0.0/16',
        serviceCidr: textOption(ctx, 'serviceCidr') ?? '10.43.0.0/16',
        apps: flagOption(ctx, 'apps'),
        ...(componentsDirectory === undefined ? {} : { componentsDirectory }),
        ...(releaseBase === undefined ? {} : { releaseBase }),
        ...(k3s === undefined ? {} : { k3s }),
        signal: ctx.signal,
        onPhase: (phase) => progress.start(phase),
        onSource: (event) => describeSource(event, progress),
      });
      progress.done(`lab ${state.name} is up: ${state.nodes.length} nodes after ${((performance.now() - started) / 1000).toFixed(1)} s`);
      if (state.k3s !== undefined) progress.line(`its nodes run K3s ${state.k3s.version} from ${state.k3s.path}`);
      else if (state.profile === 'k3s') progress.line("note: this profile sets disable-network-policy, because K3s' own policy controller (kube-router) cannot be had as a Go module; a real K3s does enforce policies");
      ctx.stdout(`export KUBECONFIG=${labPaths(state.name).kubeconfig}\n`);
    } catch (error) {
      if (ctx.signal.aborted) progress.line(`stopped; \`fairlead lab down --name ${nameOf(ctx)}\` removes what was made`);
      throw error;
    } finally {
      progress.stop();
    }
  },
};

const build: Verb = {
  name: 'build',
  summary: "build the lab's components",
  description: "Builds every component of the lab from its pinned Go modules into the cache, so that the first `lab up` is quick. Components that are there already take no time.",
  async run(ctx) {
    const progress = createProgress(ctx);
    try {
      const built = await buildAll({ cacheDir: cacheDir(), signal: ctx.signal, onProgress: (event) => describeSource(event, progress) });
      progress.stop();
      for (const family of built) ctx.stdout(`${family.directory}\n`);
    } finally {
      progress.stop();
    }
  },
};

const status: Verb = {
  name: 'status',
  summary: 'show labs and their nodes',
  description: 'Shows the labs of this machine, or one of them in detail. Exits 1 when a node is not Ready.',
  options: [{ flags: '--name <lab>', description: 'only this lab' }, { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' }],
  async run(ctx) {
    const only = textOption(ctx, 'name');
    const labs = await Promise.all((only === undefined ? labNames() : [only]).map((name) => labStatus(name)));
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(labs, null, 2)}\n` : renderStatus(labs));
    return labs.every((lab) => lab.healthy) ? ExitCode.ok : ExitCode.findings;
  },
};

const kubeconfig: Verb = {
  name: 'kubeconfig',
  summary: "print a lab's kubeconfig",
  description: 'Prints a kubeconfig with administrator rights on the lab. The API server is reached through a relay on loopback.',
  options: [nameOption, { flags: '--path', description: 'print the path of the file instead' }],
  async run(ctx) {
    const lab = readState(nameOf(ctx)).name;
    const path = labPaths(lab).kubeconfig;
    if (!existsSync(path)) throw new UsageError(`lab ${lab} has no kubeconfig yet: it is still starting, or its start was cut short`);
    ctx.stdout(flagOption(ctx, 'path') ? `${path}\n` : `${readFileSync(path, 'utf8').trimEnd()}\n`);
  },
};

const exec: Verb = {
  name: 'exec',
  summary: 'run a command inside a node',
  description: 'Runs a command inside a node with this terminal as its own, and exits with its status.',
  options: [nameOption],
  arguments: [{ name: 'node', description: 'name of the node, with or without the name of the lab; `outside` for the client outside the cluster' }, { name: 'argv', description: 'program and its arguments, after `--`', variadic: true }],
  examples: [{ command: 'fairlead lab exec agent-1 -- ip -d link show flannel.1', description: "look at a node's tunnel device" }],
  async run(ctx) {
    const state = readState(nameOf(ctx));
    const argv = listArgument(ctx, 'argv');
    const wanted = textArgument(ctx, 'node');
    const node = wanted === 'outside' ? 'outside' : findNode(state, wanted).name;
    return (await runInherited(enterNode(state.name, node, argv))) as ExitCode;
  },
};

const reboot: Verb = {
  name: 'reboot',
  summary: 'reboot a node',
  description: "Ends all processes of a node at once, as a power cut does, and boots it again: new namespaces and boot id, the same disk.",
  options: [nameOption],
  arguments: [{ name: 'node', description: 'name of the node' }],
  async run(ctx) {
    const state = readState(nameOf(ctx));
    const node = findNode(state, textArgument(ctx, 'node'));
    await rebootNode(state.name, node);
    ctx.stderr(`${node.name} has been rebooted\n`);
  },
};

const down: Verb = {
  name: 'down',
  summary: 'remove a lab',
  description: 'Removes every process, namespace, interface, mount, cgroup and file of a lab and nothing else. Works whatever state the lab is in.',
  options: [nameOption, { flags: '--all', description: 'remove every lab of this machine' }],
  async run(ctx) {
    const names = flagOption(ctx, 'all') ? labNames() : [nameOf(ctx)];
    for (const name of names) {
      await labDown(name);
      ctx.stderr(`lab ${name} is down\n`);
    }
  },
};

export const lab: Verb = {
  name: 'lab',
  summary: 'a real cluster in network namespaces, to rehearse on',
  description: 'A real multi-node Kubernetes on one Linux machine: real kube-apiserver, kubelet, containerd, flanneld and Felix in network namespaces that nothing leaves.',
  verbs: [up, build, status, kubeconfig, exec, reboot, fault, down],
};
