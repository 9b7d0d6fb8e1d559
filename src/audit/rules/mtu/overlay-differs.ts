/** FL-VXLAN-002. */
import { flannelAnnotations, host, node, vxlanLink } from '../../examples.ts';
import type { Found, Rule } from '../../rule.ts';
import { flannelNode } from '../../../cni/picture/cnis.ts';

export const overlayDiffers: Rule = {
  id: 'FL-VXLAN-002',
  title: 'Nodes use the overlay with different parameters',
  severity: 'error',
  faults: ['V5'],
  looksAt: "Flannel's annotations (backend, VNI) of all nodes, and VNI and port of each VXLAN device on all hosts.",
  why: 'After a change that did not reach every node, the nodes are two islands: pods reach others on nodes of their own half only; between the halves everything times out.',
  fix: [
    { what: 'Give all servers the same flags, then restart the node service everywhere; nodes that keep the old device are rebooted.', command: 'systemctl restart k3s        # servers\nsystemctl restart k3s-agent  # agents' },
  ],
  refs: ['k3s#3409', 'docs.k3s.io/networking/basic-network-options'],
  check(view) {
    const annotated = view.nodes.flatMap((one) => { const said = flannelNode(one); return said === undefined ? [] : [{ one, text: `${said.backend}${said.vni === undefined ? '' : `, VNI ${said.vni}`}` }]; });
    const found: Found[] = [];
    const report = (what: string, all: readonly { subject: string; text: string; evidence: Found['evidence'][number] }[]): void => {
      const groups = [...Map.groupBy(all, ({ text }) => text)].toSorted((a, b) => b[1].length - a[1].length);
      if (groups.length < 2) return;
      const odd = groups.slice(1).flatMap(([, those]) => those);
      found.push({
        subjects: odd.map(({ subject }) => subject),
        summary: `${what}: ${groups.map(([text, those]) => `${text} on ${those.length} node${those.length === 1 ? '' : 's'}`).join('; ')}`,
        evidence: [...odd, ...(groups[0]?.[1].slice(0, 1) ?? [])].map(({ evidence }) => evidence),
      });
    };
    report("Flannel's annotations differ", annotated.map(({ one, text }) => ({ subject: `Node ${one.metadata.name}`, text, evidence: view.seen(one, 'annotations flannel.alpha.coreos.com', text) })));
    const devices = view.hosts.flatMap((one) => (one.links ?? []).filter(({ vxlan }) => vxlan !== undefined).map((device) => ({ one, device })));
    // flannel.1 has its VNI in its name, so that other VNIs are other devices.
    for (const [name, all] of Map.groupBy(devices, ({ device }) => device.name)) {
      report(`${name} differs`, all.map(({ one, device }) => { const text = `VNI ${device.vxlan?.vni ?? 0}, port ${device.vxlan?.port ?? 0}`; return { subject: `Node ${one.node}`, text, evidence: view.onHost(one, 'ip -d link', `${name} ${text}`) }; }));
    }
    return annotated.length === 0 && devices.length === 0 ? { skip: 'no overlay is in the snapshot' } : found;
  },
  bad: [
    node('n1', { annotations: flannelAnnotations('192.168.10.11') }),
    node('n2', { annotations: { 'flannel.alpha.coreos.com/backend-type': 'host-gw' } }),
    host('n1', { links: [vxlanLink('flannel.1')] }),
    host('n2', { links: [vxlanLink('flannel.1', { port: 4789 })] }),
  ],
  good: [
    node('n1', { annotations: flannelAnnotations('192.168.10.11') }),
    node('n2', { annotations: flannelAnnotations('192.168.10.12') }),
    host('n1', { links: [vxlanLink('flannel.1')] }),
    host('n2', { links: [vxlanLink('flannel.1')] }),
  ],
};
