/** FL-CNI-012. */
import { setting } from '../../../cni/picture/k3s-args.ts';
import { ciliumConfig } from '../../../cni/picture/cnis.ts';
import { ciliumAgent, configMap, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const kprAndKubeProxy: Rule = {
  id: 'FL-CNI-012',
  title: 'Cilium and kube-proxy both implement Services, or neither does',
  severity: 'error',
  faults: ['L8'],
  looksAt: "cilium-config kube-proxy-replacement against kube-proxy: the DaemonSet, or K3s' own, which runs unless disable-kube-proxy is set.",
  why: 'Both: NodePorts clash, sources surprise, and rules of kube-proxy go on sending to endpoints that are gone. Neither: no Service works, the API server\'s 10.43.0.1 included.',
  fix: [
    { what: 'Both: remove kube-proxy and what it left.', command: 'kubectl -n kube-system delete daemonset kube-proxy   # K3s: disable-kube-proxy: true on every server\nkube-proxy --cleanup   # on each node, or reboot' },
    { what: 'Neither: turn the replacement on, with the address of the API server.', command: 'helm upgrade cilium cilium/cilium --reuse-values --set kubeProxyReplacement=true --set k8sServiceHost=ADDRESS --set k8sServicePort=6443' },
  ],
  refs: ['k8s#119265', 'kube-hetzner#1210', 'cilium#18610'],
  check(view) {
    const config = ciliumConfig(view.index);
    if (config === undefined) return { skip: 'Cilium is not in the snapshot' };
    const replaces = ['true', 'strict'].includes(config['kube-proxy-replacement'] ?? 'false');
    const daemonSet = view.index.objects('DaemonSet').find(({ metadata }) => metadata.name === 'kube-proxy');
    const [server] = view.picture.k3s.filter(({ role }) => role === 'server');
    const off = server === undefined ? undefined : setting(server, 'disable-kube-proxy');
    const runs = daemonSet !== undefined || (server !== undefined && off?.value !== 'true');
    if (server === undefined && !view.index.complete('DaemonSet')) return { unknown: 'neither DaemonSets nor K3s\' settings are in the snapshot' };
    const proxy = daemonSet !== undefined ? view.seen(daemonSet, '', 'is there') : view.derived(off?.source ?? `K3s server ${server?.node ?? ''}`, server === undefined ? 'no DaemonSet kube-proxy' : `disable-kube-proxy ${off?.value ?? 'not set'}`, 'observed');
    const said = view.derived('ConfigMap kube-system/cilium-config', `kube-proxy-replacement ${config['kube-proxy-replacement'] ?? 'not set'}`, 'observed');
    if (replaces && runs) return [{ subjects: ['ConfigMap kube-system/cilium-config'], severity: 'warning', summary: 'Cilium replaces kube-proxy, and kube-proxy runs', evidence: [said, proxy] }];
    return !replaces && !runs ? [{ subjects: ['ConfigMap kube-system/cilium-config'], summary: 'kube-proxy does not run, and Cilium does not replace it', evidence: [said, proxy] }] : [];
  },
  bad: [node('n1', { args: ['--flannel-backend', 'none'] }), ciliumAgent(), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })],
  good: [node('n1', { args: ['--flannel-backend', 'none', '--disable-kube-proxy'] }), ciliumAgent(), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })],
};
