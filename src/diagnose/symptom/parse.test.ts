/** Error texts of real programs are read as what they say; nothing makes the reader throw, and noise around a text does not change its kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSymptom } from './parse.ts';
import { SYMPTOM_KINDS, type Symptom } from './symptom.ts';

type Expected = Partial<Omit<Symptom, 'raw'>>;

/** Texts as programs print them, with their reading. */
const TEXTS: readonly [string, Expected][] = [
  // Go
  ['dial tcp 10.43.51.131:9004: i/o timeout', { kind: 'timeout', phase: 'connect', address: '10.43.51.131', port: 9004, protocol: 'TCP', said: 'go' }],
  ['dial tcp 127.0.0.1:9500: connect: connection refused', { kind: 'refused', phase: 'connect', address: '127.0.0.1', port: 9500, said: 'go' }],
  ['dial tcp 0.0.0.0:9500: connect: connection refused', { kind: 'refused', address: '0.0.0.0', port: 9500 }],
  ['dial tcp [::1]:8080: connect: connection refused', { kind: 'refused', address: '::1', port: 8080 }],
  ['dial tcp [fd00:10:42::5]:8080: connect: no route to host', { kind: 'no-route', address: 'fd00:10:42::5', port: 8080 }],
  ['dial tcp 10.42.3.7:8080: connect: no route to host', { kind: 'no-route', address: '10.42.3.7', port: 8080 }],
  ['dial tcp 10.96.0.1:443: connect: network is unreachable', { kind: 'net-unreachable', address: '10.96.0.1', port: 443 }],
  ['Get "https://10.43.0.1:443/api/v1/namespaces": dial tcp 10.43.0.1:443: i/o timeout', { kind: 'timeout', phase: 'connect', address: '10.43.0.1', port: 443 }],
  ['read tcp 10.42.1.17:43812->10.43.0.1:443: read: connection reset by peer', { kind: 'reset', phase: 'established', address: '10.43.0.1', port: 443, source: '10.42.1.17' }],
  ['read tcp 10.42.1.17:43812->10.42.2.9:5432: i/o timeout', { kind: 'timeout', phase: 'established', address: '10.42.2.9', port: 5432, source: '10.42.1.17' }],
  ['write tcp 10.42.1.17:43812->10.42.2.9:5432: write: broken pipe', { kind: 'closed', address: '10.42.2.9' }],
  ['dial tcp: lookup db on 10.43.0.10:53: no such host', { kind: 'name-unknown', name: 'db', server: '10.43.0.10', port: 53 }],
  ['dial tcp: lookup minio.mlops.svc.cluster.local. on 10.43.0.10:53: read udp 10.42.0.5:41234->10.43.0.10:53: i/o timeout', { kind: 'name-timeout', name: 'minio.mlops.svc.cluster.local', server: '10.43.0.10' }],
  ['dial tcp: lookup db on 10.43.0.10:53: server misbehaving', { kind: 'name-timeout', name: 'db' }],
  ['dial tcp: lookup db on 10.43.0.10:53: read udp 10.42.0.5:41234->10.43.0.10:53: read: connection refused', { kind: 'name-timeout', name: 'db' }],
  ['dial tcp: lookup registry.example.com: i/o timeout', { kind: 'name-timeout', name: 'registry.example.com' }],
  ['Get "https://web.shop:443/": net/http: TLS handshake timeout', { kind: 'timeout', phase: 'established', name: 'web.shop', port: 443 }],
  ['Get "http://web.shop:8080/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', { kind: 'deadline', name: 'web.shop', port: 8080 }],
  ['Get "https://10.43.0.1/": x509: certificate signed by unknown authority', { kind: 'certificate', address: '10.43.0.1', port: 443 }],
  ['tls: failed to verify certificate: x509: certificate is valid for kubernetes, not web', { kind: 'certificate' }],
  ['http: server gave HTTP response to HTTPS client', { kind: 'tls' }],
  ['tls: first record does not look like a TLS handshake', { kind: 'tls' }],
  ['accept tcp [::]:8080: accept4: too many open files', { kind: 'too-many-files' }],
  ['dial tcp 10.43.3.2:5432: connect: cannot assign requested address', { kind: 'no-local-port', port: 5432 }],
  ['listen tcp :8080: bind: address already in use', { kind: 'address-in-use' }],
  ['write udp 10.42.0.5:5000->10.42.1.5:5000: sendmsg: message too long', { kind: 'too-big' }],
  ['Post "http://web:80/x": EOF', { kind: 'closed', name: 'web', port: 80 }],
  // gRPC
  ['rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.43.51.131:9004: i/o timeout"', { kind: 'timeout', address: '10.43.51.131', port: 9004, said: 'grpc' }],
  ['rpc error: code = DeadlineExceeded desc = context deadline exceeded', { kind: 'deadline', said: 'grpc' }],
  ['rpc error: code = Unimplemented desc = unknown service inference.GRPCInferenceService', { kind: 'grpc', status: 'Unimplemented' }],
  ['failed to connect to all addresses; last error: UNKNOWN: ipv4:10.42.1.5:50051: Failed to connect to remote host: Connection refused', { kind: 'refused', address: '10.42.1.5', port: 50_051, said: 'grpc' }],
  ['grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with: status = StatusCode.UNAUTHENTICATED', { kind: 'grpc', status: 'UNAUTHENTICATED' }],
  // libc, curl, wget, nc
  ['curl: (7) Failed to connect to db port 5432 after 3 ms: Connection refused', { kind: 'refused', name: 'db', port: 5432, said: 'curl' }],
  ["curl: (7) Failed to connect to db port 5432 after 3 ms: Couldn't connect to server", { kind: 'unconnected', phase: 'connect', name: 'db', port: 5432, said: 'curl' }],
  ['curl: (7) Failed to connect to 10.42.1.5 port 80 after 3061 ms: No route to host', { kind: 'no-route', address: '10.42.1.5', port: 80 }],
  ['curl: (28) Failed to connect to web.shop port 80 after 130512 ms: Connection timed out', { kind: 'timeout', phase: 'connect', name: 'web.shop', port: 80 }],
  ['curl: (6) Could not resolve host: databse', { kind: 'name-unknown', name: 'databse' }],
  ['curl: (60) SSL certificate problem: certificate has expired', { kind: 'certificate' }],
  ['curl: (35) error:0A00010B:SSL routines::wrong version number', { kind: 'tls' }],
  ['curl: (52) Empty reply from server', { kind: 'closed' }],
  ['curl: (56) Recv failure: Connection reset by peer', { kind: 'reset' }],
  ["wget: bad address 'db'", { kind: 'name-unknown', name: 'db' }],
  ['bash: connect: Network is unreachable', { kind: 'net-unreachable' }],
  ['psql: error: connection to server at "db" (10.43.3.2), port 5432 failed: Connection refused', { kind: 'refused', address: '10.43.3.2', port: 5432 }],
  [';; connection timed out; no servers could be reached', { kind: 'name-timeout' }],
  ['ping: db: Name or service not known', { kind: 'name-unknown' }],
  ['ping: db: Temporary failure in name resolution', { kind: 'name-timeout' }],
  // Java
  ['java.net.ConnectException: Connection refused', { kind: 'refused', said: 'java' }],
  ['java.net.NoRouteToHostException: No route to host', { kind: 'no-route' }],
  ['java.net.UnknownHostException: kafka.stream.svc', { kind: 'name-unknown', name: 'kafka.stream.svc' }],
  ['java.net.SocketTimeoutException: connect timed out', { kind: 'timeout', phase: 'connect' }],
  ['java.net.SocketTimeoutException: Read timed out', { kind: 'deadline' }],
  ['java.net.SocketException: Connection reset', { kind: 'reset' }],
  ['io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: kafka/10.43.8.1:9092', { kind: 'refused', address: '10.43.8.1', port: 9092 }],
  ['javax.net.ssl.SSLHandshakeException: PKIX path building failed', { kind: 'certificate' }],
  // Python
  ['ConnectionRefusedError: [Errno 111] Connection refused', { kind: 'refused', said: 'python' }],
  ["HTTPConnectionPool(host='mlflow.mlops', port=5000): Max retries exceeded with url: / (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object>: Failed to establish a new connection: [Errno 113] No route to host'))", { kind: 'no-route', name: 'mlflow.mlops', port: 5000 }],
  ["HTTPConnectionPool(host='10.43.20.5', port=5000): Max retries exceeded (Caused by ConnectTimeoutError(<x>, 'Connection to 10.43.20.5 timed out. (connect timeout=5)'))", { kind: 'timeout', address: '10.43.20.5', port: 5000 }],
  ["HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=10)", { kind: 'deadline', name: 'api.example.com' }],
  ['socket.gaierror: [Errno -3] Temporary failure in name resolution', { kind: 'name-timeout' }],
  ['ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)', { kind: 'certificate' }],
  ['OSError: [Errno 24] Too many open files', { kind: 'too-many-files' }],
  ['OSError: [Errno 101] Network is unreachable', { kind: 'net-unreachable' }],
  // Node
  ['Error: connect ECONNREFUSED 10.42.0.9:6379', { kind: 'refused', address: '10.42.0.9', port: 6379, said: 'node' }],
  ['Error: connect EHOSTUNREACH 10.42.0.9:6379', { kind: 'no-route', address: '10.42.0.9' }],
  ['Error: getaddrinfo ENOTFOUND redis', { kind: 'name-unknown', name: 'redis' }],
  ['Error: getaddrinfo EAI_AGAIN redis', { kind: 'name-timeout', name: 'redis' }],
  ['Error: read ECONNRESET', { kind: 'reset' }],
  // Envoy, kubelet
  ['upstream connect error or disconnect/reset before headers. reset reason: connection timeout', { kind: 'timeout', said: 'envoy' }],
  ['no healthy upstream', { kind: 'http', status: '503', said: 'envoy' }],
  ['Readiness probe failed: HTTP probe failed with statuscode: 503', { kind: 'http', status: '503', said: 'kubelet' }],
  ['Readiness probe failed: Get "http://10.42.1.5:8080/healthz": dial tcp 10.42.1.5:8080: connect: connection refused', { kind: 'refused', address: '10.42.1.5', port: 8080, said: 'kubelet' }],
  ['Back-off restarting failed container mlserver in pod mlserver-0', { kind: 'pod-state' }],
  ['0/3 nodes are available: 3 Insufficient nvidia.com/gpu.', { kind: 'pod-state' }],
  ['Warning  FailedCreatePodSandBox  Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded', { kind: 'sandbox' }],
  ['plugin type="cilium-cni" failed (add): unable to connect to Cilium daemon: dial unix /var/run/cilium/cilium.sock: connect: no such file or directory', { kind: 'sandbox' }],
  ['container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized', { kind: 'sandbox' }],
  ['calico/node is not ready: BIRD is not ready: BGP not established with 172.17.0.1', { kind: 'component', said: 'felix' }],
  ['neighbour: arp_cache: neighbor table overflow!', { kind: 'component', said: 'kernel' }],
  ['nf_conntrack: table full, dropping packet', { kind: 'component', said: 'kernel' }],
  ['failed to set interface flannel.1 to UP state: address already in use', { kind: 'address-in-use', said: 'flanneld' }],
  // Nothing that is known
  ['segmentation fault (core dumped)', { kind: 'unknown' }],
  ['the model predicts poorly', { kind: 'unknown' }],
];

describe('error texts', () => {
  it.each(TEXTS)('%s', (text, expected) => expect(readSymptom(text)).toMatchObject(expected));

  it('has every kind among the examples', () => {
    const seen = new Set(TEXTS.map(([, { kind }]) => kind));
    expect(SYMPTOM_KINDS.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  it('keeps kind and target in a line of a log', () => {
    const prefixes = ['2026-11-26T06:02:08.123Z ERROR ', 'E1003 06:02:08.123456       1 reflector.go:147] ', 'time="2026-10-03T06:02:08Z" level=error msg="', 'agent | '];
    for (const [text] of TEXTS) {
      const { kind, address, name, port } = readSymptom(text);
      if (kind === 'unknown') continue;
      for (const prefix of prefixes) expect({ prefix, ...readSymptom(prefix + text) }).toMatchObject({ kind, ...(address === undefined ? {} : { address }), ...(name === undefined ? {} : { name }), ...(port === undefined ? {} : { port }) });
    }
  });

  it('never throws, and what it reads is of the right form', () => {
    const words = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('dial tcp ', 'lookup ', ' on ', '10.0.0.1', ':80', '->', 'host=\'', '[', '::1', ']', 'port ', 'connection refused', 'i/o timeout', '\'', '"', 'http://', '/')), { maxLength: 12 });
    fc.assert(fc.property(words, (parts) => {
      const { address, port, kind } = readSymptom(parts.join(''));
      expect(SYMPTOM_KINDS).toContain(kind);
      if (port !== undefined) expect(port >= 1 && port <= 65_535).toBe(true);
      if (address !== undefined) expect(address).toMatch(/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/);
    }), { numRuns: 500 });
  });

  it('reads any address and port of the forms that Go, Node and Java write', () => {
    fc.assert(fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
      for (const text of [`dial tcp ${address}:${port}: i/o timeout`, `Error: connect ECONNREFUSED ${address}:${port}`, `Connection refused: host/${address}:${port}`, `x ('${address}', ${port}) connection refused`]) expect(readSymptom(text)).toMatchObject({ address, port });
    }));
  });

  it('reads a long text in bounded time', () => {
    const began = performance.now();
    readSymptom(`dial tcp ${'a.'.repeat(200_000)}:80: i/o timeout`);
    for (const one of ['a', '1.', '[', '(', '/', 'a-', '" ']) readSymptom(one.repeat(200_000));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
