/** Values of charts: what networking needs, and not a word more. */
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { TooManyValues } from '../../cluster/snapshot/shape.ts';
import { keepChartSet, keepChartValues } from './chart-values.ts';

const kept = (values: unknown): unknown => {
  const text = keepChartValues(dump(values));
  return text === undefined ? undefined : JSON.parse(text);
};

describe('valuesContent', () => {
  it('of Traefik', () => {
    expect(kept({
      service: { type: 'LoadBalancer', spec: { loadBalancerIP: '192.168.10.240', externalTrafficPolicy: 'Local' }, annotations: { 'metallb.io/loadBalancerIPs': '192.168.10.240', 'example.com/token': 'x' } },
      ports: { web: { port: 8000, exposedPort: 80, expose: { default: true }, forwardedHeaders: { trustedIPs: ['10.0.0.0/8'] } }, websecure: { port: 8443, tls: { certResolver: 'le' } }, traefik: { expose: false } },
      additionalArguments: ['--certificatesresolvers.le.acme.email=me@example.com'], env: [{ name: 'CF_API_TOKEN', value: 'x' }], deployment: { kind: 'DaemonSet', replicas: 2, podAnnotations: { a: 'b' } }, hostNetwork: true,
    })).toEqual({
      service: { type: 'LoadBalancer', spec: { loadBalancerIP: '192.168.10.240', externalTrafficPolicy: 'Local' }, annotations: { 'metallb.io/loadBalancerIPs': '192.168.10.240' } },
      ports: { web: { port: 8000, exposedPort: 80, expose: true }, websecure: { port: 8443 }, traefik: { expose: false } },
      deployment: { kind: 'DaemonSet', replicas: 2 }, hostNetwork: true,
    });
  });

  it('of Cilium and Calico', () => {
    const cilium = { kubeProxyReplacement: true, k8sServiceHost: '127.0.0.1', k8sServicePort: 6444, ipam: { mode: 'cluster-pool', operator: { clusterPoolIPv4PodCIDRList: ['10.42.0.0/16'], clusterPoolIPv4MaskSize: 24 } }, devices: ['eth0', 'enp3s0'], cni: { exclusive: false, confPath: '/x' }, MTU: 1450 };
    expect(kept({ ...cilium, hubble: { tls: { ca: { key: 'x' } } } })).toEqual({ ...cilium, cni: { exclusive: false } });
    const calico = { installation: { calicoNetwork: { bgp: 'Disabled', mtu: 1450, ipPools: [{ cidr: '10.244.0.0/16', encapsulation: 'VXLAN', blockSize: 26 }], nodeAddressAutodetectionV4: { interface: 'eth1' } } } };
    expect(kept({ ...calico, imagePullSecrets: { x: 'y' } })).toEqual(calico);
  });

  it('without anything of networking, or no YAML at all, is nothing', () => {
    for (const text of ['logs: {level: DEBUG}', 'service: {}', 'a: [', '', 'just words', '[1, 2]', 'service: {annotations: {x: y}}']) expect(keepChartValues(text)).toBeUndefined();
    expect(keepChartValues(5)).toBeUndefined();
  });

  it('read again gives the same', () => {
    const once = keepChartValues(dump({ service: { type: 'LoadBalancer' }, ports: { web: { port: 80, expose: { default: false } } } }));
    expect(keepChartValues(once)).toBe(once);
  });

  it('that blow up by aliases are refused', () => {
    const bomb = `${'abcdefgh'.split('').map((name, at) => `${name}: &${name} ${at === 0 ? '{x: 1}' : `[${`*${'abcdefgh'[at - 1]},`.repeat(9)}]`}`).join('\n')}\nservice: {externalIPs: *h, loadBalancerSourceRanges: *h}\nipam: {operator: {clusterPoolIPv6PodCIDRList: *h}}\ninstallation: {calicoNetwork: {ipPools: *h}}`;
    const began = performance.now();
    try {
      expect(keepChartValues(bomb)).toBeUndefined();
    } catch (error) {
      expect(error).toBeInstanceOf(TooManyValues);
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('set', () => {
  it('by the same list', () => {
    expect(keepChartSet({ 'ipam.mode': 'kubernetes', 'ipam.operator.clusterPoolIPv4PodCIDRList[0]': '10.42.0.0/16', 'service.annotations.metallb\\.io/loadBalancerIPs': '10.0.0.9', kubeProxyReplacement: 'true', 'hubble.relay.tls.key': 'x', adminPassword: 'hunter2', 'service.type': 'hunter2' }))
      .toEqual({ 'ipam.mode': 'kubernetes', 'ipam.operator.clusterPoolIPv4PodCIDRList[0]': '10.42.0.0/16', 'service.annotations.metallb\\.io/loadBalancerIPs': '10.0.0.9', kubeProxyReplacement: 'true' });
    expect(keepChartSet({ x: 'y' })).toBeUndefined();
    expect(keepChartSet('x')).toBeUndefined();
  });
});
