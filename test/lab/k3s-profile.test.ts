/** Profile `k3s` against what is known of K3s: one test per fact that applies to a lab. docs/guides/lab.md has the table of facts and tests, also of those that have none; the last two tests leave the lab on `flannel-backend: none`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeObject, PodObject } from '../../src/cluster/objects.ts';
import { isReady } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { readText } from '../../src/node/shell.ts';
import { fairleadOk } from './support/fairlead.ts';
import { nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'e5';
const K3S = '/var/lib/rancher/k3s';
const CONTAINERD_CONFIG = `${K3S}/agent/etc/containerd/config.toml`;
const CONFLIST = `${K3S}/agent/etc/cni/net.d/10-flannel.conflist`;
const DROP_IN = '/etc/rancher/k3s/config.yaml.d/90-test.yaml';

let lab: TestLab;
let server: string;
let agent: string;

beforeAll(async () => {
  lab = await startLab(LAB, '--nodes', '2', '--apps');
  [server, agent] = lab.nodes;
  await lab.apply(nodePod('with-host-port', agent, '', {}, { ports: [{ containerPort: 8080, hostPort: 18_080 }] }));
  await untilReady(lab, 'with-host-port');
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
});

const unitOf = (node: string): string => (node === server ? 'k3s' : 'k3s-agent');

/** Runs what starts a node's service anew, and waits until the service says that it is up and Flannel, where it is on, has written its rules again (flanneld removes and adds them at its start). */
async function untilStartedBy(node: string, act: () => Promise<unknown>): Promise<void> {
  const count = async (words: string): Promise<number> => (await lab.on(node, 'journalctl', '-u', unitOf(node), '-o', 'cat')).split('\n').filter((line) => line.includes(words)).length;
  const words = ['k3s is up and running', 'Running backend.'];
  const [up = 0, flannel = 0] = await Promise.all(words.map(count));
  await act();
  await waitUntil(async () => {
    const [upNow = 0, flannelNow = 0] = await Promise.all(words.map(count));
    return upNow > up && (flannelNow > flannel || (await cniSection(node)) === undefined) ? true : undefined;
  }, { timeoutMs: 90_000, what: `${unitOf(node)} on ${node} to be up` });
}

async function systemctl(verb: 'restart' | 'start', node: string): Promise<void> {
  await untilStartedBy(node, async () => lab.on(node, 'systemctl', verb, unitOf(node)));
  await waitUntil(async () => ((await lab.cluster.raw('/readyz')) === 'ok' ? true : undefined), { timeoutMs: 30_000, what: 'the API server' });
}

/** What a node's network is made of: devices with index and MAC, routes, forwarding entries, Flannel's and portmap's rules. */
async function network(node: string): Promise<Record<string, string>> {
  const rules = await lab.on(node, 'iptables-save');
  return {
    devices: await lab.on(node, 'sh', '-c', 'ip -oneline -detail link show flannel.1; ip -oneline link show cni0; ip -oneline link show type veth'),
    routes: await lab.on(node, 'ip', 'route'),
    fdb: await lab.on(node, 'bridge', 'fdb', 'show', 'dev', 'flannel.1'),
    neighbours: await lab.on(node, 'sh', '-c', 'ip neigh show dev flannel.1 nud permanent'),
    rules: rules.split('\n').filter((line) => /FLANNEL|CNI-/.test(line)).map((line) => line.replace(/\[\d+:\d+\]/, '')).join('\n'),
    'subnet.env': await lab.on(node, 'cat', '/run/flannel/subnet.env'),
  };
}

async function containers(): Promise<string[]> {
  const pods = await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' });
  return pods.flatMap((pod) => ((pod['status'] as { containerStatuses?: { restartCount: number; containerID?: string }[] }).containerStatuses ?? []).map((one) => `${pod.metadata.name} ${one.restartCount} ${one.containerID}`)).toSorted();
}

/** The demo's long-lived TCP stream between two pods on different nodes. */
async function stream(): Promise<{ received: number; breaks: number; connectedSince: string }> {
  const [client] = await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', labelSelector: 'app=stream-client' });
  return JSON.parse(await lab.on(server, 'curl', '--silent', '--max-time', '3', `http://${client?.status?.podIP}:8080/stats`)) as { received: number; breaks: number; connectedSince: string };
}

/** The stream goes on: more lines than before by the same connection. */
async function expectStreamGoesOn(before: Awaited<ReturnType<typeof stream>>): Promise<void> {
  await waitUntil(async () => ((await stream()).received > before.received + 5 ? true : undefined), { timeoutMs: 10_000, what: 'the stream to go on' });
  expect(await stream()).toMatchObject({ breaks: before.breaks, connectedSince: before.connectedSince });
}

const cniSection = async (node: string): Promise<string | undefined> => /^\[plugins\."io\.containerd\.grpc\.v1\.cri"\.cni\]\n(.*\n)*?(?=\[|$)/m.exec((await readText(lab.shell(node), CONTAINERD_CONFIG)) ?? '')?.[0];

describe('flannel on', () => {
  test("row: containerd reads K3s' own CNI directories, by its configuration where K3s puts it", async () => {
    for (const node of [server, agent]) {
      expect(await cniSection(node)).toMatch(`bin_dir = "${K3S}/data/cni"\n  conf_dir = "${K3S}/agent/etc/cni/net.d"`);
      expect(await lab.on(node, 'pgrep', '--full', '--list-full', `containerd --config ${CONTAINERD_CONFIG}`)).toContain('containerd');
      expect((await lab.on(node, 'ls', `${K3S}/data/cni`)).split('\n')).toEqual(expect.arrayContaining(['bridge', 'flannel', 'host-local', 'loopback', 'portmap']));
      expect((await lab.shell(node).run(['sh', '-c', 'ls -A /etc/cni/net.d /opt/cni/bin'])).stdout.replace(/^\/.*:$/gm, '').trim()).toBe('');
    }
  });

  test('row: flannel and the control plane live inside the service', async () => {
    const children = async (node: string): Promise<string> => {
      const pid = (await lab.on(node, 'systemctl', 'show', unitOf(node), '-p', 'MainPID')).trim().replace('MainPID=', '');
      return lab.on(node, 'pgrep', '--parent', pid, '--list-name');
    };
    expect(await children(server)).toMatch(/etcd[^]*kube-apiserver|kube-apiserver[^]*etcd/);
    for (const node of [server, agent]) expect(await children(node)).toMatch(/flanneld/);
    expect(await lab.cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' })).toEqual([]);
  });

  test('row: kube-proxy gets the cluster-cidr, and masquerades what comes to a Service from outside it', async () => {
    for (const node of [server, agent]) {
      expect(await lab.on(node, 'pgrep', '--full', '--list-full', 'bin/kube-proxy')).toContain('--cluster-cidr=10.42.0.0/16');
      expect(await lab.on(node, 'iptables-save', '-t', 'nat')).toMatch(/^-A KUBE-SVC-\w+ ! -s 10\.42\.0\.0\/16 -d 10\.43\.0\.1\/32 .*-j KUBE-MARK-MASQ$/m);
    }
  });

  test("row: network policies are K3s' own kube-router; the lab has none and says so", async () => {
    expect(await readText(lab.shell(server), '/etc/rancher/k3s/config.yaml')).toContain('disable-network-policy: true');
    expect(await lab.on(server, 'iptables-save')).not.toContain('KUBE-ROUTER');
  });

  test('row: 10-flannel.conflist is written anew at every start', async () => {
    const original = await readText(lab.shell(agent), CONFLIST);
    await lab.shell(agent).write(CONFLIST, '{"name":"edited","cniVersion":"1.0.0","plugins":[]}');
    await systemctl('restart', agent);
    expect(await readText(lab.shell(agent), CONFLIST)).toBe(original);
    await lab.on(agent, 'rm', CONFLIST);
    await systemctl('restart', agent);
    expect(await readText(lab.shell(agent), CONFLIST)).toBe(original);
  });
});

describe('systemctl and journalctl', () => {
  test('status, stop, start and journal of the services', async () => {
    const shell = lab.shell(agent);
    expect(await shell.run(['systemctl', 'status', 'k3s-agent'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/● k3s-agent\.service - Lightweight Kubernetes\n +Loaded: loaded \(\/etc\/systemd\/system\/k3s-agent\.service; enabled\)\n +Active: active \(running\)/) as string });
    expect(await shell.run(['systemctl', 'is-enabled', 'k3s-agent'])).toMatchObject({ code: 0, stdout: 'enabled\n' });
    expect((await shell.run(['systemctl', 'status', 'k3s'])).code).toBe(4);
    expect(await lab.on(agent, 'systemctl', 'cat', 'k3s-agent')).toContain('KillMode=process');
    const streamed = await stream();
    await lab.on(agent, 'systemctl', 'stop', 'k3s-agent');
    expect(await shell.run(['systemctl', 'is-active', 'k3s-agent'])).toMatchObject({ code: 3, stdout: 'inactive\n' });
    // The brackets keep the pattern from finding the shell that runs this very command.
    expect((await shell.run(['pgrep', '--full', '[f]lanneld|[b]in/kubelet|[b]in/kube-proxy|[c]ontainerd --config'])).stdout).toBe('');
    // Frozen: no Flannel, no kubelet, and yet pods talk.
    await expectStreamGoesOn(streamed);
    await systemctl('start', agent);
    expect(await shell.run(['systemctl', 'is-active', 'k3s-agent'])).toMatchObject({ code: 0, stdout: 'active\n' });
    const journal = await lab.on(agent, 'journalctl', '-u', 'k3s-agent', '--no-pager', '-n', '5000');
    expect(journal).toMatch(/systemd: Stopped k3s-agent\.service[^]*systemd: Started k3s-agent\.service/);
    expect((await lab.on(agent, 'journalctl', '-u', 'k3s-agent', '-n', '3')).trim().split('\n')).toHaveLength(3);
  });

  test('a service that dies is started again', async () => {
    const pid = async (): Promise<string> => (await lab.on(agent, 'systemctl', 'show', 'k3s-agent', '-p', 'MainPID')).trim().replace('MainPID=', '');
    const old = await pid();
    await untilStartedBy(agent, async () => lab.on(agent, 'kill', '-9', old));
    expect(await pid()).not.toBe(old);
  });
});

describe('KillMode=process', () => {
  test.each(['agent', 'server'])('row: restarting the %s leaves pods, devices, routes, FDB and rules; a TCP stream survives', async (which) => {
    const node = which === 'agent' ? agent : server;
    const before = { network: await network(node), containers: await containers() };
    const streamed = await stream();
    expect(before.network['rules']).toMatch(/-A FLANNEL-POSTRTG[^]*-A FLANNEL-FWD|-A FLANNEL-FWD[^]*-A FLANNEL-POSTRTG/);
    await systemctl('restart', node);
    await expectStreamGoesOn(streamed);
    await waitUntil(async () => {
      const nodes = await lab.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
      return nodes.every(isReady) ? true : undefined;
    }, { timeoutMs: 30_000, what: 'both nodes to be Ready' });
    expect({ network: await network(node), containers: await containers() }).toEqual(before);
  });
});

describe('settings of the cluster', () => {
  test('config.yaml.d: the last file by name wins over the others and over config.yaml', async () => {
    const first = '/etc/rancher/k3s/config.yaml.d/10-test.yaml';
    try {
      await lab.shell(server).write(first, 'flannel-backend: host-gw\nkube-proxy-arg: [v=1]\n');
      await lab.shell(server).write(DROP_IN, 'flannel-backend: vxlan\nkube-proxy-arg+: [v=2]\n');
      await systemctl('restart', server);
      expect(await lab.on(server, 'journalctl', '-u', 'k3s', '-o', 'cat')).toMatch(/flannel-backend=vxlan [^\n]*\n(?![^]*flannel-backend=)/);
      expect(await lab.on(server, 'pgrep', '--full', '--list-full', 'bin/kube-proxy')).toMatch(/--v=1 --v=2/);
    } finally {
      await lab.on(server, 'rm', '-f', first, DROP_IN);
      await systemctl('restart', server);
    }
  });

  test('row: K3s does not stay up with another cluster-cidr than the nodes have ranges of; pods run on', async () => {
    const streamed = await stream();
    try {
      await lab.shell(server).write(DROP_IN, 'cluster-cidr: 10.60.0.0/16\n');
      await lab.on(server, 'systemctl', 'restart', 'k3s');
      // Of Kubernetes 1.34 it is Flannel that refuses first, not the controller-manager.
      const journal = await waitUntil(async () => {
        const text = await lab.on(server, 'journalctl', '-u', 'k3s', '-o', 'cat');
        return text.includes('flannel exited: exit status 1') ? text : undefined;
      }, { timeoutMs: 120_000, what: 'Flannel to refuse' });
      expect(journal).toMatch(/flannel: .*10\.60\.0\.0\/16.* doesn't contain .*10\.42\.\d\.0\/24/);
    } finally {
      await lab.on(server, 'rm', '-f', DROP_IN);
      await systemctl('restart', server);
    }
    await expectStreamGoesOn(streamed);
  });
});

describe('flannel-backend', () => {
  test("row: it is a server's setting; an agent's own is ignored", async () => {
    await lab.shell(agent).write(DROP_IN, 'flannel-backend: none\n');
    await systemctl('restart', agent);
    expect(await lab.on(agent, 'journalctl', '-u', 'k3s-agent')).toContain('Unknown flag --flannel-backend found in /etc/rancher/k3s/config.yaml.d/90-test.yaml, skipping');
    expect(await cniSection(agent)).toBeDefined();
    await lab.on(agent, 'rm', DROP_IN);
  });

  test("row: an agent takes it from the server at the agent's start, so each node changes at its own restart", async () => {
    await lab.shell(server).write(DROP_IN, 'flannel-backend: none\n');
    await systemctl('restart', agent);
    expect(await cniSection(agent), 'the server has not read it yet').toBeDefined();
    await systemctl('restart', server);
    expect(await cniSection(server)).toBeUndefined();
    expect(await cniSection(agent), 'the agent has not asked yet').toBeDefined();
    expect((await lab.shell(agent).run(['pgrep', 'flanneld'])).code).toBe(0);
    expect((await lab.shell(server).run(['pgrep', 'flanneld'])).code).toBe(1);
    await systemctl('restart', agent);
    expect(await cniSection(agent)).toBeUndefined();
    expect((await lab.shell(agent).run(['pgrep', 'flanneld'])).code).toBe(1);
  });

  test('row: with none, everything of Flannel is left behind, and pods run on', async () => {
    const seen = await network(agent);
    expect(seen['devices']).toMatch(/flannel\.1:.*vxlan id 1 [^]*cni0:[^]*veth/);
    expect(seen['routes']).toMatch(/10\.42\.\d\.0\/24 via 10\.42\.\d\.0 dev flannel\.1 onlink/);
    expect(seen['fdb']).toMatch(/dst 192\.168\.77\.11/);
    expect(seen['rules']).toMatch(/FLANNEL-POSTRTG/);
    expect(seen['rules']).toMatch(/FLANNEL-FWD/);
    expect(seen['rules']).toMatch(/CNI-HOSTPORT-DNAT/);
    expect(seen['subnet.env']).toContain('FLANNEL_SUBNET=10.42.');
    expect(await lab.on(agent, 'ls', '/var/lib/cni/networks/cbr0', CONFLIST, `${K3S}/agent/etc/flannel/net-conf.json`)).toMatch(/10\.42\.\d\.\d+/);
    const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: agent });
    expect(Object.keys(node?.metadata.annotations ?? {})).toEqual(expect.arrayContaining(['backend-data', 'backend-type', 'kube-subnet-manager', 'public-ip'].map((name) => `flannel.alpha.coreos.com/${name}`)));
    await expectStreamGoesOn(await stream());
  });

  test('row: with none, containerd falls back to its default directories; without loopback the node is Ready and every sandbox fails', async () => {
    const conflist = { cniVersion: '1.0.0', name: 'test', plugins: [{ type: 'bridge', bridge: 'test0', ipam: { type: 'host-local', subnet: '10.42.99.0/24' } }] };
    await lab.on(agent, 'mkdir', '-p', '/opt/cni/bin');
    await lab.on(agent, 'cp', `${K3S}/data/cni/bridge`, `${K3S}/data/cni/host-local`, '/opt/cni/bin/');
    await lab.shell(agent).write('/etc/cni/net.d/10-test.conflist', JSON.stringify(conflist));
    await waitUntil(async () => {
      const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: agent });
      return node !== undefined && isReady(node) ? true : undefined;
    }, { timeoutMs: 40_000, what: 'the node to be Ready by a configuration in /etc/cni/net.d' });
    await lab.apply(nodePod('too-early', agent));
    const said = await waitUntil(async () => {
      const events = await lab.cluster.list({ apiVersion: 'v1', kind: 'Event', namespace: 'default', fieldSelector: 'involvedObject.name=too-early,reason=FailedCreatePodSandBox' });
      return events[0]?.['message'] as string | undefined;
    }, { timeoutMs: 30_000, what: 'the sandbox to fail' });
    expect(said).toContain('failed to find plugin "loopback" in path [/opt/cni/bin]');
    await lab.on(agent, 'cp', `${K3S}/data/cni/loopback`, '/opt/cni/bin/');
    await untilReady(lab, 'too-early');
  });
});
