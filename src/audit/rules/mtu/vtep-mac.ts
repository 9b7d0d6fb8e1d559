/** FL-VXLAN-003. */
import { flannelNode } from '../../../cni/picture/cnis.ts';
import { flannelAnnotations, host, node, vxlanLink } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

export const vtepMac: Rule = {
  id: 'FL-VXLAN-003',
  title: "The MAC address of flannel.1 is not the one that other nodes send to",
  severity: 'error',
  faults: ['A7'],
  looksAt: "VtepMAC in the Node's annotation against the device's own MAC address, and against the permanent neighbour entries of other hosts.",
  why: 'udev gave the device another MAC after Flannel had published it (systemd ≥ 242, MACAddressPolicy=persistent). Other nodes send frames that this one throws away: no pod of the node can be reached from other nodes, while the node is Ready.',
  fix: [
    { what: 'Restart Flannel on the node (K3s: its service), and keep udev away from the device.', command: "printf '[Match]\\nOriginalName=flannel*\\n[Link]\\nMACAddressPolicy=none\\n' > /etc/systemd/network/10-flannel.link\nsystemctl restart k3s-agent" },
  ],
  refs: ['flannel#1155', 'flannel#1795', 'flannel#1796', 'rancher#21169'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const said = view.nodes.flatMap((one) => { const flannel = flannelNode(one); return flannel?.vtepMac === undefined ? [] : [{ one, mac: flannel.vtepMac.toLowerCase() }]; });
    if (said.length === 0) return { skip: "no node has Flannel's VXLAN annotation" };
    return said.flatMap(({ one, mac }) => {
      const facts = view.index.host(one.metadata.name);
      const device = facts?.links?.find(({ name, vxlan }) => vxlan !== undefined && /^flannel\.\d+$/.test(name));
      if (facts === undefined || device === undefined || device.mac.toLowerCase() === mac) return [];
      return [{
        subjects: [`Node ${one.metadata.name}`],
        summary: `${device.name} of node ${one.metadata.name} has ${device.mac}, but its annotation tells the others ${mac}`,
        evidence: [view.onHost(facts, 'ip link', `${device.name} ${device.mac}`), view.seen(one, 'annotation backend-data', `VtepMAC ${mac}`)],
      }];
    });
  },
  bad: [
    node('n1', { annotations: flannelAnnotations('192.168.10.11', '02:00:00:00:00:01') }),
    host('n1', { links: [vxlanLink('flannel.1', { mac: '5a:11:22:33:44:55' })] }),
  ],
  good: [
    node('n1', { annotations: flannelAnnotations('192.168.10.11', '02:00:00:00:00:01') }),
    host('n1', { links: [vxlanLink('flannel.1', { mac: '02:00:00:00:00:01' })] }),
  ],
};
