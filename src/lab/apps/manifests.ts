/** What `fairlead lab up --apps` deploys. */
import type { KubeObject } from '../../cluster/objects.ts';
import { HTTP_PORT, STREAM_PORT, allowIngress, denyIngress, deployment, disruptionBudget, namespace, service } from './shop.ts';
import type { Workload } from './shop.ts';

export interface AppsOptions {
  /** Port of Service `shop/web` at every node's address. Default 30080. */
  nodePort?: number;
  /** DNS domain of the cluster. Default cluster.local. */
  clusterDomain?: string;
}

export const SHOP_NODE_PORT = 30080;

/**
 * Objects in the order in which they are applied (policies before the pods they protect):
 * - namespace `shop`: web → catalog → ledger, two replicas each on different nodes, behind Services with readiness
 *   and budgets; `web` also as NodePort. `stream-client` holds one TCP connection to `stream-server` and tells at
 *   /stats how it fared. Ingress is denied but for these paths.
 * - namespace `intruder`: one pod whose `/` asks the ledger; with policies enforced it answers 502, without 200.
 * - namespace `batch`: one replica, no Service, no budget: what a drain interrupts and a plan must announce.
 */
export function appsManifests(options: AppsOptions = {}): KubeObject[] {
  const nodePort = options.nodePort ?? SHOP_NODE_PORT;
  const domain = options.clusterDomain ?? 'cluster.local';
  const tier = (role: 'web' | 'catalog' | 'ledger', upstream?: string): Workload => ({
    namespace: 'shop',
    name: role,
    role,
    replicas: 2,
    ...(upstream !== undefined && { env: { UPSTREAM_URL: `http://${upstream}:${HTTP_PORT}` } }),
  });
  const web = tier('web', 'catalog');
  const catalog = tier('catalog', 'ledger');
  const ledger = tier('ledger');
  const server: Workload = { namespace: 'shop', name: 'stream-server', role: 'stream-server', replicas: 1 };
  const client: Workload = { namespace: 'shop', name: 'stream-client', role: 'stream-client', replicas: 1, awayFrom: server.name, env: { STREAM_ADDRESS: `stream-server:${STREAM_PORT}` } };
  const intruder: Workload = { namespace: 'intruder', name: 'intruder', role: 'web', replicas: 1, env: { UPSTREAM_URL: `http://ledger.shop.svc.${domain}:${HTTP_PORT}` } };
  const job: Workload = { namespace: 'batch', name: 'job', role: 'job', replicas: 1 };
  const tiers = [ledger, catalog, web];
  return [
    ...['shop', 'intruder', 'batch'].map(namespace),
    denyIngress('shop'),
    // Requests to a NodePort come from node addresses or from outside: no pod selector matches them.
    allowIngress(web, HTTP_PORT),
    allowIngress(catalog, HTTP_PORT, web),
    allowIngress(ledger, HTTP_PORT, catalog),
    allowIngress(server, STREAM_PORT, client),
    // Its figures are read from outside the cluster, by way of the API server.
    allowIngress(client, HTTP_PORT),
    ...tiers.map((workload) => service(workload, workload === web ? { nodePort } : {})),
    service(server),
    ...tiers.map(disruptionBudget),
    ...[...tiers, server, client, intruder, job].map(deployment),
  ];
}
