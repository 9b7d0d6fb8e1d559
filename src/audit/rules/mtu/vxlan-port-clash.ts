/** FL-VXLAN-001. */
import { ciliumAgent, configMap, flannelDaemonSet, host, node, vxlanLink } from '../../examples.ts';
import type { Found, Rule } from '../../rule.ts';

export const vxlanPortClash: Rule = {
  id: 'FL-VXLAN-001',
  title: 'Two tunnels want the same UDP port',
  severity: 'error',
  faults: ['V3'],
  looksAt: 'VXLAN devices of one host with the same port; and, without hosts, Flannel beside Cilium with its default tunnel port (both 8472).',
  why: 'Only one of the two can be up: `RTNETLINK answers: Address already in use`; Cilium crash-loops with `setting up vxlan device: … address already in use`, Flannel with `failed to set interface flannel.1 to UP state`.',
  fix: [
    { what: 'Remove the device of the CNI that is no longer used, or give one of the two another port.', command: 'ip link delete flannel.1   # if Flannel is gone\nhelm upgrade cilium cilium/cilium --reuse-values --set tunnelPort=8473' },
  ],
  refs: ['cilium#2925', 'cilium#8990', 'cilium#38583', 'tkestack/tke#1279'],
  check(view) {
    const found: Found[] = view.hosts.flatMap((one) => [...Map.groupBy((one.links ?? []).filter(({ vxlan }) => vxlan !== undefined && vxlan.port > 0), ({ vxlan }) => vxlan?.port ?? 0)].filter(([, devices]) => devices.length > 1 && devices.some(({ up, vxlan }) => !up || vxlan?.external === true)).map(([port, devices]) => ({
      subjects: [`Node ${one.node}`],
      summary: `${devices.map(({ name }) => name).join(' and ')} of node ${one.node} both use UDP port ${port}`,
      evidence: [view.onHost(one, 'ip -d link', devices.map(({ name, vxlan, up }) => `${name} vni ${vxlan?.vni ?? 0} port ${port} ${up ? 'up' : 'down'}`).join('; '))],
    })));
    const running = view.picture.cnis.filter(({ how }) => how !== 'trace');
    const [flannel, cilium] = ['flannel', 'cilium'].map((name) => running.find((one) => one.name === name));
    const config = view.index.objects('ConfigMap').find(({ metadata }) => metadata.name === 'cilium-config');
    const data = (config?.['data'] ?? {}) as Record<string, string>;
    const tunnels = data['routing-mode'] !== 'native' && (data['tunnel-protocol'] ?? 'vxlan') === 'vxlan';
    if (flannel?.backend === 'vxlan' || (flannel !== undefined && flannel.backend === undefined)) {
      if (cilium !== undefined && config !== undefined && tunnels && (data['tunnel-port'] ?? '8472') === '8472') {
        found.push({
          subjects: ['ConfigMap kube-system/cilium-config'],
          summary: 'Flannel and Cilium both run, and both use UDP port 8472',
          evidence: [view.derived('Flannel', flannel.evidence), view.seen(config, 'data.tunnel-port', data['tunnel-port'] ?? 'not set, so 8472')],
        });
      }
    }
    return found;
  },
  bad: [
    node('n1'),
    flannelDaemonSet(),
    ciliumAgent(),
    configMap('cilium-config', { ipam: 'kubernetes', 'routing-mode': 'tunnel' }),
    host('n1', { links: [vxlanLink('flannel.1'), vxlanLink('cilium_vxlan', { up: false })] }),
  ],
  good: [node('n1'), host('n1', { links: [vxlanLink('flannel.1'), vxlanLink('vxlan.calico', { vni: 4096, port: 4789 })] })],
};
