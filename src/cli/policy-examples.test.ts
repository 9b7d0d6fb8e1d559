/** What enforcement would break in the examples: exact, the DNS among it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { runMain } from './testing/run-main.ts';

const example = (name: string): string => join(packageRoot(), 'examples', name);

/** Connections that a Flannel without enforcement lets through and Calico would not, between workloads. */
async function closed(name: string): Promise<{ all: string[]; counts: string }> {
  const ran = await runMain('policy', 'diff', '--enforcer-a', 'none', '--enforcer-b', 'calico', example(name));
  expect(ran.code).toBe(1);
  return { all: ran.stdout.trim().split('\n'), counts: ran.stderr.split('\n')[0] ?? '' };
}

/** Lines from or to a workload of the name, without the addresses outside. */
const of = (all: readonly string[], from: string): string[] => all.filter((line) => line.startsWith(`- ${from}`) && !line.includes('outside'));

describe('from nothing enforced to Calico', { timeout: 60_000 }, () => {
  it('the shop loses its DNS, its report and its metrics, and what was meant to be closed', async () => {
    const { all, counts } = await closed('shop');
    expect(counts).toBe('52 closed, 0 opened (pairs of ends)');
    expect(of(all, 'shop/web')).toEqual([
      '- shop/web[Deployment] => ingress/traefik[Deployment] : All',
      '- shop/web[Deployment] => kube-system/coredns[Deployment] : All',
      '- shop/web[Deployment] => monitoring/prometheus[StatefulSet] : All',
      '- shop/web[Deployment] => shop/api[Deployment] : TCP 0-9089,9091-65535; UDP; SCTP',
      '- shop/web[Deployment] => shop/db[StatefulSet] : All',
      '- shop/web[Deployment] => shop/report[CronJob] : All',
    ]);
    expect(of(all, 'shop/report')).toContain('- shop/report[CronJob] => shop/db[StatefulSet] : All');
    expect(of(all, 'monitoring/prometheus')).toContain('- monitoring/prometheus[StatefulSet] => shop/api[Deployment] : All');
    expect(all.filter((line) => line.includes('=> kube-system/coredns'))).toEqual(['api[Deployment]', 'db[StatefulSet]', 'report[CronJob]', 'web[Deployment]'].map((name) => `- shop/${name} => kube-system/coredns[Deployment] : All`));
    // What stays: not a word about these ports.
    expect(of(all, 'ingress/traefik').find((line) => line.includes('shop/web'))).toBe('- ingress/traefik[Deployment] => shop/web[Deployment] : TCP 0-8079,8081-65535; UDP; SCTP');
    expect(of(all, 'shop/api').find((line) => line.includes('shop/db'))).toBe('- shop/api[Deployment] => shop/db[StatefulSet] : TCP 0-5431,5433-65535; UDP; SCTP');
  });

  it('the connections that were recorded in the shop are named with their counts', async () => {
    const ran = await runMain('policy', 'impact', '--flows', join(example('shop'), 'flows.ndjson'), '--enforcer', 'calico', example('shop'));
    expect([ran.code, ran.stdout.split('\n').filter((line) => /^\w/.test(line))]).toEqual([1, [
      'deny: shop/web[Deployment] → kube-system/coredns[Deployment] UDP 53: seen 77608 times between 1 pair',
      'deny: shop/api[Deployment] → kube-system/coredns[Deployment] UDP 53: seen 18240 times between 1 pair',
      'deny: monitoring/prometheus[StatefulSet] → shop/api[Deployment] TCP 9100: seen 2880 times between 1 pair',
      'deny: shop/report[CronJob] → kube-system/coredns[Deployment] UDP 53: seen 28 times between 1 pair',
      'deny: shop/report[CronJob] → shop/db[StatefulSet] TCP 5432: seen 14 times between 1 pair',
      'of 187904 connections seen: 98770 would be denied, 0 depend, 0 cannot be told, 89134 stay',
    ]]);
  });

  it('the connections of a capture of the shop are named with their counts', async () => {
    const ran = await runMain('policy', 'impact', '--flows', join(example('captures'), 'shop.pcap'), '--enforcer', 'calico', example('shop'), join(example('captures'), 'shop-pods.yaml'));
    expect([ran.code, ran.stdout.split('\n').filter((line) => /^\w/.test(line)), ran.stderr]).toEqual([1, [
      'deny: shop/web[Deployment] → kube-system/coredns[Deployment] UDP 53: seen 75 times between 2 pairs',
      'deny: shop/api[Deployment] → kube-system/coredns[Deployment] UDP 53: seen 12 times between 1 pair',
      'deny: monitoring/prometheus[StatefulSet] → shop/api[Deployment] TCP 9100: seen 8 times between 1 pair',
      'deny: shop/report[CronJob] → kube-system/coredns[Deployment] UDP 53: seen 2 times between 1 pair',
      'deny: shop/report[CronJob] → shop/db[StatefulSet] TCP 5432: seen 1 time between 1 pair',
      'of 305 connections seen: 98 would be denied, 0 depend, 0 cannot be told, 207 stay',
    ], '1 connection of TCP is older than the capture, so that nobody can tell who opened what: left out\n']);
  });

  it('the connections of a capture of the MLOps stack are named with their counts, Services among them', async () => {
    const ran = await runMain('policy', 'impact', '--flows', join(example('captures'), 'founding-cluster.pcap'), '--enforcer', 'calico', example('founding-cluster'));
    expect([ran.code, ran.stdout.split('\n').filter((line) => /^\w/.test(line))]).toEqual([1, [
      'deny: seldon-mesh/seldon-envoy[StatefulSet] → seldon-mesh/mlserver[StatefulSet] TCP 9000: seen 30 times between 1 pair',
      'deny: seldon-mesh/mlserver[StatefulSet] → kube-system/coredns[Deployment] UDP 53: seen 24 times between 1 pair',
      'deny: monitoring/prometheus[StatefulSet] → seldon-mesh/mlserver[StatefulSet] TCP 8082: seen 15 times between 1 pair',
      'deny: seldon-mesh/seldon-envoy[StatefulSet] → seldon-mesh/mlserver[StatefulSet] TCP 9500: seen 4 times between 1 pair',
      'deny: seldon-mesh/mlserver[StatefulSet] → seldon-mesh/seldon-scheduler[StatefulSet] TCP 9005: seen 3 times between 1 pair',
      'deny: seldon-mesh/seldon-envoy[StatefulSet] → seldon-mesh/seldon-scheduler[StatefulSet] TCP 9002: seen 2 times between 1 pair',
      'of 114 connections seen: 78 would be denied, 0 depend, 0 cannot be told, 36 stay',
    ]]);
  });

  it('the MLOps stack loses the DNS of its servers, its scheduler, its inference and its metrics', async () => {
    const { all, counts } = await closed('founding-cluster');
    expect(counts).toBe('60 closed, 0 opened, 4 may close (pairs of ends)');
    expect(of(all, 'seldon-mesh')).toEqual([
      // Its DNS, and of MinIO all but its port; the scheduler, which lets nobody in.
      ...['kube-system/calico-node[DaemonSet]', 'kube-system/coredns[Deployment]', 'kube-system/kured[DaemonSet]', 'metallb-system/controller[Deployment]'].map((to) => `- seldon-mesh/mlserver[StatefulSet] => ${to} : All`),
      ...['mlops/minio[StatefulSet]', 'mlops/workflow-controller-7c9f[ReplicaSet]'].map((to) => `- seldon-mesh/mlserver[StatefulSet] => ${to} : TCP 0-8999,9001-65535; UDP; SCTP`),
      ...['mlops/mlflow[Deployment]', 'monitoring/grafana-6d5f[ReplicaSet]', 'monitoring/prometheus[StatefulSet]', 'seldon-mesh/seldon-envoy[StatefulSet]', 'seldon-mesh/seldon-scheduler[StatefulSet]'].map((to) => `- seldon-mesh/mlserver[StatefulSet] => ${to} : All`),
      // Inference, and models that are told to the servers.
      ...['mlops/mlflow[Deployment]', 'seldon-mesh/mlserver[StatefulSet]', 'seldon-mesh/seldon-scheduler[StatefulSet]'].map((to) => `- seldon-mesh/seldon-envoy[StatefulSet] => ${to} : All`),
      ...['mlops/mlflow[Deployment]', 'seldon-mesh/mlserver[StatefulSet]', 'seldon-mesh/seldon-envoy[StatefulSet]'].map((to) => `- seldon-mesh/seldon-scheduler[StatefulSet] => ${to} : All`),
    ]);
    // The scrapes of Seldon close; those of MLflow stay, because of the first of the two items that were meant as one.
    expect(of(all, 'monitoring/prometheus')).toEqual(['mlserver', 'seldon-envoy', 'seldon-scheduler'].map((name) => `- monitoring/prometheus[StatefulSet] => seldon-mesh/${name}[StatefulSet] : All`));
  });
});
