/** FL-HOST-013. */
import { calicoNode, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

const KEY = 'projectcalico.org/IPv4Address';

export const calicoWrongAddress: Rule = {
  id: 'FL-HOST-013',
  title: "Calico uses another address of a node than Kubernetes does",
  severity: 'warning',
  faults: ['H10', 'L5'],
  looksAt: `The annotation ${KEY} of every node against its InternalIP; docker0 (172.17), virbr0 (192.168.122) and cilium_host are the usual wrong choices and make it an error.`,
  why: 'BGP and tunnels go to an address that other nodes cannot reach: `calico/node is not ready: BIRD is not ready: BGP not established with …`, or silence between nodes with VXLAN.',
  fix: [
    { what: "Take the node's InternalIP.", command: "kubectl -n kube-system set env daemonset/calico-node IP_AUTODETECTION_METHOD=kubernetes-internal-ip\nkubectl patch installation default --type merge -p '{\"spec\":{\"calicoNetwork\":{\"nodeAddressAutodetectionV4\":{\"kubernetes\":\"NodeInternalIP\"}}}}'" },
  ],
  refs: ['calico#8607', 'calico#3541', 'calico#2561', 'docs.cilium.io k8s-install-migration'],
  check(view) {
    const said = view.nodes.flatMap((one) => { const text = one.metadata.annotations?.[KEY]; return text === undefined ? [] : [{ one, ip: text.split('/')[0] ?? '' }]; });
    if (said.length === 0) return { skip: "no node has Calico's annotation" };
    return said.filter(({ one, ip }) => (one.status?.addresses?.length ?? 0) > 0 && !one.status?.addresses?.some(({ address }) => address === ip)).map(({ one, ip }) => {
      const bridge = /^(172\.17\.|192\.168\.122\.|10\.88\.)/.test(ip) || view.index.host(one.metadata.name)?.addresses?.find(({ address }) => address === ip)?.device.startsWith('cilium') === true;
      return {
        subjects: [subjectOf(one)],
        severity: bridge ? 'error' as const : 'warning' as const,
        summary: `node ${one.metadata.name} has ${view.addressOf(one) ?? 'no InternalIP'}, and Calico uses ${ip}`,
        evidence: [
          view.seen(one, `annotation ${KEY}`, ip),
          view.seen(one, 'status.addresses', (one.status?.addresses ?? []).map(({ address }) => address).join(', ')),
        ],
      };
    });
  },
  bad: [node('n1', { annotations: { [KEY]: '172.17.0.1/16' } }), calicoNode()],
  good: [node('n1', { annotations: { [KEY]: '192.168.10.11/24' } }), calicoNode()],
};
