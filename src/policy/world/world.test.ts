import { describe, expect, it } from 'vitest';
import { readText } from '../input/objects.ts';
import { readWorld } from './read-world.ts';
import { backendsOf } from './services.ts';
import type { World } from './world.ts';

const world = (text: string): World => readWorld(readText('a.yaml', text).objects);
const meta = (kind: string, name: string, more = ''): string => `apiVersion: ${kind === 'Pod' ? 'v1' : 'apps/v1'}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop${more}}\n`;
const template = 'spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}, {containerPort: 81}]}]}}}\n';

describe('pods', () => {
  it('stand for workloads of which only the template is known', () => {
    expect(world(meta('Deployment', 'a') + template).pods).toEqual([
      expect.objectContaining({ id: 'shop/a', workload: 'shop/a[Deployment]', labels: { app: 'a' }, addresses: [], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }),
    ]);
    const cron = 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {x: z}}}}}}\n';
    expect(world(cron).pods).toEqual([expect.objectContaining({ id: 'default/j', labels: { x: 'z' } })]);
  });

  it('that run take the place of their workload, whose name is found with and without its ReplicaSet', () => {
    const pod = meta('Pod', 'a-77-x', ', labels: {app: a, pod-template-hash: "77"}, ownerReferences: [{kind: ReplicaSet, name: a-77, controller: true}]') + 'spec: {nodeName: n1}\nstatus: {phase: Running, podIP: 10.42.0.5, podIPs: [{ip: 10.42.0.5}, {ip: "fd00::5"}]}\n';
    const set = meta('ReplicaSet', 'a-77', ', ownerReferences: [{kind: Deployment, name: a, controller: true}]') + template;
    for (const rest of [meta('Deployment', 'a') + template, `${set}---\n${meta('Deployment', 'a')}${template}`, set]) {
      expect(world(`${pod}---\n${rest}`).pods).toEqual([expect.objectContaining({ id: 'shop/a-77-x', workload: 'shop/a[Deployment]', addresses: ['10.42.0.5', 'fd00::5'], node: 'n1' })]);
    }
  });

  it('that run take the place of their workload without owner references, too', () => {
    const running = 'spec: {}\nstatus: {phase: Running}\n';
    const cases: [string, string][] = [
      [meta('Pod', 'a-77f-x2k4p', ', labels: {pod-template-hash: 77f}'), 'Deployment'],
      [meta('Pod', 'a-0', ', labels: {controller-revision-hash: a-1, statefulset.kubernetes.io/pod-name: a-0}'), 'StatefulSet'],
      [meta('Pod', 'a-x2k4p', ', labels: {controller-revision-hash: c1}'), 'DaemonSet'],
    ];
    for (const [pod, kind] of cases) expect(world(`${pod}${running}---\n${meta(kind, 'a')}${template}`).pods.map((one) => one.workload), kind).toEqual([`shop/a[${kind}]`]);
    const job = (name: string, more = ''): string => `apiVersion: batch/v1\nkind: ${name}\nmetadata: {name: a, namespace: shop${more}}\n${template}`;
    expect(world(`${meta('Pod', 'a-x2k4p', ', labels: {batch.kubernetes.io/job-name: a}')}${running}---\n${job('Job')}`).pods.map((one) => one.workload)).toEqual(['shop/a[Job]']);
    // A ReplicaSet whose reference was stripped, with and without its Deployment; a pod that only looks like one of a DaemonSet.
    const set = meta('ReplicaSet', 'a-77f', ', labels: {pod-template-hash: 77f}') + template;
    expect(world(`${set}---\n${meta('Deployment', 'a')}${template}`).pods.map((one) => one.id)).toEqual(['shop/a']);
    expect(world(set).pods.map((one) => one.workload)).toEqual(['shop/a[Deployment]']);
    expect(world(`${meta('Pod', 'a-x2k4p', ', labels: {controller-revision-hash: c1}')}${running}`).pods.map((one) => one.workload)).toEqual(['shop/a-x2k4p[Pod]']);
  });

  it('that run take the place of the Deployment that selects them, where the ReplicaSet and its hash are not in the input', () => {
    const pod = (app: string): string => `${meta('Pod', 'a-5b7d9c-8kx2v', `, labels: {app: ${app}}, ownerReferences: [{kind: ReplicaSet, name: a-5b7d9c, controller: true}]`)}status: {phase: Running}\n`;
    const deployment = `${meta('Deployment', 'a')}spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}}}\n`;
    expect(world(`${pod('a')}---\n${deployment}`).pods.map((one) => one.workload)).toEqual(['shop/a[Deployment]']);
    expect(world(`${pod('b')}---\n${deployment}`).pods.map((one) => one.workload)).toEqual(['shop/a[Deployment]', 'shop/a-5b7d9c[ReplicaSet]']);
  });

  it('of a Deployment that has failed are replaced; those of a Job that has ended are not', () => {
    const gone = (kind: string): string => `${meta('Pod', 'a-x2k4p', `, ownerReferences: [{kind: ${kind}, name: a, controller: true}]`)}status: {phase: Failed}\n---\n${meta(kind, 'a')}${template}`;
    expect(world(gone('DaemonSet')).pods.map((one) => one.id)).toEqual(['shop/a']);
    expect(world(gone('Job')).pods).toEqual([]);
  });

  it('end where owner references close a loop', () => {
    const loop = meta('ReplicaSet', 'a', ', ownerReferences: [{kind: ReplicaSet, name: b, controller: true}]') + template;
    expect(world(`${loop}---\n${loop.replace('name: a,', 'name: c,').replace('name: b', 'name: a').replace('name: c,', 'name: b,')}`).pods.map((pod) => pod.id)).toEqual(['shop/a', 'shop/b']);
  });

  it('corner case 30: that are over have no endpoint', () => {
    expect(world(['Succeeded', 'Failed', 'Pending'].map((phase) => `${meta('Pod', phase.toLowerCase())}status: {phase: ${phase}}\n`).join('---\n')).pods.map((pod) => pod.name)).toEqual(['pending']);
  });

  it('corner case 31: sidecars lend their named ports, other init containers do not', () => {
    const ports = (name: string): string => `ports: [{name: ${name}, containerPort: 9}]`;
    const pod = `${meta('Pod', 'a')}spec: {containers: [{name: c}], initContainers: [{name: i, ${ports('gone')}}, {name: s, restartPolicy: Always, ${ports('side')}}]}\n`;
    expect(world(pod).pods[0]?.ports.map((port) => port.name)).toEqual(['side']);
  });
});

describe('namespaces', () => {
  it('corner case 12: have their name as a label, also where nobody wrote them down', () => {
    const { namespaces } = world(`apiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {a: b}}\n---\n${meta('Pod', 'p')}`);
    expect([...namespaces.values()]).toEqual([
      { name: 'team', labels: { a: 'b', 'kubernetes.io/metadata.name': 'team' }, assumed: false },
      { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' }, assumed: true },
    ]);
  });
});

describe('services', () => {
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {clusterIP: 10.43.0.9, selector: {app: a}, ports: [{port: 80, targetPort: http}, {port: 53, protocol: UDP}]}\n---\n';
  const pods = ['a', 'b'].map((name, index) => `${meta('Pod', name, `, labels: {app: ${name}}`)}status: {podIP: 10.42.0.${index}}\n`).join('---\n');

  it('have the pods of their selector behind them', () => {
    const { services, pods: all } = world(service + pods);
    expect(services).toEqual([expect.objectContaining({ id: 'shop/s', addresses: ['10.43.0.9'], ports: [{ name: undefined, protocol: 'TCP', port: 80, target: 'http' }, { name: undefined, protocol: 'UDP', port: 53, target: 53 }] })]);
    expect(services.flatMap((one) => backendsOf(one, all)).map((pod) => pod.name)).toEqual(['a']);
  });

  it('have those of their endpoints where these are known', () => {
    const slice = 'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s-1, namespace: shop, labels: {kubernetes.io/service-name: s}}\nendpoints: [{addresses: [10.42.0.1], conditions: {ready: true}}, {addresses: [10.42.0.0], conditions: {ready: false}}]\n---\n';
    const { services, pods: all } = world(service + slice + pods);
    expect(services.flatMap((one) => backendsOf(one, all)).map((pod) => pod.name)).toEqual(['b']);
  });
});

describe('routes', () => {
  const ingress = 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: shop}\nspec:\n  defaultBackend: {service: {name: d, port: {number: 80}}}\n  rules:\n  - host: a.example\n    http: {paths: [{path: /x, backend: {service: {name: s, port: {name: web}}}}, {path: /y, backend: {service: {name: s, port: {name: web}}}}, {path: /z, backend: {resource: {kind: Bucket, name: b}}}]}\n';
  const http = (ref: string, more = ''): string => `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {hostnames: [a.example], rules: [{backendRefs: [${ref}]}]}\n${more}`;
  const grant = (to: string): string => `---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: other}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service${to}}]}\n`;

  it('of an Ingress: every Service once, with what leads there', () => {
    expect(world(ingress).routes).toEqual([{ kind: 'Ingress', id: 'shop/i', name: 'ingress:shop/i', backends: [
      { service: 'shop/s', port: 'web', matches: ['a.example/x', 'a.example/y'] },
      { fault: 'a.example/z leads to Bucket b, which is no Service', matches: ['a.example/z'] },
      { service: 'shop/d', port: 80, matches: ['everything else'] },
    ] }]);
  });

  it.each([
    ['a Service', http('{name: s, port: 80}'), { service: 'shop/s', port: 80 }],
    ['one in another namespace, which is permitted', http('{name: s, namespace: other, port: 80}', grant('')), { service: 'other/s', port: 80 }],
    ['one in another namespace, which is permitted by name', http('{name: s, namespace: other, port: 80}', grant(', name: s')), { service: 'other/s', port: 80 }],
    ['one in another namespace, where another name is permitted', http('{name: s, namespace: other, port: 80}', grant(', name: t')), { fault: 'it leads to Service other/s in another namespace, which no ReferenceGrant of the input permits' }],
    ['one in another namespace, which nobody permits', http('{name: s, namespace: other, port: 80}'), { fault: 'it leads to Service other/s in another namespace, which no ReferenceGrant of the input permits' }],
    ['what is no Service', http('{group: x.io, kind: Bucket, name: b}'), { fault: 'it leads to Bucket shop/b, which is no Service' }],
  ])('of the Gateway API: %s', (_what, text, backend) => {
    expect(world(text).routes).toEqual([{ kind: 'HTTPRoute', id: 'shop/r', name: 'httproute:shop/r', backends: [{ ...backend, matches: ['a.example'] }] }]);
  });

  it('do not lead where the weight is 0', () => {
    expect(world(http('{name: s, port: 80, weight: 0}')).routes[0]?.backends).toEqual([]);
  });
});
