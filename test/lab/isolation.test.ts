/** Nothing of a lab gets out: no frame on this machine's interfaces, no sight of its processes and files. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import { output } from '../../src/core/process.ts';
import { nodeProcess } from '../../src/lab/nodes/shell.ts';
import { labRoot, namespaceName } from '../../src/lab/paths.ts';
import { labNames } from '../../src/lab/state.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';
import { getScript, inPod, nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'e3';
const LAB_RANGES = ['192.168.77.0/24', '10.42.0.0/16', '10.43.0.0/16', '203.0.113.0/24'];

let lab: TestLab;
let server: string;
let agent: string;

beforeAll(async () => {
  lab = await startLab(LAB, '--nodes', '2', '--apps');
  [server, agent] = lab.nodes;
  const privileged = { securityContext: { privileged: true, runAsUser: 0 } };
  await lab.apply(nodePod('pod', agent), nodePod('host-network', agent, '', { hostNetwork: true }), nodePod('host-pid', agent, '', { hostPID: true }, privileged));
  await untilReady(lab, 'pod', 'host-network', 'host-pid');
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
});

interface Capture {
  /** Ends the capture and returns its frames, one line each. */
  frames(): Promise<string[]>;
}

/** Captures every frame of the lab's ranges; `enter` is put before tcpdump. Resolves when the capture has begun. */
async function capture(...enter: string[]): Promise<Capture> {
  const filter = LAB_RANGES.flatMap((range) => ['or', 'net', range]).slice(1);
  const [program, ...args] = [...enter, 'tcpdump', '--interface=any', '-nn', '--immediate-mode', '-l', ...filter];
  const tcpdump = spawn(program as string, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  tcpdump.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  let said = '';
  tcpdump.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('listening on')) {
    await Promise.race([once(tcpdump.stderr, 'data'), once(tcpdump, 'exit')]);
    if (tcpdump.exitCode !== null) throw new Error(`tcpdump: ${said}`);
  }
  return {
    async frames() {
      const ended = once(tcpdump, 'close');
      tcpdump.kill('SIGINT');
      await ended;
      return out.split('\n').filter((line) => line !== '');
    },
  };
}

/** A process of this machine that the lab must neither see nor end. */
function bystander(): ChildProcess {
  return spawn('sleep', ['98765'], { stdio: 'ignore' });
}

describe('frames', () => {
  test('none with an address of the lab is seen on this machine, whatever pods and nodes send', async () => {
    const here = await capture();
    const inside = await capture('ip', 'netns', 'exec', namespaceName(LAB, 'outside'));
    const urls = [
      'http://10.42.200.1:8080/', // a pod range that no node has
      'http://10.43.200.1:80/', // a Service that does not exist
      'http://203.0.113.99/', // the lab's Internet, nobody there
      'http://198.51.100.7/', // the Internet elsewhere (RFC 5737)
      'https://198.51.100.7/',
      'http://192.168.77.99/', // the underlay, nobody there
      'http://example.com/', // a name, so DNS to the outside
    ];
    const answers = await Promise.all(['pod', 'host-network'].flatMap((pod) => urls.map(async (url) => inPod(lab, pod, getScript(url, 2500)))));
    expect(answers.filter((answer) => !answer.startsWith('error'))).toEqual([]);
    const fromNode = await Promise.all(urls.map(async (url) => (await lab.shell(server).run(['curl', '--silent', '--max-time', '2', url])).code));
    expect(fromNode).not.toContain(0);
    const fromOutside = await Promise.all(['http://10.42.200.1/', 'http://10.43.0.1/', 'http://198.51.100.7/'].map(async (url) => (await lab.outside.run(['curl', '--silent', '--max-time', '2', url])).code));
    expect(fromOutside).not.toContain(0);
    expect(await inPod(lab, 'pod', getScript('http://web.shop:8080/'))).toContain('"role":"web"');
    const seenInside = await inside.frames();
    expect(seenInside.join('\n')).toMatch(/192\.168\.77\.\d+.* > 203\.0\.113\.53\.53:/);
    expect(seenInside.join('\n')).toMatch(/> 198\.51\.100\.7\.443:/);
    expect(await here.frames()).toEqual([]);
  });

  test("the switch and the nodes have no way to this machine's interfaces", async () => {
    for (const member of ['net', 'outside', server, agent]) {
      const links = (await output(['ip', '-netns', namespaceName(LAB, member), '-oneline', 'link'])).split('\n');
      // `link-netnsid` names the peer's namespace; a peer on this machine would be shown by name, as in `eth0@eth1`.
      const foreign = links.filter((line) => / veth /.test(line) && !/link-netnsid|link-netns /.test(line));
      expect(foreign, member).toEqual([]);
      expect(links.filter((line) => /macvlan|ipvlan|tun\b/.test(line)), member).toEqual([]);
    }
  });
});

describe('processes', () => {
  test("a node and a hostPID pod see the node's processes alone", async () => {
    const other = bystander();
    try {
      expect((await lab.shell(agent).run(['pgrep', '--full', '^sleep 98765$'])).code).toBe(1);
      const all = await lab.on(agent, 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "');
      expect(all).toContain('k3s agent');
      expect(all).not.toContain('vitest');
      const script = "const fs = require('node:fs'); console.log(JSON.stringify(fs.readdirSync('/proc').filter((n) => /^\\d/.test(n)).map((n) => { try { return fs.readFileSync('/proc/' + n + '/cmdline', 'utf8').replaceAll('\\0', ' ') } catch { return '' } })))";
      const seen = JSON.parse(await inPod(lab, 'host-pid', script)) as string[];
      expect(seen[0]).toContain('labnode init');
      expect(seen.filter((command) => command.includes('sleep 98765') || command.includes('vitest'))).toEqual([]);
    } finally {
      other.kill();
    }
  });
});

describe('files', () => {
  test("root's home, the labs' own files and /run of this machine are not to be seen on a node", async () => {
    const secret = mkdtempSync('/root/.fairlead-isolation-');
    try {
      writeFileSync(join(secret, 'marker'), 'machine');
      for (const path of ['/root', 'root', '/home', labRoot(), '/proc/1/root/root', '/proc/self/cwd/root']) {
        expect(await lab.on(agent, 'ls', '-A', path), path).toBe('');
      }
      expect(await fairlead('lab', 'exec', '--name', LAB, agent, '--', 'sh', '-c', 'pwd; cat root/.fairlead-isolation-*/marker')).toMatchObject({ code: 1 });
      expect(labNames()).toContain(LAB);
      expect(await lab.on(agent, 'ls', '/run/netns')).not.toContain('fl-');
      const script = "console.log(JSON.stringify(require('node:fs').readdirSync('/proc/1/root/root')))";
      expect(await inPod(lab, 'host-pid', script)).toBe('[]');
    } finally {
      rmSync(secret, { recursive: true });
    }
  });

  test('what a node writes stays its own', async () => {
    const paths = ['/usr/local/bin/fairlead-written', '/etc/fairlead-written', '/opt/fairlead-written', '/var/lib/fairlead-written', '/var/log/fairlead-written', '/tmp/fairlead-written', '/run/fairlead-written'];
    await lab.on(agent, 'touch', ...paths);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
    expect((await lab.shell(server).run(['sh', '-c', `ls ${paths.join(' ')} 2>/dev/null`])).stdout).toBe('');
  });

  test("a node's /sys shows its own interfaces", async () => {
    const interfaces = (await lab.on(agent, 'ls', '/sys/class/net')).split('\n');
    expect(interfaces).toEqual(expect.arrayContaining(['lo', 'eth0', 'flannel.1', 'cni0']));
    expect((await lab.on(agent, 'cat', '/sys/class/net/eth0/address')).trim()).toBe(/link\/ether (\S+)/.exec(await lab.on(agent, 'ip', 'link', 'show', 'eth0'))?.[1]);
  });
});

describe('signals', () => {
  test('a node that kills everything it can kills nothing but itself', async () => {
    const other = bystander();
    try {
      const before = [server, agent].map((node) => nodeProcess(LAB, node));
      const k3s = (await lab.on(server, 'systemctl', 'show', 'k3s', '-p', 'MainPID')).trim();
      // It kills what would tell of its end, too.
      await expect(lab.shell(agent).run(['sh', '-c', 'kill -9 -1'])).rejects.toThrow('it is unknown whether it finished');
      expect(other.exitCode ?? other.signalCode).toBe(null);
      expect([server, agent].map((node) => nodeProcess(LAB, node))).toEqual(before);
      expect((await lab.on(server, 'systemctl', 'show', 'k3s', '-p', 'MainPID')).trim()).toBe(k3s);
      await waitUntil(async () => ((await lab.shell(agent).run(['systemctl', 'is-active', 'k3s-agent'])).code === 0 ? true : undefined), { timeoutMs: 30_000, what: 'k3s-agent to be restarted' });
    } finally {
      other.kill();
    }
  });
});
