/** Ingresses and routes of the Gateway API as ends of questions and in listings, from the front door. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMain, type Ran } from './testing/run-main.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-routes-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const deployment = (namespace: string, name: string, port: number): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: ${port}}]}]}}}\n`;
const service = (name: string): string => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {app: ${name}}, ports: [{name: web, port: 80, targetPort: http}]}\n`;
const route = (kind: string, name: string, rules: string): string => `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: {rules: [${rules}]}\n`;
const SHOP = [
  deployment('ingress', 'controller', 443), deployment('shop', 'web', 8080), deployment('shop', 'api', 9090), service('web'), service('api'),
  'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop, namespace: shop}\nspec: {rules: [{host: shop.example, http: {paths: [{path: /, backend: {service: {name: web, port: {name: web}}}}, {path: /api, backend: {service: {name: api, port: {number: 80}}}}]}}]}\n',
  route('HTTPRoute', 'http', '{backendRefs: [{name: web, port: 80}]}'), route('GRPCRoute', 'grpc', '{backendRefs: [{name: api, port: 80}]}'),
  route('TCPRoute', 'tcp', '{backendRefs: [{name: web, port: 80}, {name: gone, port: 80}]}'), route('TLSRoute', 'tls', '{backendRefs: [{name: api, port: 81}]}'),
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: api, namespace: shop}\nspec: {podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}\n',
].join('---\n');

beforeAll(() => writeFileSync(join(dir, 'shop.yaml'), SHOP));
const policy = (...argv: string[]): Promise<Ran> => runMain('policy', ...argv, join(dir, 'shop.yaml'));
const ask = (from: string, to: string): Promise<Ran> => policy('ask', '--from', from, '--to', to);

describe('routes', { timeout: 60_000 }, () => {
  it('stand for what is behind them, and each backend is asked at its own port', async () => {
    const ran = await ask('ingress/controller', 'ingress:shop/shop');
    expect([ran.code, ran.stdout.replaceAll(dir, 'DIR')]).toEqual([1, `depends: ingress/controller → ingress:shop/shop
  Depends on which pods: of 2 pairs 1 are allowed, 1 denied, 0 depend.
  allow: ingress/controller → shop/web TCP 8080
    No policy applies to ingress/controller for egress: allowed.
    No policy applies to shop/web for ingress: allowed.
    Through Ingress shop/shop (shop.example/).
    Through Service shop/web to shop/web port 8080.
  deny: ingress/controller → shop/api TCP 9090
    shop/api is isolated for ingress by NetworkPolicy shop/api spec.podSelector (DIR/shop.yaml:54), and no rule of it allows it.
    Through Ingress shop/shop (shop.example/api).
    Through Service shop/api to shop/api port 9090.
  How a client notices a denial is up to the CNI (kubernetes.io/docs/concepts/services-networking/network-policies: the API does not say how traffic is denied).
`]);
  });

  it.each([
    ['httproute:shop/http', 0, 'allow: ingress/controller → httproute:shop/http\n'],
    ['grpcroute:shop/grpc', 1, 'deny: ingress/controller → grpcroute:shop/grpc\n'],
    ['tcproute:shop/tcp', 1, 'depends: ingress/controller → tcproute:shop/tcp\n  Cannot tell: TCPRoute shop/tcp leads to Service shop/gone, which is not in the input.\n'],
    ['tlsroute:shop/tls', 1, 'unknown: ingress/controller → tlsroute:shop/tls\n  Cannot tell: TLSRoute shop/tls leads to port 81 of Service shop/api, which it does not have.\n'],
    ['httproute:shop/none', 1, 'unknown: ingress/controller → httproute:shop/none\n  Cannot tell: there is no httproute:shop/none in the input.\n'],
  ])('%s', async (to, code, text) => {
    const ran = await ask('ingress/controller', to);
    expect([ran.code, ran.stdout.slice(0, text.length)]).toEqual([code, text]);
  });

  it('are reached from outside through their controller alone, which is said', async () => {
    expect(await ask('203.0.113.7', 'ingress:shop/shop')).toMatchObject({ code: 1, stdout: expect.stringContaining('opened by the pods of its controller; name these as the other end') as string });
    expect(await ask('ingress:shop/shop', 'shop/web')).toMatchObject({ code: 2, stderr: expect.stringContaining('--port is missing') as string });
    expect((await policy('ask', '--from', 'ingress:shop/shop', '--to', 'shop/web', '--port', '1')).stdout).toContain('Ingress shop/shop cannot open connections');
  });

  it('are explained rule by rule, checked by the file, and held against expectations', async () => {
    expect((await policy('explain', '--from', 'ingress/controller', '--to', 'grpcroute:shop/grpc')).stdout).toMatch(/1\. NetworkPolicy shop\/api spec\.ingress\[0\]\.from\[0\] \(.*shop\.yaml:54\): does not fit: the other end/);
    writeFileSync(join(dir, 'q.ndjson'), '{"id":1,"from":"ingress/controller","to":"httproute:shop/http"}\n{"id":2,"from":"ingress/controller","to":"grpcroute:shop/grpc"}\n');
    expect((await policy('check', '--queries', join(dir, 'q.ndjson'))).stdout.split('\n').map((line) => /"verdict":"(\w+)"/.exec(line)?.[1])).toEqual(['allow', 'deny', undefined]);
    writeFileSync(join(dir, 'e.yaml'), 'expectations:\n  - {from: ingress/controller, to: "httproute:shop/http", expect: allow}\n  - {from: ingress/controller, to: "grpcroute:shop/grpc", expect: allow}\n');
    expect((await policy('test', join(dir, 'e.yaml'))).stdout).toContain('1 passed, 1 failed, 0 unknown\n');
  });

  it('are listed with the ports that they lead to, as far as the backends let in whoever the controller is', async () => {
    const lines = (await policy('list')).stdout.split('\n').filter((line) => /^(?:Ingress|\w+Route) /.test(line));
    expect(lines).toEqual([
      'Ingress shop/shop => shop/web[Deployment] : TCP 8080', 'Ingress shop/shop => shop/api[Deployment] : depends: TCP 9090',
      'HTTPRoute shop/http => shop/web[Deployment] : TCP 8080', 'GRPCRoute shop/grpc => shop/api[Deployment] : depends: TCP 9090', 'TCPRoute shop/tcp => shop/web[Deployment] : TCP 8080',
    ]);
    const { edges } = JSON.parse((await policy('list', '-o', 'json')).stdout) as { edges: object[] };
    expect(edges).toContainEqual({ from: 'Ingress shop/shop', to: 'shop/api[Deployment]', allow: [], depends: [{ protocol: 'TCP', from: 9090, to: 9090 }] });
  });
});
