/** Secrets planted in every place that Kubernetes has for them, and some that it has not, do not come out in a snapshot. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { writeSnapshot } from '../cluster/snapshot/write.ts';
import { CATALOGUE } from './catalogue.ts';

/** A text that looks like nothing known, so that only the allow-lists can keep it out. */
const canary = (place: number): string => `c4n4ry${place}plainword`;
let planted = 0;
/** A new canary. */
const c = (): string => canary(++planted);

const dir = mkdtempSync(join(tmpdir(), 'fairlead-canary-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const meta = (name: string, more: object = {}): object => ({ name, namespace: 'app', ...more });
const container = (more: object): object => ({ name: 'c', image: 'app:1', ...more });
const pod = (name: string, spec: object, more: object = {}): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: meta(name, more), spec: { containers: [container({})], ...spec } });
const configMap = (name: string, data: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(name), data });

function objects(): object[] {
  return [
    // 1–5: Secrets and what belongs to them.
    { apiVersion: 'v1', kind: 'Secret', metadata: meta('s'), data: { password: Buffer.from(c()).toString('base64'), plain: c() }, stringData: { x: c() } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('sa', { annotations: { token: c() } }), secrets: [{ name: c() }] },
    // 6–13: environment.
    pod('env', { containers: [container({ env: [
      { name: 'PASSWORD', value: c() },
      { name: 'SELDON_SCHEDULER_PORT', value: c() },
      { name: 'CALICO_IPV4POOL_CIDR', value: c() },
      { name: 'SELDON_SCHEDULER_HOST', value: `http://user:${c()}@10.0.0.1` },
      { name: 'MLSERVER_HTTP_PORT', value: `8080 ${c()}` },
      { name: 'FELIX_VXLANMTU', value: c() },
      { name: 'FROM', valueFrom: { secretKeyRef: { name: c(), key: 'k' } } },
    ], envFrom: [{ secretRef: { name: c() } }] })] }),
    // 14–22: arguments, commands, probes, hooks.
    pod('args', { containers: [container({
      command: ['/bin/app', c(), `--token=${c()}`],
      args: ['--password', c(), `--cluster-cidr=${c()}`, '--port', c(), `--iface=${c()}`, `--config=${c()}`],
      livenessProbe: { httpGet: { path: `/healthz?token=${c()}`, port: 80, httpHeaders: [{ name: 'Authorization', value: c() }] } },
      lifecycle: { preStop: { exec: { command: ['sh', '-c', c()] } } },
    })] }),
    // 23–29: annotations, also of templates, and fields that nobody knows.
    pod('notes', { unknownField: c() }, { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"x":"${c()}"}`, 'vault.example.com/token': c(), 'k3s.io/node-env': `{"K3S_TOKEN":"${c()}"}` }, managedFields: [{ manager: c() }] }),
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('d', { annotations: { 'example.com/key': c() } }), spec: { selector: {}, template: { metadata: { annotations: { 'example.com/secret': c() } }, spec: { initContainers: [container({ env: [{ name: 'TOKEN', value: c() }] })] } } } },
    // 30–37: ConfigMaps, those that are read too.
    configMap('app', { 'app.properties': `db.password=${c()}`, url: c() }),
    configMap('coredns', { Corefile: `.:53 {\n  route53 example.com {\n    aws_access_key ${c()} ${c()}\n  }\n  forward . 1.1.1.1\n  tls ${c()}\n}\n`, NodeHosts: c() }),
    configMap('kubeadm-config', { ClusterConfiguration: `networking:\n  podSubnet: 10.244.0.0/16\netcd:\n  external:\n    keyFile: ${c()}\napiServer:\n  extraArgs:\n    oidc-client-secret: ${c()}\n` }),
    configMap('kube-flannel-cfg', { 'net-conf.json': `{"Network":"10.244.0.0/16","Backend":{"Type":"ipsec","PSK":"${c()}"}}` }),
    // 38–48: other kinds.
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', annotations: { 'k3s.io/node-args': JSON.stringify(['server', '--token', c(), `--agent-token=${c()}`, '--datastore-endpoint', `postgres://u:${c()}@h/d`, '--kube-apiserver-arg', `x=${c()}`]) } }, status: { images: [{ names: [c()] }] } },
    { apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', metadata: meta('p'), spec: { myASN: 64500, peerASN: 64501, peerAddress: '10.0.0.1', password: c(), passwordSecret: { name: c() } } },
    // Values of charts: beside the keys that are kept, in them, below them, as names of ports.
    { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig', metadata: meta('traefik'), spec: { valuesContent: `password: ${c()}` } },
    { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig', metadata: meta('traefik-more'), spec: { valuesContent: dump({
      service: { type: c(), spec: { loadBalancerIP: c(), externalTrafficPolicy: 'Local' }, annotations: { 'metallb.io/loadBalancerIPs': c(), 'metallb.io/address-pool': c(), [`example.com/${c()}`]: c() }, externalIPs: [c(), '192.168.10.9'], loadBalancerSourceRanges: [{ a: c() }] },
      ports: { web: { port: c(), exposedPort: 8443, tls: { certResolver: c() }, expose: { default: c() } }, [`x-${c()}`]: { port: 80 } },
      additionalArguments: [`--a=${c()}`], env: [{ name: 'CF_TOKEN', value: c() }], k8sServiceHost: c(), devices: [c()], ipam: { mode: c(), operator: { clusterPoolIPv4PodCIDRList: [c()] } }, hubble: { tls: { ca: { key: c() } } },
      installation: { calicoNetwork: { ipPools: [{ cidr: c(), name: c() }], nodeAddressAutodetectionV4: { interface: c() } } }, flannel: { iface: c() },
    }) } },
    { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', metadata: meta('cilium'), spec: { chart: 'cilium', set: { 'ipam.mode': c(), 'tls.key': c(), [c()]: '10.0.0.1', 'service.spec.loadBalancerIP': `10.0.0.1 ${c()}` }, valuesContent: `k8sServiceHost: http://u:${c()}@h\n`, authSecret: { name: c() } } },
    { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ name: 'w.x', clientConfig: { caBundle: c(), url: `https://h/${c()}` } }] },
    { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: meta('r'), spec: { rules: [{ filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'Authorization', value: c() }] } }] }] } },
    { apiVersion: 'mlops.seldon.io/v1alpha1', kind: 'Model', metadata: meta('m'), spec: { storageUri: `s3://${c()}@bucket`, secretName: c() } },
    { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: meta('cnp'), spec: { endpointSelector: {}, ingress: [{ toPorts: [{ rules: { http: [{ headers: [c()] }] } }] }] } },
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: meta('wf'), spec: { arguments: { parameters: [{ name: 'x', value: c() }] } } },
    { apiVersion: 'example.com/v1', kind: 'Vault', metadata: meta('v'), spec: { x: c() } },
    { apiVersion: 'v1', kind: 'Event', metadata: meta('e'), reason: 'FailedCreatePodSandBox', message: `password=${c()}`, involvedObject: { kind: 'Pod', name: 'p', fieldPath: c() } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: meta('np'), spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'x' } } }] }], note: c() } },
  ];
}

describe('canaries', () => {
  let everything = '';
  beforeAll(async () => {
    const file = join(dir, 'all.yaml');
    writeFileSync(file, objects().map((object) => `---\n# remark ${c()}\n${dump(object)}`).join(''));
    const snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    await writeSnapshot(snapshot, join(dir, 'out.tgz'));
    // The tar is looked at as a whole, so that names of files count too.
    everything = gunzipSync(readFileSync(join(dir, 'out.tgz'))).toString('utf8');
  });

  it('are planted in at least forty places', () => expect(planted).toBeGreaterThanOrEqual(40));
  it('do not come out, neither plain nor as base64', () => {
    expect(everything.match(/c4n4ry\d+plainword/g)).toBeNull();
    for (let place = 1; place <= planted; place++) expect(everything).not.toContain(Buffer.from(canary(place)).toString('base64'));
  });
  it('do not come back, and nothing else goes, when a snapshot is read and written again', async () => {
    const again = await loadSnapshot([join(dir, 'out.tgz')], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    await writeSnapshot(again, join(dir, 'again.tgz'));
    expect(gunzipSync(readFileSync(join(dir, 'again.tgz'))).toString('utf8')).toBe(everything);
  });

  it('left what stands beside them', () => {
    for (const kept of ['10.244.0.0/16', 'forward . 1.1.1.1', '"peerAddress":"10.0.0.1"', '"--cluster-cidr=…"', '"name":"SELDON_SCHEDULER_PORT"', 'matchLabels', 'w.x', '--token', '\\"exposedPort\\":8443', '192.168.10.9', '\\"externalTrafficPolicy\\":\\"Local\\"']) expect(everything).toContain(kept);
  });
});
