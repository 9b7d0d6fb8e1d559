/** Profile `kubeadm`: its directories, Flannel as a DaemonSet, and Flannel without a tunnel. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject, NodeObject, PodObject } from '../../src/cluster/objects.ts';
import { fairleadOk } from './support/fairlead.ts';
import { getScript, inPod, nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'e6';

let lab: TestLab;
let server: string;
let agent: string;

beforeAll(async () => {
  lab = await startLab(LAB, '--profile', 'kubeadm', '--nodes', '2', '--flannel-backend', 'host-gw', '--cluster-cidr', '10.244.0.0/16', '--service-cidr', '10.96.0.0/12', '--apps');
  [server, agent] = lab.nodes;
  await lab.apply(nodePod('on-server', server), nodePod('on-agent', agent));
  await untilReady(lab, 'on-server', 'on-agent');
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
});

async function podCidr(name: string): Promise<string> {
  const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
  return node?.spec?.podCIDR ?? '';
}

describe('kubeadm', () => {
  test('Flannel is a DaemonSet with a pod on every node', async () => {
    const daemons = await lab.cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' });
    expect(daemons.map((one) => `${one.metadata.namespace}/${one.metadata.name}`)).toEqual(['kube-flannel/kube-flannel-ds']);
    const pods = await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'kube-flannel' });
    expect(pods.map((pod) => `${pod.spec.nodeName} ${pod.status?.phase}`).toSorted()).toEqual([`${agent} Running`, `${server} Running`]);
    const config = await lab.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-flannel', name: 'kube-flannel-cfg' });
    expect(JSON.parse((config?.['data'] as Record<string, string> | undefined)?.['net-conf.json'] ?? '')).toMatchObject({ Network: '10.244.0.0/16', Backend: { Type: 'host-gw' } });
  });

  test('the CNI lies in /etc/cni/net.d and /opt/cni/bin, put there by the DaemonSet', async () => {
    for (const node of [server, agent]) {
      expect(JSON.parse(await lab.on(node, 'cat', '/etc/cni/net.d/10-flannel.conflist'))).toMatchObject({ name: 'cbr0', plugins: [{ type: 'flannel' }, { type: 'portmap' }] });
      expect((await lab.on(node, 'ls', '/opt/cni/bin')).split('\n')).toEqual(expect.arrayContaining(['bridge', 'flannel', 'host-local', 'loopback', 'portmap']));
      expect((await lab.shell(node).run(['ls', '/var/lib/rancher', '/etc/rancher'])).stdout.replace(/^\/.*:$/gm, '').trim()).toBe('');
    }
  });

  test('the control plane is tainted, and only what tolerates that runs there', async () => {
    const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: server });
    expect((node?.spec as { taints?: unknown } | undefined)?.taints).toEqual([{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]);
    const { code, stdout } = await lab.kubectl('get', 'pods', '-n', 'shop', '-o', 'jsonpath={.items[*].spec.nodeName}');
    expect([code, new Set(stdout.split(' '))]).toEqual([0, new Set([agent])]);
  });

  test('the components are services of their own with kubeadm\'s files', async () => {
    for (const unit of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'containerd', 'kubelet', 'kube-proxy']) {
      expect((await lab.on(server, 'systemctl', 'is-active', unit)).trim(), unit).toBe('active');
    }
    expect((await lab.shell(agent).run(['systemctl', 'is-active', 'kube-apiserver'])).code).toBe(4);
    expect(await lab.on(server, 'ls', '/etc/kubernetes/admin.conf', '/etc/kubernetes/pki/ca.crt', '/var/lib/kubelet/config.yaml')).toContain('/etc/kubernetes/pki/ca.crt');
  });

  test('the ranges asked for are those in use', async () => {
    expect([await podCidr(server), await podCidr(agent)].toSorted()).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
    const kubernetes = await lab.cluster.get<KubeObject & { spec: { clusterIP: string } }>({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' });
    expect(kubernetes?.spec.clusterIP).toBe('10.96.0.1');
  });
});

describe('host-gw', () => {
  test('pods are routed by the nodes\' own addresses, without a tunnel', async () => {
    expect(await lab.on(agent, 'ip', 'route')).toContain(`${await podCidr(server)} via 192.168.77.11 dev eth0`);
    expect(await lab.on(server, 'ip', 'route')).toContain(`${await podCidr(agent)} via 192.168.77.12 dev eth0`);
    for (const node of [server, agent]) expect((await lab.shell(node).run(['ip', 'link', 'show', 'flannel.1'])).code).toBe(1);
    expect(await lab.on(agent, 'cat', '/run/flannel/subnet.env')).toContain('FLANNEL_MTU=1500');
  });

  test.each(['on-server', 'on-agent'])('DNS and Services answer from pod %s', async (pod) => {
    const nonce = randomUUID();
    expect(JSON.parse(await inPod(lab, pod, getScript(`http://web.shop:8080/?nonce=${nonce}`)))).toMatchObject({ role: 'web', nonce });
  });

  test('the NodePort answers at both nodes', async () => {
    for (const { address } of lab.state.nodes) {
      const nonce = randomUUID();
      const said = await lab.outside.run([process.execPath, '-e', getScript(`http://${address}:30080/?nonce=${nonce}`)]);
      expect(JSON.parse(said.stdout)).toMatchObject({ role: 'web', nonce });
    }
  });
});
