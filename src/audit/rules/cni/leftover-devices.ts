/** FL-CNI-007. */
import { DEVICES } from '../../../cni/picture/cnis.ts';
import { calicoNode, host, ipPool, node, vxlanLink } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

export const leftoverDevices: Rule = {
  id: 'FL-CNI-007',
  title: 'Devices or routes of a CNI that does not run are on hosts',
  severity: 'error',
  faults: ['L1'],
  looksAt: "Devices that belong to one CNI (flannel.1, vxlan.calico, cilium_host …; cni0 where no CNI uses it) while that CNI does not run. An error when a route for pods leads through them, else a warning. Not judged when DaemonSets are not in the snapshot.",
  why: "A leftover route is often more specific than the new CNI's, or has the same range: packets for some pods leave by a dead device and vanish. A leftover cni0 keeps the node's first pod address.",
  fix: [
    { what: 'When no pod is on it any more (FL-CNI-010): remove the device, which takes its routes along, or reboot the node.', command: 'ip link show master cni0   # must print nothing\nip link delete flannel.1; ip link delete cni0' },
    { what: 'See everything that Flannel left.', command: 'fairlead leftovers --via pod' },
  ],
  refs: ['kube-hetzner#2045', 'k3s#3409', 'docs.cilium.io k8s-install-migration'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    if (view.picture.hidden !== undefined) return { unknown: `${view.picture.hidden}, so that it is not known which CNIs run` };
    const running = new Set<string>(view.picture.cnis.filter(({ how }) => how !== 'trace').flatMap(({ name }) => (name === 'canal' ? ['canal', 'calico', 'flannel'] : [name])));
    // Bridges of these are called cni0.
    const bridged = ['flannel', 'kube-router', 'canal'].some((name) => running.has(name));
    return view.hosts.flatMap((one) => {
      const stale = (one.links ?? []).filter(({ name }) => DEVICES.some(([cni, pattern]) => pattern.test(name) && !running.has(cni)) || (name === 'cni0' && !bridged && running.size > 0));
      if (stale.length === 0) return [];
      const names = new Set(stale.map(({ name }) => name));
      const routes = (one.routes ?? []).filter(({ device, table, type }) => device !== undefined && names.has(device) && table === 'main' && type === 'unicast');
      return [{
        subjects: [`Node ${one.node}`], severity: routes.length > 0 ? 'error' as const : 'warning' as const,
        summary: `node ${one.node} has ${[...names].join(', ')}${routes.length > 0 ? ` with ${routes.length} route${routes.length === 1 ? '' : 's'}` : ''}, of a CNI that does not run`,
        evidence: [view.onHost(one, 'ip link', stale.map(({ name, kind, up }) => `${name} (${kind}) ${up ? 'up' : 'down'}`).join(', ')), ...(routes.length === 0 ? [] : [view.onHost(one, 'ip route', routes.slice(0, 3).map(({ dst, device }) => `${dst} dev ${device ?? ''}`).join(', '))]), view.derived('running CNIs', [...running].join(', ') || 'none')],
      }];
    });
  },
  bad: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    host('n1', { links: [vxlanLink('flannel.1'), vxlanLink('vxlan.calico', { vni: 4096, port: 4789 })], routes: [{ family: 4, type: 'unicast', dst: '10.42.1.0/24', gateway: '10.42.1.0', device: 'flannel.1', table: 'main', protocol: 'boot', onlink: true }] }),
  ],
  good: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    host('n1', { links: [vxlanLink('vxlan.calico', { vni: 4096, port: 4789 })] }),
  ],
};
