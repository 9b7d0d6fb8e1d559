/** Error texts that programs really print, each with the place where it was seen or stands in the program's source, and what it says: no more. */
import { describe, expect, it } from 'vitest';
import { readSymptom } from './parse.ts';
import type { Symptom } from './symptom.ts';

/** What must be read; undefined: nothing may be. */
type Expected = { [Key in keyof Omit<Symptom, 'raw'>]?: Symptom[Key] | undefined };
const NGINX = 'client: 10.42.0.1, server: shop.example, request: "GET /slow?timeout=5 HTTP/1.1", upstream: "http://10.42.2.6:8080/slow", host: "shop.example"';
const ERROR = '2024/01/01 10:00:00 [error] 31#31: *5';
const ENVOY = 'upstream connect error or disconnect/reset before headers.';
const ACCESS = (rest: string): string => `[2024-01-01T10:00:00.000Z] "POST /v2/models/iris/infer HTTP/1.1" ${rest} - "-" 12 24 15000 - "-" "grpc-go" "x" "iris" "10.42.2.6:9000"`;

const TEXTS: readonly (readonly [source: string, text: string, expected: Expected])[] = [
  // CoreDNS: what it could not get from its upstream, not who asked it.
  ['coredns#4211', '[ERROR] plugin/errors: 2 3797952284163317497.7063757873447144811. HINFO: read udp 192.168.209.17:36807->20.128.8.8:53: i/o timeout', { kind: 'name-timeout', phase: 'unknown', server: '20.128.8.8', port: 53, said: 'coredns' }],
  ['coredns: plugin/log', '[INFO] 10.42.1.5:40000 - 4077 "A IN api.example.com. udp 57 false 512" SERVFAIL qr,rd 133 0.036s', { kind: 'name-timeout', name: 'api.example.com', source: '10.42.1.5', address: undefined }],
  ['coredns: plugin/loop', '[FATAL] plugin/loop: Loop (127.0.0.1:39333 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting', { kind: 'component', address: undefined, name: undefined }],
  ['coredns#1994', '[FATAL] plugin/loop: Seen "HINFO IN 6887250949866278685.7203916092142180550." more than twice, loop detected', { kind: 'component' }],
  ['bind9: dig', ';; communications error to 10.43.0.10#53: timed out', { kind: 'name-timeout', address: '10.43.0.10', server: '10.43.0.10', port: 53, protocol: 'UDP' }],
  // kubelet, containerd, CNI plugins
  ['calico#2308', 'Readiness probe failed: calico/node is not ready: BIRD is not ready: Error querying BIRD: unable to connect to BIRDv4 socket: dial unix /var/run/calico/bird.ctl: connect: connection refused', { kind: 'component', said: 'kubelet' }],
  ['calico#4087', 'Readiness probe failed: calico/node is not ready: felix is not ready: Get "http://localhost:9099/readiness": dial tcp 127.0.0.1:9099: connect: connection refused', { kind: 'refused', address: '127.0.0.1', port: 9099 }],
  ['containerd: its socket', 'dial unix /run/containerd/containerd.sock: connect: connection refused', { kind: 'component' }],
  ['flannel#2253', 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "3c05": plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory', { kind: 'sandbox' }],
  ['cilium#21628', 'level=warning msg="Unable to create endpoint" containerID=4fd2 error="Cilium API client timeout exceeded" subsys=cilium-cni', { kind: 'sandbox', said: 'cilium' }],
  ['plugins: host-local', 'network: failed to allocate for range 0: no IP addresses available in range set: 10.42.1.1-10.42.1.254', { kind: 'sandbox', address: undefined }],
  ['plugins: bridge', 'plugin type="bridge" failed (add): failed to set bridge addr: "cni0" already has an IP address different from 10.42.1.1/24', { kind: 'sandbox', address: undefined }],
  ['flannel: subnet/kube', 'Error registering network: failed to acquire lease: node "agent-1" pod cidr not assigned', { kind: 'component' }],
  ['kubeblocks#9169', 'failed to do request: Head "https://registry-1.docker.io/v2/msoap/shell2http/manifests/1.16.0": dial tcp 199.96.61.1:443: connect: connection timed out', { kind: 'timeout', phase: 'connect', address: '199.96.61.1', port: 443 }],
  // nginx (src/http/ngx_http_upstream.c, src/core/ngx_resolver.c)
  ['engintron#282', `${ERROR} connect() failed (110: Connection timed out) while connecting to upstream, ${NGINX}`, { kind: 'timeout', phase: 'connect', address: '10.42.2.6', port: 8080, said: 'nginx' }],
  ['nginx', `${ERROR} upstream timed out (110: Connection timed out) while reading response header from upstream, ${NGINX}`, { kind: 'deadline', phase: 'established', address: '10.42.2.6', port: 8080 }],
  ['nginx', `${ERROR} upstream timed out (110: Connection timed out) while SSL handshaking to upstream, ${NGINX}`, { kind: 'timeout', phase: 'established' }],
  ['nginx', `${ERROR} upstream prematurely closed connection while reading response header from upstream, ${NGINX}`, { kind: 'closed', phase: 'established', address: '10.42.2.6' }],
  ['notify_push#144', `${ERROR} no live upstreams while connecting to upstream, client: 93.227.155.65, server: server, request: "GET /push/ws HTTP/1.1", upstream: "http://localhost/ws", host: "host"`, { kind: 'http', status: '502', address: undefined, name: undefined }],
  ['nginx', 'nginx: [emerg] host not found in upstream "web.shop" in /etc/nginx/conf.d/default.conf:3', { kind: 'name-unknown', name: 'web.shop' }],
  ['nginx', `${ERROR} web.shop could not be resolved (3: Host not found), client: 10.42.0.1, server: _`, { kind: 'name-unknown', name: 'web.shop', address: undefined }],
  ['nginx', `${ERROR} web.shop could not be resolved (110: Operation timed out), client: 10.42.0.1, server: _`, { kind: 'name-timeout', name: 'web.shop' }],
  // Envoy (source/common/router, response flags)
  ['envoy', `${ENVOY} reset reason: connection failure, transport failure reason: delayed connect error: 113`, { kind: 'no-route', phase: 'connect', said: 'envoy' }],
  ['envoy', `${ENVOY} retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused`, { kind: 'refused', phase: 'connect' }],
  ['envoy', `${ENVOY} reset reason: connection failure`, { kind: 'unknown' }],
  ['envoy', `${ENVOY} reset reason: overflow`, { kind: 'http', status: '503' }],
  ['envoy', 'upstream request timeout', { kind: 'deadline', said: 'envoy' }],
  ['envoy', 'RBAC: access denied', { kind: 'http', status: '403' }],
  ['envoy', ACCESS('503 UH no_healthy_upstream'), { kind: 'http', status: '503', address: '10.42.2.6', port: 9000 }],
  ['envoy', ACCESS('504 UT response_timeout'), { kind: 'deadline', phase: 'established' }],
  ['envoy', ACCESS('502 -'), { kind: 'http', status: '502' }],
  // gRPC
  ['grpc: chttp2_connector', 'failed to connect to all addresses; last error: UNAVAILABLE: ipv4:10.43.51.131:9004: connection attempt timed out before receiving SETTINGS frame', { kind: 'timeout', phase: 'established', address: '10.43.51.131', port: 9004 }],
  ['grpc: its URIs', 'failed to connect to all addresses; last error: UNKNOWN: ipv6:%5Bfd00::5%5D:50051: connect: Network is unreachable (101)', { kind: 'net-unreachable', address: 'fd00::5', port: 50_051 }],
  ['grpc: client_channel', 'status = StatusCode.UNAVAILABLE details = "failed to connect to all addresses"', { kind: 'unconnected', status: 'UNAVAILABLE', said: 'grpc' }],
  ['grpc: chttp2_transport', 'status = StatusCode.UNAVAILABLE details = "Socket closed"', { kind: 'closed' }],
  ['grpc: c-ares', 'StatusCode.UNAVAILABLE details = "DNS resolution failed for seldon-scheduler:9004: C-ares status is not ARES_SUCCESS qtype=A name=seldon-scheduler is_balancer=0: Domain name not found"', { kind: 'name-unknown', name: 'seldon-scheduler', port: 9004 }],
  ['grpc-go: balancer', 'rpc error: code = Unavailable desc = name resolver error: produced zero addresses', { kind: 'name-unknown' }],
  ['grpc-go: http2_client', 'rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout', { kind: 'timeout', phase: 'established' }],
  ['grpc-go: http_util', 'rpc error: code = Unavailable desc = unexpected HTTP status code received from server: 503 (Service Unavailable); transport: received unexpected content-type "text/plain"', { kind: 'http', status: '503' }],
  ['grpc-java', 'io.grpc.StatusRuntimeException: UNAVAILABLE: Unable to resolve host web.shop', { kind: 'name-unknown', name: 'web.shop' }],
  ['grpc-java', 'io.grpc.StatusRuntimeException: UNIMPLEMENTED: Method not found', { kind: 'grpc', status: 'UNIMPLEMENTED' }],
  ['seldon-core#4699', 'time="2023-02-28T23:05:52Z" level=error msg="event recv failed" Name=Client error="rpc error: code = Unavailable desc = error reading from server: read tcp 10.89.193.14:38998->10.89.186.252:9005: read: connection reset by peer"', { kind: 'reset', phase: 'established', address: '10.89.186.252', port: 9005, source: '10.89.193.14' }],
  ['seldon-core#5139', 'Failed to sync/copy gcs://test/models/embedder/v0/ to /mnt/agent/rclone/1136191405 Failed rclone request to host:0.0.0.0 port:5572 path:/sync/copy', { address: '0.0.0.0', port: 5572 }],
  // Kubernetes (apimachinery/pkg/api/errors, kubectl)
  ['apimachinery', 'Error from server (ServiceUnavailable): the server is currently unable to handle the request', { kind: 'http', status: '503' }],
  ['apimachinery', 'error retrieving resource lock kube-system/x: the server was unable to return a response in the time allotted, but may still be processing the request', { kind: 'http', status: '504' }],
  ['apimachinery', 'Failed to list *v1.Node: nodes is forbidden: User "system:serviceaccount:kube-flannel:flannel" cannot list resource "nodes" in API group "" at the cluster scope', { kind: 'http', status: '403' }],
  ['apiserver: webhooks', 'failed calling webhook "x": failed to call webhook: Post "https://hook.ns.svc:443/?timeout=10s": no endpoints available for service "hook"', { kind: 'http', status: '503', name: 'hook.ns.svc' }],
  ['kubectl', 'The connection to the server 192.168.1.10:6443 was refused - did you specify the right host or port?', { kind: 'refused', address: '192.168.1.10', port: 6443 }],
  ['kubectl', 'error: unable to upgrade connection: Unauthorized', { kind: 'http', status: '401' }],
  ['kubectl', 'Get "https://10.43.0.1/api/v1/services?limit=500": unexpected status code 503', { kind: 'http', status: '503' }],
  ['go: crypto/x509', 'x509: certificate is valid for 10.43.0.1, 192.168.1.10, not 203.0.113.9', { kind: 'certificate', address: '203.0.113.9' }],
  ['go: net/http', 'http: TLS handshake error from 10.42.0.1:43210: EOF', { kind: 'closed', source: '10.42.0.1', address: undefined }],
  ['go: net/http', 'net/http: timeout awaiting response headers', { kind: 'deadline', phase: 'established' }],
  ['go: net', 'write udp 10.42.0.5:5000->10.42.1.5:5001: i/o timeout', { kind: 'timeout', phase: 'unknown', address: '10.42.1.5', port: 5001 }],
  // libpq, MySQL, Redis, MLflow, rclone
  ['libpq: fe-misc.c', 'connection to server at "db" (10.43.3.2), port 5432 failed: server closed the connection unexpectedly', { kind: 'closed', phase: 'established', address: '10.43.3.2' }],
  ['libpq: fe-connect.c', 'psql: error: could not translate host name "db" to address: Temporary failure in name resolution', { kind: 'name-timeout', name: 'db' }],
  ['libpq 13', 'could not connect to server: Connection refused\n\tIs the server running on host "db" (10.43.3.2) and accepting\n\tTCP/IP connections on port 5432?', { kind: 'refused', address: '10.43.3.2', port: 5432 }],
  ['mysql', "ERROR 2003 (HY000): Can't connect to MySQL server on 'mysql:3306' (110)", { kind: 'timeout', phase: 'connect', name: 'mysql', port: 3306 }],
  ['redis-py#1474', 'redis.exceptions.ConnectionError: Error 111 connecting to redis.shop:6379. Connection refused.', { kind: 'refused', name: 'redis.shop', port: 6379, said: 'python' }],
  ['mlflow#5192', "mlflow.exceptions.MlflowException: API request to http://mlflow:5000/api failed with exception HTTPConnectionPool(host='mlflow', port=5000): Max retries exceeded with url: /api (Caused by ResponseError('too many 500 error responses'))", { kind: 'http', status: '500', name: 'mlflow', said: 'python' }],
  ['mlflow#2584', 'Failed to establish a new connection: [Errno 60] Operation timed out', { kind: 'timeout', phase: 'connect' }],
  ['rclone#8925', 'Failed to copy: operation error S3: HeadObject, https response error StatusCode: 403', { kind: 'http', status: '403' }],
  ['argo-workflows#4086', 'Failed to put file: Get http://minio:9000/my-bucket/?location=: dial tcp 172.20.174.167:9000: connect: connection refused', { kind: 'refused', address: '172.20.174.167', port: 9000 }],
  ['pipelines#1242', 'failed to save outputs: Get http://minio-service.kubeflow:9000/mlpipeline/?location=: dial tcp: lookup minio-service.kubeflow on 172.20.0.10:53: no such host', { kind: 'name-unknown', name: 'minio-service.kubeflow', server: '172.20.0.10' }],
  // curl, wget, nc, ping
  ['curl: multi.c', 'curl: (28) Operation timed out after 5000 milliseconds with 0 bytes received', { kind: 'deadline', phase: 'established' }],
  ['curl: multi.c', 'curl: (28) Connection timed out after 5001 milliseconds', { kind: 'timeout', phase: 'connect' }],
  ['curl: openssl.c', 'curl: (56) OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0', { kind: 'closed', phase: 'established' }],
  ['curl: openssl.c', 'curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to web.shop:443', { kind: 'closed', name: 'web.shop', port: 443 }],
  ['curl: strerror.c', "curl: (7) Failed to connect to db port 5432 after 3 ms: Couldn't connect to server", { kind: 'unconnected', phase: 'connect', name: 'db', port: 5432 }],
  ['curl: strerror.c', 'curl: (7) Failed to connect to 10.42.1.5 port 80 after 3061 ms: Could not connect to server', { kind: 'unconnected', address: '10.42.1.5', port: 80 }],
  ['asyncio: base_events.py', "OSError: Multiple exceptions: [Errno 111] Connect call failed ('10.42.1.5', 80)", { kind: 'refused', address: '10.42.1.5', port: 80 }],
  ['curl: http.c', 'curl: (22) The requested URL returned error: 503', { kind: 'http', status: '503' }],
  ['wget', "wget: unable to resolve host address ‘web.shop’", { kind: 'name-unknown', name: 'web.shop' }],
  ['iputils', 'From 10.42.0.1 icmp_seq=1 Destination Host Unreachable', { kind: 'no-route', address: undefined }],
  // Java, Python, Node
  ['java.net', 'java.net.SocketException: Broken pipe (Write failed)', { kind: 'closed', phase: 'established' }],
  ['httpclient', 'org.apache.http.NoHttpResponseException: web.shop:8080 failed to respond', { kind: 'closed', name: 'web.shop', port: 8080 }],
  ['python', 'BrokenPipeError: [Errno 32] Broken pipe', { kind: 'closed' }],
  ['httpx', 'httpx.RemoteProtocolError: Server disconnected without sending a response.', { kind: 'closed', said: 'python' }],
  ['node: net', 'Error: read ETIMEDOUT', { kind: 'timeout', phase: 'established', said: 'node' }],
  ['node: dns', 'Error: queryA ETIMEOUT web.shop', { kind: 'name-timeout', name: 'web.shop' }],
  ['node: tls', 'Error: Client network socket disconnected before secure TLS connection was established', { kind: 'closed', phase: 'established' }],
  ['logs', 'request failed code:500 status:503', { name: undefined, port: undefined }],
];

describe('texts of real programs', () => {
  it.each(TEXTS)('%s: %s', (_source, text, expected) => {
    const read = readSymptom(text);
    expect(read).toMatchObject(Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)));
    for (const [key, value] of Object.entries(expected)) if (value === undefined) expect(read).not.toHaveProperty(key);
  });
});
