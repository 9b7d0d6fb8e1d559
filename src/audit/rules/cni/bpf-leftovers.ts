/** FL-CNI-017. */
import type { HostFacts } from '../../../cluster/snapshot/host-facts.ts';
import type { Pod } from '../../../cluster/snapshot/typed.ts';
import { ciliumAgent, flannelDaemonSet, host, link, node, pod } from '../../examples.ts';
import { needsHosts, type Found, type Rule } from '../../rule.ts';
import { isReadyPod } from '../../service-ports.ts';
import type { View } from '../../view.ts';

/** How loaders call what they attach: Cilium before 1.13 by object file and section, then `cilium-DEVICE`, then by function; Calico by its preamble. */
const LOADERS: readonly { cni: 'cilium' | 'calico'; pattern: RegExp }[] = [
  { cni: 'cilium', pattern: /^cil_|^cilium-|^bpf_(netdev|host|lxc|overlay|network|xdp)[._]|\[(from|to)-(netdev|host|container|overlay)\]/ },
  { cni: 'calico', pattern: /^cali_tc_|calico_(entrypoint|from|to|tc)_|^xdp_cali|\[calico_/ },
];
/** Socket programs of Cilium at the root of cgroups: they answer for Services at connect(), at most 15 characters of the name. */
const SOCKET = /^cil_sock/;

interface Hook { cni: string; device: string; where: string; name: string }

/** Programs of CNIs on a host's devices, each once, whichever tool showed it. */
function hooksOf({ traffic, bpf }: HostFacts): Hook[] {
  const seen = [
    ...(traffic?.filters ?? []).map(({ device, direction, name, program }) => ({ device, where: direction as string, names: [name, program] })),
    ...(bpf?.attached ?? []).map(({ device, where, name }) => ({ device, where: where.replace(/^.*\//, ''), names: [name] })),
  ];
  const hooks = seen.flatMap(({ device, where, names }): Hook[] => LOADERS.flatMap(({ cni, pattern }) => {
    const name = names.find((one) => one !== undefined && pattern.test(one));
    return name === undefined ? [] : [{ cni, device, where, name }];
  }));
  return hooks.filter((hook, at) => hooks.findIndex((other) => other.device === hook.device && other.where === hook.where) === at);
}

/** Whether the CNI's agent is on the node and ready; undefined when its pods are not in the snapshot. */
function agentReady(view: View, labels: Readonly<Record<string, string>> | undefined, nodeName: string): boolean | undefined {
  if (labels === undefined || !view.index.complete('Pod')) return undefined;
  const agents = view.index.objects<Pod>('Pod').filter(({ metadata }) => Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value));
  return agents.length === 0 ? undefined : agents.some((one) => one.spec?.nodeName === nodeName && isReadyPod(one));
}

function judge(view: View, one: HostFacts): Found[] {
  const running = new Map(view.picture.cnis.filter(({ how }) => how !== 'trace').map(({ name, daemonSet }) => [name as string, daemonSet]));
  const hooks = hooksOf(one);
  const physical = new Set((one.links ?? []).filter(({ kind, name }) => kind === '' && name !== 'lo').map(({ name }) => name));
  const sockets = (one.bpf?.programs ?? []).filter(({ name }) => SOCKET.test(name));
  return LOADERS.flatMap(({ cni }): Found[] => {
    const own = hooks.filter((hook) => hook.cni === cni);
    const onCard = own.some(({ device }) => physical.has(device));
    const answering = cni === 'cilium' && sockets.length > 0;
    if (own.length === 0 && !answering) return [];
    const here = running.has(cni) || (cni === 'calico' && running.has('canal'));
    const ready = here ? agentReady(view, running.get(cni)?.spec?.selector?.matchLabels, one.node) : undefined;
    // While the agent runs these are what it works with; without its pods nothing is known against it.
    if (here && (ready !== false || !onCard)) return [];
    return [{
      subjects: [`Node ${one.node}`],
      severity: here || !onCard && !answering ? 'warning' : 'error',
      summary: here ? `${cni}'s agent is not ready on node ${one.node}, and its programs keep deciding about what ${own.find(({ device }) => physical.has(device))?.device ?? ''} sends and receives` : `node ${one.node} still has BPF programs of ${cni}, which does not run`,
      evidence: [
        ...(own.length === 0 ? [] : [view.onHost(one, 'tc filter show, bpftool net show', own.slice(0, 6).map(({ device, where, name }) => `${device} ${where} ${name}`).join(', '))]),
        ...(answering ? [view.onHost(one, 'bpftool prog show', sockets.map(({ name, count }) => `${count} × ${name}`).join(', '))] : []),
        view.derived('running CNIs', [...running.keys()].join(', ') || 'none'),
      ],
    }];
  });
}

export const bpfLeftovers: Rule = {
  id: 'FL-CNI-017',
  title: 'BPF programs of a CNI that does not run are on devices',
  severity: 'error',
  faults: ['L7', 'L1'],
  looksAt: "Filters (clsact), tcx links and XDP programs on the devices of each host, and socket programs, that bear Cilium's or Calico's names, while that CNI does not run, or its agent is not ready on the node. An error where they are on a network card or answer for Services, else a warning.",
  why: "Programs stay in the kernel when their agent ends: they go on to decide about every packet of the card with the maps of that day. The node loses its network (the agent cannot reach the API server that would tell it better), packets of the next CNI vanish, and Services lead to pods that are gone.",
  fix: [
    { what: 'Bring the agent back, if it is to stay; else remove its programs, or reboot the node.', command: 'tc filter del dev eth0 ingress; tc filter del dev eth0 egress\ncilium-dbg post-uninstall-cleanup -f --all-state   # with the version that was installed' },
  ],
  refs: ['cilium#30609', 'cilium#24563', 'cilium#26472', 'cilium#24336'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    if (view.picture.hidden !== undefined) return { unknown: `${view.picture.hidden}, so that it is not known which CNIs run` };
    const unread = view.hosts.filter(({ traffic }) => traffic === undefined);
    if (unread.length === view.hosts.length) return { unknown: 'the filters of devices are not in the snapshot (tc is missing, or it is an older snapshot)' };
    const found = view.hosts.flatMap((one) => judge(view, one));
    return unread.length === 0 ? found : { found, partly: [{ what: `nodes ${unread.map((one) => one.node).join(', ')}`, why: 'the filters of their devices were not read' }] };
  },
  bad: [
    node('n1'), flannelDaemonSet(),
    host('n1', { links: [link('eth0')], traffic: { qdiscs: [{ device: 'eth0', kind: 'clsact' }], filters: [{ device: 'eth0', direction: 'ingress', kind: 'bpf', protocol: 'all', pref: 1, name: 'cil_from_netdev-eth0', program: 'cil_from_netdev', id: 7 }] } }),
  ],
  good: [
    node('n1'), ciliumAgent(), pod('cilium-x', { namespace: 'kube-system', labels: { app: 'cilium' }, spec: { hostNetwork: true } }),
    host('n1', { links: [link('eth0')], traffic: { qdiscs: [{ device: 'eth0', kind: 'clsact' }], filters: [{ device: 'eth0', direction: 'ingress', kind: 'bpf', protocol: 'all', pref: 1, name: 'cil_from_netdev-eth0', program: 'cil_from_netdev', id: 7 }] } }),
  ],
};
