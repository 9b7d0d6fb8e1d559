/** What a cluster is, from little: arguments of K3s, DaemonSets, annotations. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../cluster/objects.ts';
import { assemble, type Snapshot } from '../../cluster/snapshot/model.ts';
import { keepNodeArgs } from '../../distro/k3s/catalogue.ts';
import { disabled, parseWords } from './k3s-args.ts';
import { pictureOf } from './picture.ts';
import { fieldChanges } from './difference.ts';

function snapshot(objects: readonly object[], source: Snapshot['source'] = 'files'): Snapshot {
  return assemble({ tool: '1', collectedAt: new Date(0).toISOString(), source, from: ['x'], unlisted: [], unknown: [], hosts: [], entries: objects.map((object) => ({ object: object as KubeObject })) });
}
const node = (args: string[] | undefined, annotations: Record<string, string> = {}): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', annotations: { ...annotations, ...(args === undefined ? {} : { 'k3s.io/node-args': JSON.stringify(args) }) } }, spec: {}, status: {} });
const daemonSet = (name: string, ...images: string[]): object => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace: 'kube-system' }, spec: { template: { spec: { containers: images.map((image) => ({ name: 'c', image })) } } } });

describe("K3s' arguments", () => {
  it('are read in every form', () => {
    const args = parseWords(['server', '--a', 'x', '--b=y', '--switch', '--a', 'z', '-v']);
    expect([...args]).toEqual([['a', ['x', 'z']], ['b', ['y']], ['switch', ['true']], ['v', ['true']]]);
    expect(disabled({ node: 'n', role: 'server', args: new Map([['disable', [{ value: 'traefik, servicelb', source: '' }, { value: 'coredns', source: '' }]]]) })).toEqual(['traefik', 'servicelb', 'coredns']);
  });
  it('are kept without tokens and credentials', () => {
    const kept = keepNodeArgs(JSON.stringify(['server', '--token', 'hunter2', '--cluster-cidr=10.52.0.0/16', '--datastore-endpoint=mysql://u:p@h', '--flannel-iface', 'eth1', '--kube-proxy-arg', 'proxy-mode=ipvs', '--kubelet-arg', 'x=hunter2', '--disable', 'servicelb,traefik']));
    expect(JSON.parse(kept ?? '')).toEqual(['server', '--token', '…', '--cluster-cidr=10.52.0.0/16', '--datastore-endpoint=…', '--flannel-iface', 'eth1', '--kube-proxy-arg', 'proxy-mode=ipvs', '--kubelet-arg', '…', '--disable', 'servicelb,traefik']);
    expect(keepNodeArgs('no list')).toBeUndefined();
  });
});

describe('a picture', () => {
  it.each([
    ['K3s as installed', [node(['server'])], 'flannel', 'kube-router', 'iptables', ['servicelb']],
    ['K3s with its controller off', [node(['server', '--disable-network-policy', '--disable=servicelb'])], 'flannel', 'none', 'iptables', []],
    ['K3s with IPVS', [node(['server', '--kube-proxy-arg', 'proxy-mode=ipvs'])], 'flannel', 'kube-router', 'ipvs', ['servicelb']],
    ['K3s with Calico', [node(['server', '--flannel-backend=none', '--disable-network-policy']), daemonSet('calico-node', 'docker.io/calico/node:v3.31.0')], 'calico', 'calico', 'iptables', ['servicelb']],
    ['Flannel of its own', [daemonSet('kube-flannel-ds', 'ghcr.io/flannel-io/flannel:v0.28.0')], 'flannel', 'none', undefined, []],
    ['Canal', [daemonSet('canal', 'calico/node:v3.31.0', 'flannel/flannel:v0.28')], 'canal', 'calico', undefined, []],
    ['Cilium instead of kube-proxy', [daemonSet('cilium', 'quay.io/cilium/cilium:v1.18.1@sha256:00'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cilium-config', namespace: 'kube-system' }, data: { 'kube-proxy-replacement': 'true' } }], 'cilium', 'cilium', 'cilium', []],
    ['annotations alone', [node(undefined, { 'flannel.alpha.coreos.com/backend-type': 'vxlan' })], 'flannel', undefined, undefined, []],
    ['an agent of K3s alone', [node(['agent'], { 'flannel.alpha.coreos.com/backend-type': 'vxlan' })], 'flannel', undefined, undefined, []],
    ['nothing', [], undefined, undefined, undefined, []],
  ])('%s', (_what, objects, cni, enforcer, proxy, balancers) => {
    const picture = pictureOf(snapshot(objects));
    expect([picture.cni?.name, picture.enforcer?.value, picture.serviceProxy?.value, picture.loadBalancers.map(({ name }) => name)]).toEqual([cni, enforcer, proxy, balancers]);
  });

  it('takes annotations for traces where all DaemonSets are known', () => {
    const { cnis } = pictureOf(snapshot([node(undefined, { 'flannel.alpha.coreos.com/backend-type': 'vxlan' })], 'live'));
    expect(cnis).toMatchObject([{ name: 'flannel', how: 'trace' }]);
  });
});

describe('changes of fields', () => {
  it('are told by path; what moves by itself is not', () => {
    expect(fieldChanges({ spec: { a: 1, list: ['x'], deep: [{ b: 1 }] }, metadata: { uid: '1' } }, { spec: { a: 2, list: ['x', 'y'], deep: [{ b: 1, c: 2 }] }, metadata: { uid: '2' } })).toEqual([
      { path: 'spec.a', before: '1', after: '2' }, { path: 'spec.deep[0].c', after: '2' }, { path: 'spec.list', before: '["x"]', after: '["x","y"]' },
    ]);
  });
});

describe('values of charts', () => {
  const chart = (kind: string, spec: object, name = 'cilium'): object => ({ apiVersion: 'helm.cattle.io/v1', kind, metadata: { name, namespace: 'kube-system' }, spec });
  const podRanges = (objects: readonly object[]): string[] => pictureOf(snapshot(objects)).ranges.filter(({ use, by }) => use === 'pod' && by !== 'distribution').map(({ range, source }) => `${range} ${source}`);

  it('say what a CNI will give out; a HelmChartConfig counts before its HelmChart, and what is installed before both', () => {
    const installed = chart('HelmChart', { set: { 'ipam.operator.clusterPoolIPv4PodCIDRList[0]': '10.1.0.0/16', 'ipam.operator.clusterPoolIPv4PodCIDRList[1]': '10.2.0.0/16' } });
    const config = chart('HelmChartConfig', { valuesContent: '{"ipam":{"operator":{"clusterPoolIPv4PodCIDRList":["10.3.0.0/16"]}}}' });
    expect(podRanges([installed])).toEqual(['10.1.0.0/16 HelmChart cilium spec.set ipam.operator.clusterPoolIPv4PodCIDRList', '10.2.0.0/16 HelmChart cilium spec.set ipam.operator.clusterPoolIPv4PodCIDRList']);
    expect(podRanges([installed, config])).toEqual(['10.3.0.0/16 HelmChartConfig cilium spec.valuesContent ipam.operator.clusterPoolIPv4PodCIDRList']);
    const there = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cilium-config', namespace: 'kube-system' }, data: { ipam: 'cluster-pool', 'cluster-pool-ipv4-cidr': '10.4.0.0/16' } };
    expect(podRanges([installed, config, there])).toEqual(['10.4.0.0/16 cilium-config cluster-pool-ipv4-cidr']);
  });
  it('of other modes and other charts say nothing', () => {
    expect(podRanges([chart('HelmChart', { valuesContent: 'ipam: {mode: kubernetes, operator: {clusterPoolIPv4PodCIDRList: [10.1.0.0/16]}}' })])).toEqual([]);
    expect(podRanges([chart('HelmChart', { valuesContent: 'service: {type: LoadBalancer}' }, 'traefik'), chart('HelmChart', {}, 'x')])).toEqual([]);
  });
  it('of the operator and of Flannel', () => {
    expect(podRanges([chart('HelmChart', { valuesContent: 'installation: {calicoNetwork: {ipPools: [{cidr: 10.244.0.0/16}]}}' }, 'tigera-operator'), chart('HelmChart', { valuesContent: 'podCidr: 10.5.0.0/16' }, 'flannel')])).toEqual([
      '10.5.0.0/16 HelmChart flannel spec.valuesContent podCidr', '10.244.0.0/16 HelmChart tigera-operator spec.valuesContent installation.calicoNetwork.ipPools',
    ]);
  });
});
