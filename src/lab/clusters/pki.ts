/** A lab cluster's own certificates: four authorities, as K3s keeps them apart, and what they sign. */
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
  type X509Certificate,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** PEM texts of a certificate and its key. */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface Authority extends KeyPair {
  certificate: X509Certificate;
  signingKey: webcrypto.CryptoKey;
}

/** A certificate to issue: client certificates carry the Kubernetes user as common name and its groups as organizations. */
export interface Request {
  commonName: string;
  organizations?: string[];
  usage: 'client' | 'server' | 'both';
  dns?: string[];
  ips?: string[];
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

function serialNumber(): string {
  // A positive integer of at most 20 octets (RFC 5280 §4.1.2.2).
  return `01${randomBytes(15).toString('hex')}`;
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
}

/** Makes a self-signed authority valid for ten years. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(3650),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true)],
  });
  return { certificate, signingKey: keys.privateKey, cert: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

/** Issues a certificate valid for one year. */
export async function issue(authority: Authority, request: Request): Promise<KeyPair> {
  const keys = await newKeys();
  const usages = [...(request.usage === 'server' ? [] : [CLIENT_AUTH]), ...(request.usage === 'client' ? [] : [SERVER_AUTH])];
  const names = [...(request.dns ?? []).map((value) => ({ type: 'dns' as const, value })), ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value }))];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(request.organizations ?? []).map((organization) => ({ O: [organization] })), { CN: [request.commonName] }],
    issuer: authority.certificate.subject,
    ...validity(365),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.signingKey,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension(usages),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

export interface ClusterPki {
  serverCa: Authority;
  clientCa: Authority;
  requestHeaderCa: Authority;
  etcdCa: Authority;
  /** Serving certificate of the API server and its client certificates towards kubelets, aggregated APIs and etcd. */
  apiServer: KeyPair;
  apiServerToKubelet: KeyPair;
  frontProxy: KeyPair;
  etcdServer: KeyPair;
  etcdClient: KeyPair;
  admin: KeyPair;
  controllerManager: KeyPair;
  scheduler: KeyPair;
  kubeProxy: KeyPair;
  flannel: KeyPair;
  /** PEM of the key that signs service account tokens, and its public half. */
  serviceAccount: { key: string; public: string };
}

export interface PkiOptions {
  serverAddress: string;
  serverName: string;
  /** First address of the Service range: the `kubernetes` Service. */
  serviceAddress: string;
  domain: string;
  /** kubeadm signs clients and servers with the same authority. */
  singleAuthority: boolean;
}

/** Makes everything the control plane of one cluster needs. */
export async function makePki(options: PkiOptions): Promise<ClusterPki> {
  const [serverCa, ownClientCa, requestHeaderCa, etcdCa] = await Promise.all(['lab-server-ca', 'lab-client-ca', 'lab-request-header-ca', 'lab-etcd-ca'].map(makeAuthority)) as [Authority, Authority, Authority, Authority];
  const clientCa = options.singleAuthority ? serverCa : ownClientCa;
  const client = (commonName: string, ...organizations: string[]): Promise<KeyPair> => issue(clientCa, { commonName, organizations, usage: 'client' });
  const service = 'kubernetes.default.svc';
  const account = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [apiServer, apiServerToKubelet, frontProxy, etcdServer, etcdClient, admin, controllerManager, scheduler, kubeProxy, flannel] = await Promise.all([
    issue(serverCa, { commonName: 'kube-apiserver', usage: 'server', dns: ['kubernetes', 'kubernetes.default', service, `${service}.${options.domain}`, 'localhost', options.serverName], ips: ['127.0.0.1', options.serverAddress, options.serviceAddress] }),
    client('system:kube-apiserver', 'system:masters'),
    issue(requestHeaderCa, { commonName: 'system:auth-proxy', usage: 'client' }),
    issue(etcdCa, { commonName: 'etcd-server', usage: 'both', dns: ['localhost', options.serverName], ips: ['127.0.0.1', options.serverAddress] }),
    issue(etcdCa, { commonName: 'etcd-client', usage: 'client' }),
    client('system:admin', 'system:masters'),
    client('system:kube-controller-manager'),
    client('system:kube-scheduler'),
    client('system:kube-proxy'),
    client('flannel'),
  ]);
  const serviceAccount = {
    key: account.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    public: account.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
  return { serverCa, clientCa, requestHeaderCa, etcdCa, apiServer, apiServerToKubelet, frontProxy, etcdServer, etcdClient, admin, controllerManager, scheduler, kubeProxy, flannel, serviceAccount };
}

/** A node's own certificates: its kubelet as client (user system:node:NAME, which the Node authorizer expects) and as server. */
export async function makeNodePki(pki: Pick<ClusterPki, 'serverCa' | 'clientCa'>, node: string, address: string): Promise<{ client: KeyPair; serving: KeyPair }> {
  const [client, serving] = await Promise.all([
    issue(pki.clientCa, { commonName: `system:node:${node}`, organizations: ['system:nodes'], usage: 'client' }),
    issue(pki.serverCa, { commonName: node, usage: 'server', dns: [node], ips: [address, '127.0.0.1'] }),
  ]);
  return { client, serving };
}

/** A kubeconfig (JSON is YAML) that names one cluster, one user and one context. */
export function kubeconfig(server: string, ca: string, user: string, pair: KeyPair): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(pair.cert), 'client-key-data': base64(pair.key) } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
    'current-context': 'lab',
  }, null, 2);
}
