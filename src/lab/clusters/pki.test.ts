import { X509Certificate, createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issue, kubeconfig, makeAuthority, makeNodePki, makePki, type ClusterPki, type KeyPair } from './pki.ts';

const options = { serverAddress: '192.168.77.11', serverName: 'a-server-1', serviceAddress: '10.43.0.1', domain: 'cluster.local' };
const read = (pair: KeyPair): X509Certificate => new X509Certificate(pair.cert);
const CLIENT = '1.3.6.1.5.5.7.3.2';
const SERVER = '1.3.6.1.5.5.7.3.1';

let pki: ClusterPki;
beforeAll(async () => {
  pki = await makePki({ ...options, singleAuthority: false });
});

describe('a cluster\'s certificates', () => {
  it.each<[keyof ClusterPki, 'serverCa' | 'clientCa' | 'requestHeaderCa' | 'etcdCa', string, string[]]>([
    ['apiServer', 'serverCa', 'CN=kube-apiserver', [SERVER]],
    ['apiServerToKubelet', 'clientCa', 'O=system:masters\nCN=system:kube-apiserver', [CLIENT]],
    ['frontProxy', 'requestHeaderCa', 'CN=system:auth-proxy', [CLIENT]],
    ['etcdServer', 'etcdCa', 'CN=etcd-server', [CLIENT, SERVER]],
    ['etcdClient', 'etcdCa', 'CN=etcd-client', [CLIENT]],
    ['admin', 'clientCa', 'O=system:masters\nCN=system:admin', [CLIENT]],
    ['controllerManager', 'clientCa', 'CN=system:kube-controller-manager', [CLIENT]],
    ['scheduler', 'clientCa', 'CN=system:kube-scheduler', [CLIENT]],
    ['kubeProxy', 'clientCa', 'CN=system:kube-proxy', [CLIENT]],
    ['flannel', 'clientCa', 'CN=flannel', [CLIENT]],
  ])('%s is signed by %s for %s', (name, authority, subject, usages) => {
    const pair = pki[name] as KeyPair;
    const certificate = read(pair);
    expect(certificate.verify(read(pki[authority]).publicKey)).toBe(true);
    expect(certificate.subject).toBe(subject);
    expect(certificate.keyUsage).toEqual(usages);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
  });

  it('keeps authorities apart, or clients and servers together as kubeadm does', async () => {
    const subjects = [pki.serverCa, pki.clientCa, pki.requestHeaderCa, pki.etcdCa].map((one) => [read(one).subject, read(one).ca]);
    expect(subjects).toEqual([['CN=lab-server-ca', true], ['CN=lab-client-ca', true], ['CN=lab-request-header-ca', true], ['CN=lab-etcd-ca', true]]);
    const single = await makePki({ ...options, singleAuthority: true });
    expect(single.clientCa).toBe(single.serverCa);
    expect(read(single.admin).verify(read(single.serverCa).publicKey)).toBe(true);
  });

  it('names every way to the API server', () => {
    const certificate = read(pki.apiServer);
    for (const host of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost', 'a-server-1']) expect(certificate.checkHost(host), host).toBe(host);
    for (const ip of ['127.0.0.1', '192.168.77.11', '10.43.0.1']) expect(certificate.checkIP(ip), ip).toBe(ip);
  });

  it('gives a kubelet the identity that the Node authorizer expects', async () => {
    const { client, serving } = await makeNodePki(pki, 'a-agent-1', '192.168.77.12');
    expect(read(client).subject).toBe('O=system:nodes\nCN=system:node:a-agent-1');
    expect(read(client).verify(read(pki.clientCa).publicKey)).toBe(true);
    expect(read(serving).verify(read(pki.serverCa).publicKey)).toBe(true);
    expect(read(serving).checkIP('192.168.77.12')).toBe('192.168.77.12');
  });

  it('is valid from yesterday on, so that a clock that is behind does no harm, and serial numbers are positive', async () => {
    const authority = await makeAuthority('test');
    const certificate = read(await issue(authority, { commonName: 'x', usage: 'client' }));
    expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now() - 23 * 3_600_000);
    expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 360 * 24 * 3_600_000);
    expect(certificate.serialNumber).toMatch(/^01[0-9A-F]{30}$/);
  });
});

it('a kubeconfig carries server, authority and key pair', () => {
  const config = JSON.parse(kubeconfig('https://127.0.0.1:1', 'CA', 'me', { cert: 'CERT', key: 'KEY' })) as { clusters: unknown; users: unknown };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  expect(config).toMatchObject({
    clusters: [{ cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': base64('CA') } }],
    users: [{ name: 'me', user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') } }],
    'current-context': 'lab',
  });
});
