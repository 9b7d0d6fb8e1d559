/** Facts of made-up K3s clusters, for tests of the plan. */
import type { TakeoverFacts, TakeoverNode } from '../facts.ts';

/** A cluster of these nodes, agents first; names that begin with `server` are servers. */
export function factsOfNodes(names: readonly string[], rest: Partial<TakeoverFacts> = {}): TakeoverFacts {
  return {
    cluster: { id: 'uid', name: 'https://k', kubernetes: 'v1.34.4' },
    distro: 'k3s',
    nodes: names.map((name, index): TakeoverNode => ({
      name,
      role: name.startsWith('server') ? 'server' : 'agent',
      internalIp: `192.168.77.${index + 11}`,
      podCidr: `10.42.${index}.0/24`,
      bootId: `boot-${name}`,
      vtepMac: `02:00:00:00:00:0${index}`,
      tunnelAddress: `10.42.${index}.0`,
    })),
    tunnel: { device: 'flannel.1', vni: 1, port: 8472, mtu: 1450 },
    clusterCidr: '10.42.0.0/16',
    placement: { before: { confDir: '/k3s/net.d', binDir: '/k3s/cni' }, after: { confDir: '/etc/cni/net.d', binDir: '/opt/cni/bin' } },
    policyController: undefined,
    leftoverPaths: [],
    tied: [],
    dns: { namespace: 'kube-system', name: 'coredns', replicas: 1, graceful: false },
    ...rest,
  };
}
