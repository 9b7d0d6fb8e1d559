/** FL-CNI-013. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { calicoNode, host, link, node, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Installation extends KubeObject { spec?: { calicoNetwork?: { nodeAddressAutodetectionV4?: { firstFound?: boolean } } } }
/** Devices that Calico's first-found takes, though they are not the node's network (its list of exclusions lacks them). */
const TRAPS = /^(cilium_host|br-[0-9a-f]{12}|tailscale\d+|wg\d+|zt[a-z0-9]+|nerdctl\d+)$/;

export const firstFound: Rule = {
  id: 'FL-CNI-013',
  title: 'Calico takes the first address that it finds, and hosts have misleading ones',
  severity: 'warning',
  faults: ['L5', 'H10'],
  looksAt: 'Autodetection by first-found (Installation or IP_AUTODETECTION_METHOD, which is the default of the manifests) on hosts with cilium_host, bridges of Docker, or VPN devices.',
  why: 'After a reboot, when devices come up in another order, Calico announces an address that other nodes do not reach: `BGP not established with …`, or pods of that node unreachable.',
  fix: [{ what: "Take the node's InternalIP.", command: 'kubectl -n kube-system set env daemonset/calico-node IP_AUTODETECTION_METHOD=kubernetes-internal-ip' }],
  refs: ['docs.cilium.io k8s-install-migration', 'calico#2561', 'calico#3541'],
  check(view) {
    const calico = view.picture.cnis.find(({ name, how }) => name === 'calico' && how !== 'trace');
    if (calico?.daemonSet === undefined) return { skip: 'Calico does not run here' };
    const [installation] = view.index.objects<Installation>('Installation');
    const variable = calico.daemonSet.spec?.template?.spec?.containers?.flatMap(({ env = [] }) => env).find(({ name }) => name === 'IP_AUTODETECTION_METHOD');
    const first = installation === undefined ? variable === undefined || variable.value === 'first-found' : installation.spec?.calicoNetwork?.nodeAddressAutodetectionV4?.firstFound !== false && Object.keys(installation.spec?.calicoNetwork?.nodeAddressAutodetectionV4 ?? { firstFound: true }).includes('firstFound');
    if (!first) return [];
    if (view.hosts.length === 0) return { unknown: 'no facts of hosts are in the snapshot' };
    const hit = view.hosts.flatMap((one) => { const names = (one.links ?? []).filter(({ name, up }) => up && TRAPS.test(name)).map(({ name }) => name); return names.length === 0 ? [] : [{ one, names }]; });
    if (hit.length === 0) return [];
    const source = installation ?? calico.daemonSet;
    return [{
      subjects: [subjectOf(source), ...hit.map(({ one }) => `Node ${one.node}`)],
      summary: `Calico takes the first address, and ${hit.length} host${hit.length === 1 ? ' has' : 's have'} devices such as ${hit[0]?.names.join(', ') ?? ''}`,
      evidence: [
        view.seen(source, installation === undefined ? 'env IP_AUTODETECTION_METHOD' : 'spec.calicoNetwork.nodeAddressAutodetectionV4', variable?.value ?? 'not set, so first-found'),
        ...hit.map(({ one, names }) => view.onHost(one, 'ip link', names.join(', '))),
      ],
    }];
  },
  bad: [node('n1'), calicoNode(), host('n1', { links: [link('eth0'), link('cilium_host')] })],
  good: [
    node('n1'),
    calicoNode(),
    object('operator.tigera.io/v1', 'Installation', 'default', { spec: { calicoNetwork: { nodeAddressAutodetectionV4: { kubernetes: 'NodeInternalIP' } } } }, null),
    host('n1', { links: [link('eth0'), link('cilium_host')] }),
  ],
};
