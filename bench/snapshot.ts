/** How long a large cluster takes and how much memory: 200 nodes, 5,000 pods as `kubectl get -o yaml` prints them, facts of 200 hosts. `node bench/snapshot.ts` prints a table. */
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { dump } from 'js-yaml';
import { packageRoot } from '../src/core/package-root.ts';

const [NODES, PODS] = [200, 5_000];

/** A pod with all that an API server adds, secrets and managed fields included: about 6 kB. */
function pod(at: number): object {
  const [node, address] = [at % NODES, `10.42.${at % NODES}.${2 + Math.floor(at / NODES)}`];
  const container = (name: string): object => ({
    name, image: 'registry.example.com/team/app:1.2.3', imagePullPolicy: 'IfNotPresent', args: ['--port=8080', '--config=/etc/app/config.yaml'],
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }, { name: 'DATABASE_URL', value: 'postgres://user:hunter2@db:5432/app' }, { name: 'SELDON_SCHEDULER_PORT', value: '9005' }, { name: 'API_KEY', valueFrom: { secretKeyRef: { key: 'api', name: 'app' } } }],
    ports: [{ containerPort: 8080, name: name === 'app' ? 'http' : 'metrics', protocol: 'TCP' }],
    livenessProbe: { failureThreshold: 3, httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' }, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 },
    readinessProbe: { failureThreshold: 3, httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' }, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 },
    resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } }, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
    volumeMounts: [{ mountPath: '/etc/app', name: 'config' }, { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', name: 'token', readOnly: true }],
  });
  const time = '2026-11-01T10:00:00Z';
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: { containers: [{ env: [{ name: 'P', value: 'hunter2' }] }] } }), 'prometheus.io/scrape': 'true' },
      creationTimestamp: time, generateName: `app-${at}-`, labels: { app: `app-${at % 1_000}`, 'pod-template-hash': '7d9f8c6b5d' }, name: `app-${at}-abcde`, namespace: `ns-${at % 40}`,
      ownerReferences: [{ apiVersion: 'apps/v1', blockOwnerDeletion: true, controller: true, kind: 'ReplicaSet', name: `app-${at}`, uid: `0b7f1d8e-1111-2222-3333-${String(at).padStart(12, '0')}` }], resourceVersion: '1234567', uid: `1b7f1d8e-1111-2222-3333-${String(at).padStart(12, '0')}`,
    },
    spec: {
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { labelSelector: { matchLabels: { app: `app-${at % 1_000}` } }, topologyKey: 'kubernetes.io/hostname' }, weight: 100 }] } },
      containers: [container('app'), container('sidecar')], dnsPolicy: 'ClusterFirst', enableServiceLinks: true, nodeName: `node-${node}`, preemptionPolicy: 'PreemptLowerPriority', priority: 0, restartPolicy: 'Always', schedulerName: 'default-scheduler', serviceAccountName: 'default', terminationGracePeriodSeconds: 30,
      tolerations: [{ effect: 'NoExecute', key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 300 }],
      volumes: [{ configMap: { defaultMode: 420, name: 'app' }, name: 'config' }, { name: 'token', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }] } }],
    },
    status: {
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ lastProbeTime: null, lastTransitionTime: time, status: 'True', type })),
      containerStatuses: ['app', 'sidecar'].map((name) => ({ containerID: `containerd://${'5a'.repeat(32)}`, image: 'registry.example.com/team/app:1.2.3', imageID: `sha256:${'5a'.repeat(32)}`, lastState: {}, name, ready: true, restartCount: 0, started: true, state: { running: { startedAt: time } } })),
      hostIP: `192.168.1.${node + 1}`, phase: 'Running', podIP: address, podIPs: [{ ip: address }], qosClass: 'Burstable', startTime: time,
    },
  };
}

const node = (at: number): object => ({
  apiVersion: 'v1', kind: 'Node',
  metadata: { name: `node-${at}`, annotations: { 'flannel.alpha.coreos.com/backend-type': 'vxlan', 'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}', 'flannel.alpha.coreos.com/public-ip': `192.168.1.${at + 1}`, 'k3s.io/node-args': JSON.stringify([at < 3 ? 'server' : 'agent', '--disable', 'servicelb']) } },
  spec: { podCIDR: `10.42.${at}.0/24`, podCIDRs: [`10.42.${at}.0/24`] },
  status: { addresses: [{ type: 'InternalIP', address: `192.168.1.${at + 1}` }], conditions: [{ type: 'Ready', status: 'True' }], images: Array.from({ length: 50 }, (_, n) => ({ names: [`registry.example.com/team/app${n}@sha256:${'5a'.repeat(32)}`], sizeBytes: 12_345_678 })), nodeInfo: { kubeletVersion: 'v1.33.4+k3s1', kernelVersion: '6.1.0' } },
});
const service = (at: number): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: `app-${at}`, namespace: `ns-${at % 40}` }, spec: { clusterIP: `10.43.${Math.floor(at / 250)}.${1 + (at % 250)}`, type: 'ClusterIP', selector: { app: `app-${at}` }, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }] } });
const policy = (at: number): object => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: `app-${at}`, namespace: `ns-${at % 40}` }, spec: { podSelector: { matchLabels: { app: `app-${at}` } }, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'http' }] }], egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] }] } });
const host = (at: number): object => ({
  apiVersion: 'fairlead.dev/v1', kind: 'HostFacts', metadata: { name: `node-${at}` }, kernel: '6.1.0',
  links: [{ index: 2, name: 'eth0', kind: '', mac: '02:00:00:00:00:02', mtu: 1500, up: true, peerElsewhere: false }, { index: 3, name: 'flannel.1', kind: 'vxlan', mac: '02:00:00:00:00:01', mtu: 1450, up: true, peerElsewhere: false, vxlan: { vni: 1, port: 8472, learning: false, external: false } }, ...Array.from({ length: 25 }, (_, n) => ({ index: 10 + n, name: `veth${n}`, kind: 'veth', mac: '02:00:00:00:00:03', mtu: 1450, up: true, master: 'cni0', peerElsewhere: true }))],
  routes: Array.from({ length: NODES }, (_, n) => ({ family: 4, type: 'unicast', dst: `10.42.${n}.0/24`, ...(n === at ? { device: 'cni0' } : { gateway: `10.42.${n}.0`, device: 'flannel.1' }), table: 'main', protocol: 'boot', onlink: true })),
  neighbours: Array.from({ length: NODES }, (_, n) => ({ address: `10.42.${n}.0`, device: 'flannel.1', mac: '02:00:00:00:00:01', permanent: true })), neighbourCount: NODES,
  sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.neigh.default.gc_thresh3': '1024' },
  iptables: [{ family: 4, backend: 'nft', tables: [{ name: 'filter', policies: { FORWARD: 'ACCEPT' }, chains: ['KUBE-FORWARD', 'FLANNEL-FWD', 'KUBE-ROUTER-FORWARD'], counted: { 'KUBE-SVC-': 1_000, 'KUBE-SEP-': 5_000 }, rules: Array.from({ length: 100 }, (_, n) => `-A KUBE-FORWARD -s 10.0.0.${n}/32 -j ACCEPT`), dropped: 0 }] }],
  pods: Array.from({ length: 25 }, (_, n) => ({ addresses: [`10.42.${at}.${2 + n}`], loopbackUp: true, mtu: 1450, sockets: [{ protocol: 'tcp', address: '*', port: 8080, process: 'app' }] })),
});

async function write(file: string): Promise<void> {
  const out = createWriteStream(file);
  const put = async (text: string): Promise<void> => { if (!out.write(text)) await once(out, 'drain'); };
  await put('apiVersion: v1\nitems:\n');
  const kinds: [number, (at: number) => object][] = [[NODES, node], [PODS, pod], [1_000, service], [1_000, policy]];
  for (const [count, make] of kinds) for (let at = 0; at < count; at++) await put(dump([make(at)], { noRefs: true }));
  await put('kind: List\nmetadata: {}\n');
  for (let at = 0; at < NODES; at++) await put(`---\n${dump(host(at), { noRefs: true })}`);
  out.end();
  await once(out, 'close');
}

/** Prints, at its end, the most memory that a process had, in KiB, and the processor time that it took, in microseconds. */
const METER = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('maxrss '+u.maxRSS+' cpu '+(u.userCPUTime+u.systemCPUTime)+'\\n')})`;

function measure(what: string, ...argv: string[]): void {
  const began = performance.now();
  const ran = spawnSync(process.execPath, ['--import', METER, join(packageRoot(), 'bin/fairlead.js'), ...argv], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const seconds = (performance.now() - began) / 1000;
  const megabytes = Number(/maxrss (\d+)/.exec(ran.stderr)?.[1] ?? NaN) / 1024;
  const cpu = Number(/ cpu (\d+)/.exec(ran.stderr)?.[1] ?? NaN) / 1e6;
  process.stdout.write(`| ${what} | ${seconds.toFixed(1)} s | ${cpu.toFixed(1)} s | ${megabytes.toFixed(0)} MB | ${ran.status ?? '?'} | ${ran.stdout.trim().split('\n').at(-2) ?? ''} |\n`);
}

const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
try {
  const [raw, snapshot] = [join(dir, 'dump.yaml'), join(dir, 'snapshot.tgz')];
  await write(raw);
  process.stdout.write(`${NODES} nodes, ${PODS} pods, ${(statSync(raw).size / 1e6).toFixed(0)} MB of YAML\n\n| what | time | processor time | most memory | exit | says |\n|---|---|---|---|---|---|\n`);
  measure('snapshot of raw YAML', 'snapshot', raw, '--to', snapshot);
  measure('audit of the snapshot', 'audit', snapshot);
  measure('audit of raw YAML', 'audit', raw);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
