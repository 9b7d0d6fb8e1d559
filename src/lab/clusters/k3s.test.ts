import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import type { LabNode, LabState } from '../state.ts';
import { k3sDisk, k3sDns, k3sKubeconfig } from './k3s.ts';
import { makePki } from './pki.ts';

const server: LabNode = { name: 'a-server-1', role: 'server', address: '192.168.77.11' };
const agent: LabNode = { name: 'a-agent-1', role: 'agent', address: '192.168.77.12' };
const standIn: LabState = {
  version: 1, name: 'a', profile: 'k3s', cni: 'flannel', flannelBackend: 'vxlan', clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16',
  clusterDns: '10.43.0.10', clusterDomain: 'cluster.local', nodes: [server, agent], apiPort: 1, createdAt: '2026-01-01T00:00:00.000Z', phase: 'creating',
};
const genuine: LabState = { ...standIn, k3s: { version: '1.34.4+k3s1', path: '/opt/k3s' } };
const pki = await makePki({ serverAddress: server.address, serverName: server.name, serviceAddress: '10.43.0.1', domain: 'cluster.local', singleAuthority: false });

/** What a user of K3s would look at: everything but keys, certificates and the stand-in's own list. */
const READ = /^\/etc\/(rancher|systemd)\/|\.tmpl$|50-fairlead-lab\.conf$/;

describe.each([
  ['the stand-in', standIn],
  ['a real K3s', genuine],
])('the disk of a node for %s', (what, state) => {
  // A change of any of these is a change of what K3s is told: it should be seen.
  it('has the files of the golden file', async () => {
    const nodes = await Promise.all([server, agent].map(async (node) => ({ node, disk: await k3sDisk(state, node, pki, {}) })));
    const text = nodes.map(({ node, disk }) => [
      `==== ${node.name}`,
      ...disk.files.filter(({ path }) => READ.test(path)).flatMap(({ path, content, mode }) => [`-- ${path} ${(mode ?? 0o644).toString(8)}`, content]),
      ...Object.entries(disk.links).map(([path, target]) => `${path} -> ${target}`),
      ...Object.entries(disk.readOnly ?? {}).map(([path, source]) => `${path} is ${source}`),
      '',
    ].join('\n'));
    await expect(text.join('\n')).toMatchFileSnapshot(`testdata/k3s-${what === 'a real K3s' ? 'genuine' : 'stand-in'}.txt`);
  });

  it("leaves K3s' own tree to K3s, but for what users put there", async () => {
    const { files, copies } = await k3sDisk(state, server, pki, {});
    const own = [...files.map(({ path }) => path), ...Object.keys(copies)].filter((path) => path.startsWith('/var/lib/rancher/') || path.endsWith('/k3s.yaml'));
    expect(own.filter((path) => !path.startsWith('/usr/local/lib/fairlead-lab/') && !READ.test(path))).toEqual([]);
  });
});

test('policies are enforced by a real K3s with its own Flannel, and by whoever brings the CNI otherwise', async () => {
  const settings = async (state: LabState): Promise<Record<string, unknown>> => parse((await k3sDisk(state, server, pki, {})).files.find(({ path }) => path === '/etc/rancher/k3s/config.yaml')?.content ?? '') as Record<string, unknown>;
  expect((await settings(standIn))['disable-network-policy']).toBe(true);
  expect(await settings(genuine)).not.toHaveProperty('disable-network-policy');
  expect(await settings({ ...genuine, cni: 'calico' })).toMatchObject({ 'disable-network-policy': true, 'flannel-backend': 'none' });
});

test("a real K3s would remove a manifest with the name of an add-on that is switched off", async () => {
  const { files } = await k3sDisk(genuine, server, pki, {});
  const { disable } = parse(files.find(({ path }) => path === '/etc/rancher/k3s/config.yaml')?.content ?? '') as { disable: string[] };
  expect(k3sDns(standIn).path).toBe('/var/lib/rancher/k3s/server/manifests/coredns.yaml');
  expect(disable.map((name) => `/var/lib/rancher/k3s/server/manifests/${name}.yaml`)).not.toContain(k3sDns(genuine).path);
});

test("the kubeconfig for this machine is K3s' own with another address", () => {
  const written = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:6443
  name: default
contexts:
- context: {cluster: default, user: default}
  name: default
current-context: default
users:
- name: default
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
`;
  expect(JSON.parse(k3sKubeconfig(written, 'https://127.0.0.1:40001'))).toEqual({ ...(parse(written) as object), clusters: [{ name: 'default', cluster: { 'certificate-authority-data': 'Q0E=', server: 'https://127.0.0.1:40001' } }] });
});
