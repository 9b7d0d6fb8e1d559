/** The role that `fairlead rbac snapshot` prints is what collecting asks for: enough, and nothing more. An API server holds Fairlead to it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../cluster/client.ts';
import { collectSnapshot } from '../cluster/snapshot/collect.ts';
import type { RoleRule } from '../cluster/roles.ts';
import { pluralOf, snapshotPermissions } from '../cluster/snapshot/rbac.ts';
import { CATALOGUE } from './catalogue.ts';

const RULES = snapshotPermissions(CATALOGUE).cluster;

const dir = mkdtempSync(join(tmpdir(), 'fairlead-rbac-'));
let server: Server;
let cluster: Cluster;
let granted: readonly RoleRule[] = RULES;
let used = new Set<string>();

/** Whether the role allows it, as the API server's authorizer decides (k8s.io/kubernetes rbac.RulesAllow). */
const allows = (group: string, resource: string, verb: string): boolean => granted.some((rule) => rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.verbs.includes(verb));

/** Discovery, which every authenticated user may read (system:discovery), and lists, for whom the role allows it. */
function answer(method: string, url: string): [number, object] {
  const [path = '', query = ''] = url.split('?');
  const parts = path.split('/').filter((part) => part !== '');
  const [group = '', version = ''] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const [resource] = rest;
  if (resource === undefined) {
    const kinds = CATALOGUE.kinds.filter((spec) => spec.group === group && spec.versions.includes(version));
    return [200, { resources: kinds.map(({ kind }) => ({ name: pluralOf(kind), kind, namespaced: true })) }];
  }
  const verb = method !== 'GET' ? method : rest.length > 1 ? 'get' : query.includes('watch') ? 'watch' : 'list';
  used.add(`${group}/${resource} ${verb}`);
  return allows(group, resource, verb) ? [200, { items: [] }] : [403, { kind: 'Status', reason: 'Forbidden', message: `${resource} is forbidden: User "u" cannot ${verb} resource "${resource}"` }];
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const [status, body] = answer(request.method ?? '', request.url ?? '');
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(dir, 'kubeconfig'), JSON.stringify({ clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }));
  cluster = await Cluster.connect({ kubeconfig: join(dir, 'kubeconfig'), patienceMs: 0 });
});
afterAll(async () => {
  cluster.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

const collect = async (rules: readonly RoleRule[]): ReturnType<typeof collectSnapshot> => {
  [granted, used] = [rules, new Set()];
  return await collectSnapshot({ source: cluster, catalogue: CATALOGUE, tool: '1', now: new Date(0), hostFacts: (node) => Promise.resolve({ node }) });
};

describe('the role for snapshots', () => {
  it('is enough: with it nothing is unknown', async () => expect((await collect(RULES)).unknown).toEqual([]));

  it('is not more than is asked for', async () => {
    await collect(RULES);
    const given = RULES.flatMap(({ apiGroups, resources, verbs }) => apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))));
    expect(given.toSorted()).toEqual([...used].toSorted());
    expect(given.filter((one) => /secret|token|\*|exec/i.test(one))).toEqual([]);
  });

  it('without one resource leaves exactly that unknown, and names the permission', async () => {
    const { unknown } = await collect(RULES.map((rule) => ({ ...rule, resources: rule.resources.filter((resource) => resource !== 'networkpolicies' || !rule.apiGroups.includes('networking.k8s.io')) })));
    expect(unknown).toMatchObject([{ what: 'objects of kind NetworkPolicy of networking.k8s.io', why: expect.stringContaining('resources ["networkpolicies"], verbs ["list"]') as string }]);
  });

  it("names resources as their definitions do: Calico's own manifests", () => {
    const manifests = new URL('calico/manifests/', import.meta.url);
    const definitions = readdirSync(manifests).filter((name) => name.endsWith('.yaml')).flatMap((name) => loadAll(readFileSync(new URL(name, manifests), 'utf8')) as ({ kind?: string; spec?: { group: string; names: { kind: string; plural: string } } } | null)[]);
    const named = definitions.flatMap((one) => (one?.kind === 'CustomResourceDefinition' && one.spec !== undefined && CATALOGUE.kinds.some(({ group, kind }) => group === one.spec?.group && kind === one.spec.names.kind) ? [one.spec.names] : []));
    expect(named.length).toBeGreaterThan(10);
    for (const { kind, plural } of named) expect(pluralOf(kind)).toBe(plural);
  });

  // kubectl api-resources of a cluster with everything that the catalogue knows.
  it.each([
    ['Node', 'nodes'], ['Endpoints', 'endpoints'], ['EndpointSlice', 'endpointslices'], ['Ingress', 'ingresses'], ['IngressClass', 'ingressclasses'], ['NetworkPolicy', 'networkpolicies'], ['GatewayClass', 'gatewayclasses'], ['StorageClass', 'storageclasses'],
    ['CiliumNetworkPolicy', 'ciliumnetworkpolicies'], ['CiliumIdentity', 'ciliumidentities'], ['CiliumL2AnnouncementPolicy', 'ciliuml2announcementpolicies'], ['CiliumLoadBalancerIPPool', 'ciliumloadbalancerippools'],
    ['IPAddressPool', 'ipaddresspools'], ['HelmChartConfig', 'helmchartconfigs'], ['TigeraStatus', 'tigerastatuses'], ['ServiceL2Status', 'servicel2statuses'], ['BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies'],
  ])('%s is %s', (kind, plural) => expect(pluralOf(kind)).toBe(plural));
});
