/** Facts of a host from recorded outputs: what is kept, what is not, and what is told when a program is missing. */
import { describe, expect, it } from 'vitest';
import { hostFactsSchema } from '../cluster/snapshot/host-facts.ts';
import { EnvironmentError } from '../core/errors.ts';
import type { NodeShell } from '../node/shell.ts';
import { confFacts } from './cni-facts.ts';
import { readHostFacts } from './host-facts.ts';

/** A host that answers what was recorded, says that other programs are missing, and has these files. */
function recorded(outputs: Record<string, string>, files: Record<string, string>): NodeShell {
  return {
    node: 'n1',
    run: (argv) => {
      const line = argv.join(' ');
      const found = Object.entries(outputs).find(([prefix]) => line.startsWith(prefix));
      if (found === undefined) return Promise.reject(new EnvironmentError(`node n1: the program ${argv[0] ?? ''} cannot be run: No such file or directory`));
      return Promise.resolve({ code: 0, stdout: found[1], stderr: '' });
    },
    read: (path) => Promise.resolve(files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    write: () => Promise.reject(new Error('nothing is written')),
  };
}

const now = (): Date => new Date(0);

describe('facts of a host', () => {
  it('are what could be read, in the published form; the rest is told with its reason', async () => {
    const facts = await readHostFacts(recorded({
      'uname -r': '6.1.0-21-amd64\n',
      'ip -d -j link show': '[{"ifindex":2,"ifname":"eth0","flags":["UP"],"mtu":1500,"address":"02:00:00:00:00:01"}]',
      'ip -j neigh show': '[]',
      'ls -1 -A -- /sys/module': 'br_netfilter\nsnd\nvxlan\n',
      'sysctl -a': 'net.ipv4.ip_forward = 1\n',
      'systemctl is-active': 'active\ninactive\ninactive\ninactive\ninactive\n',
    }, { '/etc/resolv.conf': '# x\nnameserver 127.0.0.53\nsearch a\n', '/run/flannel/subnet.env': 'FLANNEL_MTU=1450\nTOKEN=hunter2\n' }), now);
    expect(hostFactsSchema.parse(facts)).toEqual(facts);
    expect(facts).toMatchObject({
      node: 'n1', kernel: '6.1.0-21-amd64', modules: ['br_netfilter', 'vxlan'], nameservers: ['127.0.0.53'], subnetEnv: { FLANNEL_MTU: '1450' },
      services: { firewalld: true, ufw: false }, neighbourCount: 0, observedAt: '1970-01-01T00:00:00.000Z',
    });
    expect(facts.unknown).toContainEqual({ what: 'listening sockets of node n1', why: 'node n1: the program ss cannot be run: No such file or directory' });
    expect(facts.sockets).toBeUndefined();
  });

  it('of a host that cannot be reached are one line, not twenty', async () => {
    const facts = await readHostFacts(recorded({}, {}), now);
    expect(facts).toEqual({ node: 'n1', observedAt: '1970-01-01T00:00:00.000Z', unknown: [{ what: 'kernel of node n1', why: expect.stringContaining('cannot be run') as string }] });
  });
});

describe('a CNI configuration', () => {
  it('keeps what decides about packets and no credentials', () => {
    const text = JSON.stringify({ name: 'k8s-pod-network', plugins: [
      { type: 'calico', mtu: 1450, kubernetes: { kubeconfig: '/etc/x', k8s_auth_token: 'hunter2' }, ipam: { type: 'calico-ipam' } },
      { type: 'flannel', delegate: { hairpinMode: true, password: 'hunter2' } },
    ] });
    expect(confFacts({ file: '10.conflist', network: 'k8s-pod-network', types: ['calico', 'flannel'], text })).toEqual({
      file: '10.conflist', network: 'k8s-pod-network', types: ['calico', 'flannel'], settings: { 'calico.mtu': 1450, 'calico.ipam': 'calico-ipam', 'flannel.hairpinMode': true },
    });
  });

  it('that is no JSON has no types', () => expect(confFacts({ file: 'x', types: [], text: '{' })).toEqual({ file: 'x', types: [] }));
});
