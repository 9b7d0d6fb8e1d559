/** FL-MTU-001. */
import { host, link, node, vxlanLink } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import { overheadOf } from '../../devices.ts';

export const podMtuTooBig: Rule = {
  id: 'FL-MTU-001',
  title: 'A tunnel lets packets through that its network card cannot carry',
  severity: 'error',
  faults: ['M1'],
  looksAt: "On every host: the MTU of each VXLAN, IPIP or WireGuard device and of pods' devices, plus the encapsulation's overhead (50, 20, 60 bytes), against the MTU of the device that it runs over. Cilium's device (metadata mode) keeps the card's MTU, since Cilium writes the smaller one into routes; it is not judged.",
  why: 'Small packets pass and large ones vanish: connections open, then TLS handshakes, `kubectl logs`, image pulls and model downloads hang. `ping` works.',
  fix: [
    { what: "Let the CNI find the MTU itself, or set it to the network card's less the overhead (VXLAN 50, IPIP 20, WireGuard 60), then recreate pods: existing ones keep the old MTU.", command: "kubectl patch installation default --type merge -p '{\"spec\":{\"calicoNetwork\":{\"mtu\":1450}}}'\nkubectl -n kube-system patch configmap calico-config --type merge -p '{\"data\":{\"veth_mtu\":\"0\"}}'" },
  ],
  refs: ['kubeasz#1444', 'CAPZ#1353', 'typhoon#767', 'calico#12432'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const odd = view.hosts.flatMap((one) => {
      const links = one.links ?? [];
      const named = (name: string | undefined) => links.find((other) => other.name === name);
      const byDefault = one.routes?.find((r) => r.dst === 'default' && r.table === 'main')?.device;
      const uplink = (name: string | undefined) => named(name) ?? named(byDefault) ?? links.find((other) => other.kind === '' && other.name !== 'lo' && other.up);
      return links.filter(({ up }) => up).flatMap((device) => {
        const overhead = overheadOf(device);
        const below = overhead === undefined ? undefined : uplink(device.vxlan?.device);
        return overhead === undefined || below === undefined || device.vxlan?.external === true || device.mtu + overhead <= below.mtu ? [] : [{ one, device, below, overhead }];
      });
    });
    const groups = Map.groupBy(odd, ({ device, below }) => `${device.name} ${device.mtu} ${below.mtu}`);
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { device, below, overhead } = first;
      return [{
        subjects: group.map(({ one }) => `Node ${one.node}`),
        summary: `${device.name} has MTU ${device.mtu}, with ${overhead} bytes of encapsulation ${device.mtu + overhead}, but ${below.name} carries ${below.mtu}`,
        evidence: group.map(({ one }) => view.onHost(one, 'ip link', `${device.name} mtu ${device.mtu}; ${below.name} mtu ${below.mtu}`)),
      }];
    });
  },
  bad: [node('n1'), host('n1', { links: [link('eth0', { mtu: 1450 }), vxlanLink('flannel.1', { mtu: 1450 })] })],
  good: [node('n1'), host('n1', { links: [link('eth0', { mtu: 1500 }), vxlanLink('flannel.1', { mtu: 1450 })] })],
};
