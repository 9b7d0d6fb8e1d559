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
