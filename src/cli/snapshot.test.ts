/** `fairlead snapshot` from its front door: files in, a snapshot out, and what show and diff say of it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { runMain } from './testing/run-main.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-snapshot-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const K3S = `
apiVersion: v1
kind: Node
metadata:
  name: s1
  annotations:
    k3s.io/node-args: '["server","--disable","servicelb","--token","********","--cluster-cidr","10.52.0.0/16"]'
    flannel.alpha.coreos.com/backend-type: vxlan
    flannel.alpha.coreos.com/public-ip: 192.168.1.11
spec: {podCIDR: 10.52.0.0/24}
status:
  addresses: [{type: InternalIP, address: 192.168.1.11}]
  conditions: [{type: Ready, status: "True"}]
  nodeInfo: {kubeletVersion: v1.33.4+k3s1, kernelVersion: 6.1.0}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: app}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: fairlead.dev/v1
kind: HostFacts
metadata: {name: s1}
kernel: 6.1.0
links:
- {index: 2, name: eth0, kind: "", mac: "02:00:00:00:00:01", mtu: 1500, up: true, peerElsewhere: false}
- {index: 3, name: flannel.1, kind: vxlan, mac: "02:00:00:00:00:02", mtu: 1450, up: true, peerElsewhere: false}
unknown: [{what: listening sockets of node s1, why: ss is not there}]
`;

/** Whether a document fits a public schema, as an independent validator sees it. */
function problems(schema: string, document: unknown): unknown {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(JSON.parse(readFileSync(join(packageRoot(), `docs/schemas/${schema}.json`), 'utf8')) as object);
  validate(document);
  return validate.errors;
}

describe('fairlead snapshot', () => {
  const [before, after] = [join(dir, 'before.tgz'), join(dir, 'after')];
  beforeAll(async () => {
    writeFileSync(join(dir, 'a.yaml'), K3S);
    writeFileSync(join(dir, 'b.yaml'), K3S.replace('mtu: 1450', 'mtu: 1400').replace('policyTypes: [Ingress]', 'policyTypes: [Ingress, Egress]').replace('"--disable"', '"--disable-network-policy","--disable"'));
    expect((await runMain('snapshot', join(dir, 'a.yaml'), '--to', before)).stderr).toContain('2 objects, 1 hosts');
    await runMain('snapshot', join(dir, 'b.yaml'), '--to', after);
    // Loading the verbs takes seconds on a busy machine.
  }, 60_000);

  it('writes files that fit their schemas', () => {
    expect(problems('snapshot-manifest.v1', JSON.parse(readFileSync(join(after, 'snapshot.json'), 'utf8')))).toBeNull();
    expect(problems('snapshot-entry.v1', JSON.parse(readFileSync(join(after, 'objects/Node.core.ndjson'), 'utf8')))).toBeNull();
    expect(problems('host-facts.v1', JSON.parse(readFileSync(join(after, 'hosts.ndjson'), 'utf8')))).toBeNull();
    expect(gunzipSync(readFileSync(before)).toString('latin1')).not.toContain('********');
  });

  it('show says what the network is, and what is not known', async () => {
    const { code, stdout } = await runMain('snapshot', 'show', before);
    expect(code).toBe(0);
    for (const line of ['distribution: k3s (Node s1 runs kubelet v1.33.4+k3s1)', 'flannel, vxlan, in-process', '10.52.0.0/16', '10.43.0.0/16  K3s service-cidr: default of K3s', 'flannel.1 1450', 'Services: iptables', 'policies are enforced by: kube-router', 'policies: 1 NetworkPolicy', 'load balancers: none seen', 's1  192.168.1.11  ready  10.52.0.0/24', 'listening sockets of node s1, because: ss is not there']) expect(stdout).toContain(line);
    expect(problems('snapshot-summary.v1', JSON.parse((await runMain('snapshot', 'show', before, '-o', 'json')).stdout))).toBeNull();
  });

  it('diff shows what changed, and exits 1', async () => {
    const { code, stdout } = await runMain('snapshot', 'diff', before, after);
    expect(code).toBe(1);
    expect(stdout).toContain('~ cluster\n    policyEnforcer: kube-router → none\n');
    expect(stdout).toContain('~ NetworkPolicy app/deny\n    spec.policyTypes: ["Ingress"] → ["Ingress","Egress"]\n');
    expect(stdout).toContain('links.flannel.1.mtu: 1450 → 1400');
    expect(problems('snapshot-diff.v1', JSON.parse((await runMain('snapshot', 'diff', before, after, '-o', 'json')).stdout))).toBeNull();
    expect(await runMain('snapshot', 'diff', before, before)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing of networking differs') as string });
  });

  it.each([
    [['snapshot', join(dir, 'nowhere.yaml'), '--to', join(dir, 'x')], 2, /cannot read .*nowhere\.yaml/],
    [['snapshot', join(dir, 'a.yaml'), '--via', 'pod', '--to', join(dir, 'x')], 2, /--via is for a live cluster, but files are named/],
    [['snapshot', join(dir, 'a.yaml'), '--to', join(dir, 'after')], 2, /is there already and is not empty/],
    [['snapshot', '--kubeconfig', join(dir, 'none'), '--to', join(dir, 'x')], 2, /cannot read the kubeconfig/],
  ])('%j is refused', async (argv, code, message) => {
    const ran = await runMain(...argv);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toMatch(message);
    expect(existsSync(join(dir, 'x'))).toBe(false);
  });
});
