/** The parts of redaction, each by itself: values, arguments, Corefiles, environment, permissions. */
import { describe, expect, it } from 'vitest';
import { keepArguments } from './argument.ts';
import { BASE_CATALOGUE } from './base-catalogue.ts';
import { joinCatalogues } from './catalogue.ts';
import { keepCorefile } from './corefile.ts';
import { pluralOf, snapshotPermissions } from './rbac.ts';
import { Redactor } from './redact.ts';
import { isPlainValue, looksSecret } from './values.ts';

describe('plain values', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', 'fd00::1', '10.0.0.1-10.0.0.9', '10.0.0.1,fd00::1', '9005', ':9005', '1450', '64Mi', '30s', '10.0.0.1:53', '[::1]:53', 'http://10.43.0.1:80', 'seldon-scheduler.seldon-mesh.svc', 'seldon-scheduler.seldon-mesh.svc.cluster.local:9005'])('%s is', (text) => expect(isPlainValue(text)).toBe(true));
  it.each(['', 'hunter2', 'seldon-scheduler', 'https://user:pass@10.0.0.1', 'https://10.0.0.1/secret', '10.0.0.1 hunter2', '99999999999999999999', 'a.b.c', '10.0.0', 'deadbeef', '0x10'])('%j is not', (text) => expect(isPlainValue(text)).toBe(false));
});

describe('what looks like a secret', () => {
  it.each(['-----BEGIN RSA PRIVATE KEY-----', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.x', 'AKIAIOSFODNN7EXAMPLE', 'ghp_0123456789abcdef0123', 'postgres://u:p@h/d', 'password=x', 'token: abc', '"apiKey":"x"', 'Bearer abcdefgh', 'K10aaaaaaaaaaaaaaaaaaaaaaaa::server:x'])('%s', (text) => expect(looksSecret(text)).toBe(true));
  it.each(['10.0.0.0/8', 'kubernetes.io/hostname', 'app-7d9f8c6b5d-abcde', 'registry.example.com/team/app:1.2.3', 'failed to allocate for range 0: no IP addresses available', 'https://10.0.0.1:6443'])('not %s', (text) => expect(looksSecret(text)).toBe(false));
});

describe('arguments', () => {
  it('keep names of flags, and values of flags of networking that are plain', () => {
    expect(keepArguments(['--cluster-cidr=10.42.0.0/16', '--iface', 'eth1', '--mode=ipvs', '--password=x', '--token', 'abc', '--config=/etc/x', '--ip-masq', '-v=2', 'hunter2', '--port', '8080', '--listen-address=hunter2'], false))
      .toEqual(['--cluster-cidr=10.42.0.0/16', '--iface', 'eth1', '--mode=ipvs', '--password=…', '--token', '…', '--config=…', '--ip-masq', '-v=…', '…', '--port', '8080', '--listen-address=…']);
  });
  it('keep the program of a command, and no script', () => {
    expect(keepArguments(['/opt/bin/flanneld', '--ip-masq'], true)).toEqual(['/opt/bin/flanneld', '--ip-masq']);
    expect(keepArguments(['sh', '-c', 'echo hunter2'], true)).toEqual(['sh', '-c', '…']);
    expect(keepArguments('no list', true)).toBeUndefined();
  });
});

describe('a Corefile', () => {
  it('keeps how names are resolved, and no credentials', () => {
    const text = '.:53 {\n    errors # remark hunter2\n    route53 example.org.:Z1 {\n        aws_access_key AKIA hunter2\n    }\n    hosts {\n        10.0.0.1 a.example\n        ttl 60\n        fallthrough\n    }\n    forward . 1.1.1.1 {\n        tls_servername hunter2\n        max_concurrent 1000\n    }\n}\nstub.example:53 {\n    forward . 10.0.0.53\n}\n';
    expect(keepCorefile(text)).toBe('.:53 {\n    errors\n    route53 {\n    }\n    hosts {\n        10.0.0.1 a.example\n        ttl 60\n        fallthrough\n    }\n    forward . 1.1.1.1 {\n        max_concurrent 1000\n    }\n}\nstub.example:53 {\n    forward . 10.0.0.53\n}\n');
    expect(keepCorefile(keepCorefile(text))).toBe(keepCorefile(text));
  });
});

describe('objects', () => {
  const redactor = new Redactor(joinCatalogues([BASE_CATALOGUE]));
  it('are unknown, never read, unneeded or bad, and it is said which', () => {
    expect(redactor.redact({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: {} })).toMatchObject({ left: 'never-read' });
    expect(redactor.redact({ apiVersion: 'example.com/v1', kind: 'Secret', metadata: { name: 'x' } })).toMatchObject({ left: 'never-read' });
    expect(redactor.redact({ apiVersion: 'example.com/v1', kind: 'Pod', metadata: { name: 'x' } })).toMatchObject({ left: 'unlisted' });
    expect(redactor.redact({ apiVersion: 'v1', kind: 'Event', metadata: { name: 'x' }, reason: 'Pulled' })).toMatchObject({ left: 'unneeded' });
    expect(redactor.redact([])).toMatchObject({ left: 'bad' });
    expect(redactor.redact({ apiVersion: 'v1', kind: 'Pod' })).toMatchObject({ left: 'bad', why: 'Pod without metadata' });
  });
  it('keep values of the type that the API gives them', () => {
    const kept = redactor.redact({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', labels: { a: 1 } }, spec: { clusterIP: 5, ports: [{ port: '80', targetPort: 'http' }, 'x'], selector: ['x'], publishNotReadyAddresses: 'yes' } });
    expect('object' in kept && kept.object).toMatchObject({ metadata: { labels: { a: '1' } }, spec: { clusterIP: '5', ports: [{ targetPort: 'http' }] } });
    expect(JSON.stringify(kept)).not.toMatch(/"80"|selector|publishNotReady/);
  });
  it('do not touch what every object has', () => {
    const kept = redactor.redact(JSON.parse('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{"__proto__":"y"}},"spec":{"__proto__":{"nodeName":"z"}}}'));
    expect('object' in kept && Object.getPrototypeOf(kept.object.metadata.labels ?? {})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['nodeName']).toBeUndefined();
  });
});

describe('permissions', () => {
  it.each([['NetworkPolicy', 'networkpolicies'], ['Ingress', 'ingresses'], ['Endpoints', 'endpoints'], ['EndpointSlice', 'endpointslices'], ['StorageClass', 'storageclasses'], ['BlockAffinity', 'blockaffinities'], ['Gateway', 'gateways'], ['BGPPeer', 'bgppeers'], ['TigeraStatus', 'tigerastatuses']])('%s is %s', (kind, plural) => expect(pluralOf(kind)).toBe(plural));
  it('are to list, without Secrets', () => {
    const text = JSON.stringify(snapshotPermissions(joinCatalogues([BASE_CATALOGUE])));
    expect(text).toContain('"networkpolicies"');
    expect(text).not.toMatch(/secret|"get"|"watch"|"\*"/i);
  });
});
