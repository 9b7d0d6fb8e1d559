/** One lab's life through the command line: up, a proper cluster, reboots, a neighbour, down without a trace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeObject, PodObject } from '../../src/cluster/objects.ts';
import { isReady } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { nodeProcess } from '../../src/lab/nodes/shell.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';
import { getScript, inPod, nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';
import { differences, lookAtMachine, type Machine } from './support/machine.ts';
import { webhookObjects } from './support/webhook.ts';

const LAB = 'e1';
/** Begins with the first one's name: taking one down must not touch the other. */
const NEIGHBOUR = 'e1-b';
const SHOP_NODE_PORT = 30_080;

let before: Machine;
let lab: TestLab;
let server: string;
let agent: string;
let second: string;

beforeAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
  await fairleadOk('lab', 'down', '--name', NEIGHBOUR);
  before = await lookAtMachine([LAB, NEIGHBOUR]);
  lab = await startLab(LAB, '--apps');
  [server, agent, second] = lab.nodes;
  await lab.apply(...lab.nodes.map((node) => nodePod(podOn(node), node, `console.log('hello from', ${JSON.stringify(node)})`)));
  await untilReady(lab, ...lab.nodes.map(podOn));
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
  await fairleadOk('lab', 'down', '--name', NEIGHBOUR);
});

const podOn = (node: string): string => `on-${node}`;
const addressOf = (node: string): string => lab.state.nodes.find((one) => one.name === node)?.address ?? '';
/** Asks from `outside`, which has this machine's files and so its Node.js. */
const fromOutside = async (url: string): Promise<string> => (await lab.outside.run([process.execPath, '-e', getScript(url)])).stdout.trim();
const bootId = async (node: string): Promise<string> => (await lab.on(node, 'cat', '/proc/sys/kernel/random/boot_id')).trim();

async function untilNodeReady(name: string, bootedAs: string): Promise<void> {
  await waitUntil(async () => {
    const node = await lab.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
    const info = node?.['status'] as { nodeInfo?: { bootID?: string } } | undefined;
    return node !== undefined && isReady(node) && info?.nodeInfo?.bootID === bootedAs ? true : undefined;
  }, { timeoutMs: 90_000, what: `${name} to be Ready with boot id ${bootedAs}` });
}

/** Name, uid and restarts of each container of the pods on some nodes. */
async function containersOn(...nodes: string[]): Promise<string[]> {
  const pods = await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' });
  return pods.filter((pod) => nodes.includes(pod.spec.nodeName ?? '')).map((pod) => {
    const status = pod['status'] as { containerStatuses?: { restartCount: number; containerID?: string }[] };
    return `${pod.metadata.namespace}/${pod.metadata.name} ${(status.containerStatuses ?? []).map((one) => `${one.restartCount} ${one.containerID}`).join(' ')}`;
  }).toSorted();
}

describe('a cluster that is a proper one', () => {
  test('three nodes are Ready, and `lab status` says so', async () => {
    const status = await fairlead('lab', 'status', '--name', LAB, '--output', 'json');
    expect(status.code).toBe(0);
    const [told] = JSON.parse(status.stdout) as [{ healthy: boolean; nodes: { name: string; ready: boolean; running: boolean }[] }];
    expect(told.healthy).toBe(true);
    expect(told.nodes.map((node) => [node.name, node.running, node.ready])).toEqual([server, agent, second].map((name) => [name, true, true]));
  });

  test('`lab kubeconfig` is one that works', async () => {
    const config = await fairleadOk('lab', 'kubeconfig', '--name', LAB);
    expect(config).toContain('client-certificate-data');
    expect((await fairleadOk('lab', 'kubeconfig', '--name', LAB, '--path')).trim()).toBe(labPaths(LAB).kubeconfig);
  });

  test('`lab exec` runs on the node, in its own root, and passes the exit status on', async () => {
    expect((await fairleadOk('lab', 'exec', '--name', LAB, 'agent-1', '--', 'hostname')).trim()).toBe(agent);
    expect(await fairlead('lab', 'exec', '--name', LAB, agent, '--', 'sh', '-c', 'exit 7')).toMatchObject({ code: 7 });
    expect(await fairleadOk('lab', 'exec', '--name', LAB, 'outside', '--', 'ip', '-4', '-oneline', 'address')).toContain('203.0.113.10');
  });

  test.each([0, 1, 2])('kubectl logs and exec reach node %i', async (index) => {
    const node = lab.nodes[index] ?? '';
    expect((await lab.kubectl('logs', podOn(node))).stdout).toBe(`hello from ${node}\n`);
    const nonce = randomUUID();
    expect(await inPod(lab, podOn(node), `console.log(${JSON.stringify(nonce)})`)).toBe(nonce);
  });

  test('kubectl port-forward reaches a pod', async () => {
    const kubectl = spawn(`${labPaths(LAB).dir}/bin/kubectl`, ['--kubeconfig', labPaths(LAB).kubeconfig, 'port-forward', '-n', 'shop', 'deployment/ledger', ':8080'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [said] = (await once(kubectl.stdout, 'data')) as [Buffer];
      const port = /127\.0\.0\.1:(\d+)/.exec(said.toString())?.[1];
      const nonce = randomUUID();
      expect(await (await fetch(`http://127.0.0.1:${port}/?nonce=${nonce}`)).json()).toMatchObject({ role: 'ledger', nonce });
    } finally {
      kubectl.kill();
      await once(kubectl, 'exit');
    }
  });

  test.each([0, 1, 2])('CoreDNS and ClusterIPs answer from node %i', async (index) => {
    const pod = podOn(lab.nodes[index] ?? '');
    expect(await inPod(lab, pod, "require('node:dns').promises.resolve4('kubernetes.default.svc.cluster.local').then(console.log)")).toContain('10.43.0.1');
    const nonce = randomUUID();
    expect(JSON.parse(await inPod(lab, pod, getScript(`http://web.shop:8080/?nonce=${nonce}`)))).toMatchObject({ role: 'web', nonce, upstream: { role: 'catalog', upstream: { role: 'ledger' } } });
  });

  test('a NodePort answers from outside at every node', async () => {
    for (const { address } of lab.state.nodes) {
      const nonce = randomUUID();
      expect(JSON.parse(await fromOutside(`http://${address}:${SHOP_NODE_PORT}/?nonce=${nonce}`))).toMatchObject({ role: 'web', nonce });
    }
  });

  test('a node sees its own control groups as the root; in version 2 that root holds no process, so that it can hand controllers down', async () => {
    const mounts = (await lab.on(agent, 'cat', '/proc/self/mounts')).split('\n').map((line) => line.split(' '));
    const root = mounts.find((mount) => mount[2] === 'cgroup2')?.[1];
    if (root === undefined) {
      // A machine with version 1 alone.
      expect(mounts.some((mount) => mount[2] === 'cgroup')).toBe(true);
      return;
    }
    expect(await lab.on(agent, 'cat', `${root}/cgroup.procs`)).toBe('');
    expect((await lab.on(agent, 'cat', `${root}/init/cgroup.procs`)).split('\n')).toContain('1');
    expect(await lab.on(agent, 'cat', '/proc/1/cgroup')).toMatch(/^0::\/init$/m);
  });

  test('a hostPort answers from outside at its node and nowhere else', async () => {
    const words = randomUUID();
    const script = `require('node:http').createServer((_, response) => response.end(${JSON.stringify(words)})).listen(8080)`;
    await lab.apply(nodePod('host-port', agent, script, {}, { ports: [{ containerPort: 8080, hostPort: 18_080 }] }));
    await untilReady(lab, 'host-port');
    expect(await fromOutside(`http://${addressOf(agent)}:18080/`)).toBe(words);
    expect(await fromOutside(`http://${addressOf(second)}:18080/`)).toBe('error ECONNREFUSED');
  });

  test('pods reach the Internet of the lab, and no name of the real one', async () => {
    const served = lab.outside.run([process.execPath, '-e', "require('node:http').createServer((q, r) => { r.end(q.socket.remoteAddress); setImmediate(() => process.exit()) }).listen(80, '203.0.113.10')"]);
    const seen = await waitUntil(async () => {
      const answer = await inPod(lab, podOn(agent), getScript('http://203.0.113.10/'));
      return answer.startsWith('error') ? undefined : answer;
    }, { timeoutMs: 20_000, what: 'the server in outside' });
    await served;
    expect(seen).toBe(addressOf(agent));
    expect(await inPod(lab, podOn(agent), "require('node:dns').promises.resolve4('example.com').catch((e) => console.log(e.code))")).toMatch(/ESERVFAIL|ETIMEOUT|EREFUSED/);
  });

  test('an admission webhook in a pod is asked by the API server, by its Service', async () => {
    const words = `only ${randomUUID()} knows`;
    const { pod, rest, configuration } = await webhookObjects(agent, words);
    await lab.apply(...rest, pod);
    await untilReady(lab, 'webhook');
    await lab.apply(configuration);
    const configMap = (name: string, verdict: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'watched' }, data: { verdict } });
    try {
      const refused = await waitUntil(async () => {
        const denied = await lab.cluster.create(configMap(`d-${randomUUID()}`, 'deny')).catch((error: Error) => error);
        // "failed calling webhook": the Service has not reached the server's rules yet.
        return denied instanceof Error && !denied.message.includes('failed calling webhook') ? denied : undefined;
      }, { timeoutMs: 30_000, what: 'the API server to know of the webhook' });
      expect(refused.message).toContain(words);
      expect(await lab.cluster.create(configMap('allowed', 'allow'))).toBeDefined();
    } finally {
      await lab.cluster.delete({ apiVersion: configuration.apiVersion, kind: configuration.kind, name: 'webhook' });
    }
  });
});

describe('who may do what', () => {
  const kubelet = '/var/lib/rancher/k3s/agent/kubelet.kubeconfig';

  test("a kubelet reads the Secrets of its own node's pods and no others", async () => {
    const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, stringData: { key: name } });
    const using = (name: string) => ({ volumes: [{ name: 's', secret: { secretName: name } }] });
    await lab.apply(secret('own'), secret('foreign'), nodePod('uses-own', agent, '', using('own')), nodePod('uses-foreign', second, '', using('foreign')));
    await untilReady(lab, 'uses-own', 'uses-foreign');
    const get = async (...words: string[]) => lab.shell(agent).run(['kubectl', '--kubeconfig', kubelet, 'get', ...words]);
    expect(await get('secret', 'own', '-o', 'jsonpath={.data.key}')).toMatchObject({ code: 0, stdout: Buffer.from('own').toString('base64') });
    expect((await get('secret', 'foreign')).stderr).toContain(`Error from server (Forbidden): secrets "foreign" is forbidden: User "system:node:${agent}" cannot get resource "secrets"`);
    expect((await get('secrets')).stderr).toContain('Forbidden');
  });

  test('a kubelet sees no other node and gives itself no protected label', async () => {
    const annotated = await lab.shell(agent).run(['kubectl', '--kubeconfig', kubelet, 'annotate', 'node', second, 'a=b']);
    expect(annotated.stderr).toContain(`node '${agent}' cannot read '${second}', only its own Node object`);
    const labelled = await lab.shell(agent).run(['kubectl', '--kubeconfig', kubelet, 'label', 'node', agent, 'node-restriction.kubernetes.io/a=b']);
    expect(labelled.stderr).toContain('is not allowed to modify labels: node-restriction.kubernetes.io/a');
  });

  test('kubelets refuse strangers (401) and who has no right (403)', async () => {
    const url = `https://${addressOf(agent)}:10250/pods`;
    const status = async (...options: string[]): Promise<string> => (await lab.outside.run(['curl', '--silent', '--insecure', '--output', '/dev/null', '--write-out', '%{http_code}', ...options, url])).stdout;
    expect(await status()).toBe('401');
    const token = (await lab.kubectl('create', 'token', 'default')).stdout.trim();
    expect(await status('--header', `Authorization: Bearer ${token}`)).toBe('403');
  });

  test('a service account is who its token says', async () => {
    const script = `
      const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
      const [ca, token] = ['ca.crt', 'token'].map((name) => require('node:fs').readFileSync(dir + name, 'utf8'));
      const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
      const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
      const asked = require('node:https').request('https://kubernetes.default.svc/apis/authentication.k8s.io/v1/selfsubjectreviews', { ca, method: 'POST', headers }, (r) => r.pipe(process.stdout));
      asked.end(body)`;
    expect(JSON.parse(await inPod(lab, podOn(second), script))).toMatchObject({ status: { userInfo: { username: 'system:serviceaccount:default:default' } } });
  });
});

describe('reboot', () => {
  test('a node comes back with a new boot id, its disk and its pods; the others notice nothing', async () => {
    await lab.on(second, 'sh', '-c', 'echo stays > /etc/fairlead-test; echo goes > /run/fairlead-test; echo goes > /tmp/fairlead-test');
    const [old, oldProcess] = [await bootId(second), nodeProcess(LAB, second)];
    const others = { boot: await bootId(agent), processes: [server, agent].map((node) => nodeProcess(LAB, node)), containers: await containersOn(server, agent) };

    await fairleadOk('lab', 'reboot', '--name', LAB, second);

    const now = await bootId(second);
    expect(now).not.toBe(old);
    expect(nodeProcess(LAB, second)).not.toBe(oldProcess);
    await untilNodeReady(second, now);
    expect(await lab.on(second, 'sh', '-c', 'cat /etc/fairlead-test; ls /run/fairlead-test /tmp/fairlead-test 2>&1 || true')).toMatch(/^stays\nls: cannot access '\/run\/fairlead-test'.*\nls: cannot access '\/tmp\/fairlead-test'/);
    await waitUntil(async () => ((await lab.kubectl('exec', podOn(second), '--', '/usr/local/bin/node', '--version')).code === 0 ? true : undefined), { timeoutMs: 60_000, what: 'the pod to run again' });
    const nonce = randomUUID();
    const answer = await waitUntil(async () => {
      const said = await inPod(lab, podOn(second), getScript(`http://web.shop:8080/?nonce=${nonce}`));
      return said.startsWith('{') ? said : undefined;
    }, { timeoutMs: 30_000, what: 'Services to answer on the rebooted node' });
    expect(JSON.parse(answer)).toMatchObject({ nonce });
    expect(JSON.parse(await fromOutside(`http://${addressOf(second)}:${SHOP_NODE_PORT}/?nonce=${nonce}`))).toMatchObject({ nonce });

    expect({ boot: await bootId(agent), processes: [server, agent].map((node) => nodeProcess(LAB, node)), containers: await containersOn(server, agent) }).toEqual(others);
  });

  test('a node that died is told by `lab status` and started by `lab reboot`', async () => {
    const pid = nodeProcess(LAB, agent);
    expect(pid).toBeDefined();
    process.kill(pid as number, 'SIGKILL');
    await waitUntil(async () => (nodeProcess(LAB, agent) === undefined ? true : undefined), { timeoutMs: 10_000, what: 'the node to be dead' });
    const status = await fairlead('lab', 'status', '--name', LAB);
    expect(status).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`${agent} .* not running`)) as string });
    expect(await fairlead('lab', 'exec', '--name', LAB, agent, '--', 'true')).toMatchObject({ code: 3, stderr: expect.stringContaining(`node ${agent} is not running`) as string });
    await fairleadOk('lab', 'reboot', '--name', LAB, agent);
    await untilNodeReady(agent, await bootId(agent));
  });

  test('the server comes back, and pods on agents have run on', async () => {
    const containers = await containersOn(second);
    await fairleadOk('lab', 'reboot', '--name', LAB, server);
    await untilNodeReady(server, await bootId(server));
    expect(await containersOn(second)).toEqual(containers);
    expect((await fairlead('lab', 'status', '--name', LAB)).code).toBe(0);
  });
});

describe('a second lab beside the first', () => {
  test('has the same addresses, and neither sees the other', async () => {
    await fairleadOk('lab', 'up', '--name', NEIGHBOUR, '--nodes', '1');
    try {
      const neighbour = `${NEIGHBOUR}-server-1`;
      expect(await fairleadOk('lab', 'exec', '--name', NEIGHBOUR, neighbour, '--', 'ip', '-4', '-oneline', 'address', 'show', 'eth0')).toContain('192.168.77.11/24');
      expect(await fairlead('lab', 'exec', '--name', NEIGHBOUR, neighbour, '--', 'ping', '-c1', '-W1', '192.168.77.12')).toMatchObject({ code: 1 });
      const nodes = await fairleadOk('lab', 'exec', '--name', NEIGHBOUR, neighbour, '--', 'k3s', 'kubectl', 'get', 'nodes', '-o', 'name');
      expect(nodes.trim()).toBe(`node/${neighbour}`);
    } finally {
      await fairleadOk('lab', 'down', '--name', NEIGHBOUR);
    }
    // Starting and ending another lab takes all the processors of a small machine for a moment.
    await waitUntil(async () => ((await fairlead('lab', 'status', '--name', LAB)).code === 0 ? true : undefined), { timeoutMs: 30_000, what: `lab ${LAB} to be whole` });
    const nonce = randomUUID();
    const answer = await waitUntil(async () => {
      const text = await fromOutside(`http://${addressOf(second)}:${SHOP_NODE_PORT}/?nonce=${nonce}`);
      return text.startsWith('{') ? text : undefined;
    }, { timeoutMs: 20_000, what: 'the shop to answer' });
    expect(JSON.parse(answer)).toMatchObject({ role: 'web', nonce });
  });
});

describe('down', () => {
  test('leaves the machine as it was, even with something running in outside', async () => {
    const left = spawn(process.execPath, ['src/main.ts', 'lab', 'exec', '--name', LAB, 'outside', '--', 'sleep', '1000'], { stdio: 'ignore' });
    await waitUntil(async () => ((await lab.outside.run(['pgrep', '-f', '^sleep 1000$'])).code === 0 ? true : undefined), { timeoutMs: 10_000, what: 'sleep in outside' });
    const ended = once(left, 'exit');
    await lab.down();
    await ended;
    expect(differences(before, await lookAtMachine([LAB, NEIGHBOUR]))).toEqual([]);
  });

  test('says so again when there is nothing left', async () => {
    expect(await fairlead('lab', 'down', '--name', LAB)).toMatchObject({ code: 0, stderr: `lab ${LAB} is down\n` });
  });
});
