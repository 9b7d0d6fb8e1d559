/** Hosts of each distribution are recognised by their files, and the file that turns the built-in CNI off is the right one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detectHost } from '../../src/distro/detect.ts';
import { policyController } from '../../src/distro/k3s/policy-controller.ts';
import { readSettings } from '../../src/distro/k3s/settings.ts';
import { namespaceHost, type TestHost } from '../support/namespace-shell.ts';

/** Rules and sets without what the kernel chooses anew. */
const DUMP = "iptables-save -t filter | grep -v '^#'; ipset save | sed -E 's/ (hashsize|bucketsize|initval) [^ ]+//g'";
const k3sUnit = '[Service]\nExecStart=/usr/local/bin/k3s server\n';

describe('hosts', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await namespaceHost('test-node');
  });
  afterEach(async () => await host.remove());

  test('a K3s server: drop-ins in order, directories of containerd, the change', async () => {
    await host.write('/etc/systemd/system/k3s.service', k3sUnit);
    await host.write('/etc/rancher/k3s/config.yaml', 'token: secret\ncluster-cidr: 10.52.0.0/16\nflannel-backend: host-gw\n');
    await host.write('/etc/rancher/k3s/config.yaml.d/10-net.yaml', 'flannel-backend: vxlan\n');
    await host.write('/var/lib/rancher/k3s/agent/etc/containerd/config.toml', '[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "/var/lib/rancher/k3s/data/cni"\n  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"\n');
    const { distribution, host: found } = await detectHost(host);
    expect(found).toMatchObject({ distribution: 'k3s', role: 'server', service: 'k3s', builtInBackend: 'vxlan' });
    expect(await distribution.cniDirs(host, found)).toMatchObject({ confDir: '/var/lib/rancher/k3s/agent/etc/cni/net.d', binDirs: ['/var/lib/rancher/k3s/data/cni'] });
    expect((await readSettings(host, 'k3s'))['cluster-cidr']?.value).toBe('10.52.0.0/16');

    const change = await distribution.cniOffChange(host, found);
    expect(change).toMatchObject({ path: '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml', content: expect.stringContaining('\nflannel-backend: none\n') as string });
    if (change !== undefined) await host.write(change.path, change.content);
    expect((await detectHost(host)).host).not.toHaveProperty('builtInBackend');
    expect(await distribution.cniOffChange(host, found)).toEqual(change);
  });

  test.each([
    ['the unit', '/etc/systemd/system/k3s.service', "[Service]\nExecStart=/usr/local/bin/k3s \\\n server \\\n\t'--flannel-backend=vxlan' \\\n\n"],
    ['a later file', '/etc/rancher/k3s/config.yaml.d/99-last.yaml', 'flannel-backend: vxlan\n'],
  ])('a K3s server whose backend is set by %s, which wins over a drop-in', async (_what, path, content) => {
    await host.write('/etc/systemd/system/k3s.service', k3sUnit);
    await host.write(path, content);
    const { distribution, host: found } = await detectHost(host);
    await expect(distribution.cniOffChange(host, found)).rejects.toThrow(`set to vxlan in ${path}`);
  });

  test("K3s' policy controller: on unless it is said to be off; a drop-in says so, unless the unit's command line is stronger", async () => {
    await host.write('/etc/systemd/system/k3s.service', k3sUnit);
    const { host: found } = await detectHost(host);
    expect(await policyController.isOn(host, found)).toBe(true);
    await host.write('/etc/rancher/k3s/config.yaml', 'disable-network-policy: false\n');
    expect(await policyController.isOn(host, found)).toBe(true);
    const change = await policyController.offChange(host, found);
    await host.write(change.path, change.content);
    expect(await policyController.isOn(host, found)).toBe(false);
    await host.write('/etc/systemd/system/k3s.service', '[Service]\nExecStart=/usr/local/bin/k3s server --disable-network-policy=false\n');
    expect(await policyController.isOn(host, found)).toBe(true);
    await expect(policyController.offChange(host, found)).rejects.toThrow('disable-network-policy is set to false in /etc/systemd/system/k3s.service');
  });

  test('a K3s agent has nothing to change', async () => {
    await host.write('/etc/systemd/system/k3s-agent.service', '[Service]\nExecStart=/usr/local/bin/k3s agent\n');
    const { distribution, host: found } = await detectHost(host);
    expect(found).toEqual({ node: 'test-node', distribution: 'k3s', role: 'agent', service: 'k3s-agent', containerdConfigs: ['/var/lib/rancher/k3s/agent/etc/containerd/config.toml'] });
    expect(await distribution.cniOffChange(host, found)).toBeUndefined();
  });

  test('K3s: what its policy controller left is found and removed, nothing else', async () => {
    await host.set(`
ipset create KUBE-SRC-ABC hash:ip; ipset create inet6:KUBE-DST-ABC hash:ip family inet6; ipset create theirs hash:ip
iptables -N KUBE-ROUTER-FORWARD; iptables -N KUBE-POD-FW-ABC; iptables -N KUBE-NWPLCY-ABC; iptables -N KUBE-SERVICES
iptables -A FORWARD -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD
iptables -A KUBE-ROUTER-FORWARD -d 10.42.0.5/32 -j KUBE-POD-FW-ABC
iptables -A KUBE-NWPLCY-ABC -m set --match-set KUBE-SRC-ABC src -j RETURN
ipset add KUBE-SRC-ABC 10.42.1.7; ipset add inet6:KUBE-DST-ABC fd00::7`);
    expect(await policyController.describeRules(host)).toHaveLength(5);
    const before = await host.set(DUMP);
    const rules = await policyController.readRules(host);
    await policyController.removeRules(host);
    expect(await policyController.describeRules(host)).toEqual([]);
    await policyController.removeRules(host);
    expect(await host.set('iptables-save -t filter')).toContain(':KUBE-SERVICES');
    expect(await host.set('ipset list -n')).toBe('theirs\n');

    // Back as it was, before whatever has come into the chain meanwhile; a second time changes nothing.
    await host.set('iptables -A FORWARD -j KUBE-SERVICES');
    for (const _time of [1, 2]) await policyController.restoreRules(host, JSON.parse(JSON.stringify(rules)) as typeof rules);
    expect(await host.set('iptables -S FORWARD')).toMatch(/TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD\n-A FORWARD -j KUBE-SERVICES\n$/);
    await host.set('iptables -D FORWARD -j KUBE-SERVICES');
    expect((await host.set(DUMP)).split('\n').toSorted()).toEqual(before.split('\n').toSorted());
  });

  test('kubeadm: a worker and a control-plane node', async () => {
    await host.write('/etc/kubernetes/kubelet.conf', '');
    const { distribution, host: worker } = await detectHost(host);
    expect(worker).toMatchObject({ distribution: 'kubeadm', role: 'agent', service: 'kubelet' });
    expect(await distribution.cniOffChange(host, worker)).toBeUndefined();
    await host.write('/etc/kubernetes/admin.conf', '');
    expect((await detectHost(host)).host.role).toBe('server');
    await expect(distribution.snapshotDatastore(host, worker, 'x')).rejects.toThrow(/etcd runs elsewhere/);
  });

  test('neither', async () => {
    await expect(detectHost(host)).rejects.toThrow(/neither a K3s nor a kubeadm node/);
  });
});
